/* The beacon: what leaves for the gateway, and what is kept for later when it cannot be reached. */

const events = [];
const paired = []; // what the pixel was given
let isDue; // something else is to be told
let isLeaving;
let visitor;

const clickIn = guard(
  (url) => url.split("/")[2] == location.host && idOf(decodeURIComponent(url.match(/[?&]ttclid=([\w.~%-]+)/)[1])),
);

// The address that was navigated to outlives a history change that came before this script.
const landing = performance.getEntriesByType("navigation")[0]?.name;
const keptClick = cookieOf("ttclid");
let click = [landing, location.href, document.referrer].map(clickIn).find(Boolean) || keptClick;
// A click of this landing is new, though the cookie may have it already: the pixel writes it there, for a day.
const clickedAt = click != keptClick || clickIn(landing) ? Date.now() : undefined;

/* What each beacon says, a refusal too. */
function head() {
  visitor ||= cookieOf(settings.cookie) || newId();
  return { key: settings.key, v: 1, visitor, consent: signals, consent_at: answer?.at, consent_version: answer?.version };
}

const flush = guard(() => {
  if (!isAllowed() || !(isDue || events[0] || paired[0])) return;
  isDue = false;
  post({
    ...head(),
    page: { url: location.href, referrer },
    ttclid: click,
    clicked_at: clickedAt,
    ttp: cookieOf("_ttp"),
    ties,
    pixel: {
      state: driven < 2 ? "held" : isLoaded() ? "loaded" : failure || (pixel ? "waiting" : "absent"),
      code: settings.pixel,
    },
    webdriver: navigator.webdriver,
    events: events.splice(0),
    paired: paired.splice(0),
  });
});

async function post(beacon) {
  // Moments become ages: the gateway's clock is right, the browser's may not be. A person is never stored in a shop.
  const body = JSON.stringify({ ...beacon, user: person }, (key, value) =>
    value > 1e12 && /^a(t|ge)$/.test(key) ? Date.now() - value : value,
  );
  try {
    if (!navigator.onLine) throw 0;
    if (!("keepalive" in Request.prototype) && navigator.sendBeacon(endpoint, body)) return;
    const { status } = await fetch(endpoint, { method: "POST", body, credentials: "include", keepalive: body.length < 6e4 });
    if (status > 428) throw 0; // told to come later, or the gateway is in trouble
    // The answer sets the cookies. Where it could not, a script's are better than none.
    if (word == 2) {
      if (!cookieOf(settings.cookie)) setCookie(settings.cookie, visitor, 390);
      if (click && !cookieOf("ttclid")) setCookie("ttclid", click, settings.click_days);
    }
    const queue = load("q") || [];
    save("q", []);
    queue.map(post);
  } catch {
    save("q", [...(load("q") || []), beacon].slice(-20));
  }
}
