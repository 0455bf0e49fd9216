/* The start: the page's calls, and what the browser tells. */

const { fullcount: stub } = window;
const api = { track: announce, identify, page, consent };
window.fullcount = guard((method, ...given) => api[method](...given));
fullcount.isOurs = true;

on(document, "load error securitypolicyviolation", ({ target, type, blockedURI }) => {
  if (type != "load" && /i18n\/pixel/.test(blockedURI || target.src)) failure = blockedURI ? "refused" : failure || "blocked";
  look();
});
on(window, "load pagehide pageshow online", ({ type }) => {
  isLeaving = type == "pagehide";
  // The browser waits for scripts before it says so: one that is not there now does not come.
  if (type == "load" && ours()) failure ||= "blocked";
  isDue ||= load("q")?.[0];
  look();
  flush();
});

if (navigator.globalPrivacyControl) vote("gpc", true, "denied");
if (answer) vote("said", answer.said);
isDue = clickedAt || !cookieOf(settings.cookie);
look();
new MutationObserver(look).observe(document, { childList: true, subtree: true });
stub?.q?.map((call) => fullcount(...call));
