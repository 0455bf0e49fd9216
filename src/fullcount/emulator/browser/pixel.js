/*
 * The emulator's pixel: what a page sees of TikTok's pixel, written anew from what is known of its behaviour.
 * docs/emulator.md lists each rule with its evidence. The server appends a call with the pixel's `config`:
 * {pixelCode, objectName, renamed: {name: other name}, clickIdCookieSeconds, libraryVersion}.
 */
(function startPixel(config) {
  "use strict";

  const DAY_SECONDS = 86400;
  const COOKIE_SECONDS = 390 * DAY_SECONDS;
  const BEACON_PATH = "/api/v2/pixel";
  const SHA256 = /^[0-9a-f]{64}$/i;

  const objectName = config.objectName in window ? config.objectName : window.TiktokAnalyticsObject || "ttq";
  const queue = (window[objectName] = window[objectName] || []);
  queue._i = queue._i || {};
  queue._o = queue._o || {};

  // A second pixel on the page joins the runtime that the first one started.
  if (queue._runtime) {
    queue._runtime.arrive(config);
    return;
  }

  const scriptUrl = new URL(document.currentScript ? document.currentScript.src : queue._i[config.pixelCode]._u);
  const pixels = new Map(); // code -> {code, options, config (once its script arrived), waiting, lastPageUrl}
  const listeners = []; // {method, callback, isOnce}
  const readyCallbacks = [];
  const delayed = []; // calls that wait for a hash
  let user = {}; // what identify learned, ready to be sent
  let labels = {}; // how it judged what it was given
  let consent = "free"; // free, held, revoked
  let hashesUnderway = 0;
  let isStarted = false;
  let cookieDomain; // found when the first cookie is written
  let browserId = ""; // the last `_ttp` that was written
  let sessionId = "";
  let sent = 0;

  // ---- cookies ----

  function readCookie(name) {
    const found = document.cookie.split("; ").find((pair) => pair.startsWith(name + "="));
    const value = found ? found.slice(name.length + 1) : "";
    try {
      return decodeURIComponent(value);
    } catch {
      return value; // not ours: someone wrote a bare percent sign
    }
  }

  /* Return the widest domain on which the browser accepts a cookie: `.example.com` rather than `www.example.com`. */
  function findCookieDomain() {
    const labels = /^[\d.]+$|:/.test(location.hostname) ? [] : location.hostname.split(".");
    for (let from = labels.length - 1; from >= 0; from -= 1) {
      const domain = `; Domain=.${labels.slice(from).join(".")}`;
      document.cookie = `_tt_probe=1; Path=/${domain}`;
      if (readCookie("_tt_probe")) {
        document.cookie = `_tt_probe=; Path=/; Max-Age=0${domain}`;
        return domain;
      }
    }
    return ""; // an IP address or a bare name: the cookie is this host's alone
  }

  function writeCookie(name, value, seconds) {
    cookieDomain ??= findCookieDomain();
    const safety = location.protocol === "https:" ? "; Secure" : "";
    document.cookie = `${name}=${encodeURIComponent(value)}; Path=/; Max-Age=${seconds}; SameSite=Lax${safety}${cookieDomain}`;
  }

  function areCookiesAllowed() {
    return consent === "free" && readCookie("_tt_enable_cookie") !== "0";
  }

  function newBrowserId() {
    const digits = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"; // Crockford's base32, as ULIDs have it
    let time = "";
    for (let rest = Date.now(); time.length < 10; rest = Math.floor(rest / 32)) time = digits[rest % 32] + time;
    const random = Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => digits[byte % 32]).join("");
    return `${time}${random}_.tt.1`;
  }

  /* Return the value of `_ttp`, made if there is none; its life is renewed once on each page. */
  function useBrowserId() {
    if (!areCookiesAllowed()) return undefined;
    const id = readCookie("_ttp") || browserId || newBrowserId();
    if (id !== browserId) {
      writeCookie("_ttp", id, COOKIE_SECONDS);
      writeCookie("_tt_enable_cookie", "1", COOKIE_SECONDS);
      browserId = id;
    }
    return id;
  }

  const landedWith =
    new URLSearchParams(location.search).get("ttclid") ||
    (URL.canParse(document.referrer) && new URL(document.referrer).searchParams.get("ttclid")) ||
    "";
  let isClickIdKept = false;

  function useClickId() {
    if (landedWith && !isClickIdKept && areCookiesAllowed()) {
      writeCookie("ttclid", landedWith, config.clickIdCookieSeconds);
      isClickIdKept = true;
    }
    return landedWith || readCookie("ttclid") || undefined;
  }

  function keepCookies() {
    useClickId();
    useBrowserId();
  }

  function enableCookie() {
    writeCookie("_tt_enable_cookie", "1", COOKIE_SECONDS);
    keepCookies();
  }

  function disableCookie() {
    forgetBrowser();
    writeCookie("_tt_enable_cookie", "0", COOKIE_SECONDS);
  }

  function forgetBrowser() {
    writeCookie("_ttp", "", 0);
    browserId = "";
  }

  function useSessionId() {
    if (sessionId) return sessionId;
    try {
      sessionId = sessionStorage.getItem("tt_sessionId") || randomDigits(19);
      sessionStorage.setItem("tt_sessionId", sessionId);
    } catch {
      sessionId = sessionId || randomDigits(19); // storage is refused: the session lasts as long as the page
    }
    return sessionId;
  }

  // ---- identify ----

  const normalise = {
    email: (text) => (text.includes("@") ? text.toLowerCase() : ""),
    phone_number: (text) => (/^\+[\d\s().-]{7,}$/.test(text) ? "+" + text.replace(/\D/g, "") : ""),
    first_name: (text) => text.toLowerCase(),
    last_name: (text) => text.toLowerCase(),
    zip_code: (text) => text.toLowerCase().replace(/[\s-]/g, ""),
  };
  const sentAsGiven = ["external_id", "city", "state", "country"];
  const labelled = { email: "email", phone_number: "phone" };

  async function sha256(text) {
    const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
    return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
  }

  function label(name, kind, judgement) {
    if (labelled[name]) labels[`${kind}_${labelled[name]}`] = { label: judgement };
  }

  function identify(given) {
    const who = given !== null && typeof given === "object" ? given : { external_id: given };
    for (const name of sentAsGiven) {
      if (who[name] !== undefined && who[name] !== null && who[name] !== "") user[name] = String(who[name]).trim();
    }
    for (const name of Object.keys(normalise)) {
      const text = String(who[name] ?? "").trim();
      if (SHA256.test(text)) {
        user[name] = text.toLowerCase();
        label(name, "hashed", "valid");
      } else if (text) {
        const normal = normalise[name](text);
        label(name, "raw", normal ? "valid" : "invalid");
        if (normal) hashInto(name, normal);
      }
    }
  }

  function hashInto(name, text) {
    if (!window.isSecureContext) {
      console.warn(`[pixel] ${name} is left out: a page without HTTPS cannot hash`);
      return;
    }
    hashesUnderway += 1;
    sha256(text).then((digest) => {
      user[name] = digest;
      hashesUnderway -= 1;
      if (!hashesUnderway) runDelayed();
    });
  }

  function runDelayed() {
    while (delayed.length && !hashesUnderway) run(delayed.shift());
  }

  // A page that is left sends what it has, without the identifiers that are not hashed yet.
  addEventListener("pagehide", () => {
    for (const call of delayed.splice(0)) run(call);
  });

  // ---- events ----

  /* What is true at the moment of a call, however late its event leaves. */
  function eventAt(call, name) {
    const { at, url, referrer } = call;
    return { name, at, url, referrer, eventId: "", properties: {}, user: { ...user }, labels: { ...labels } };
  }

  function track(call, [name, params, options]) {
    const { event_id, eventID, limited_data_use: limited, ...properties } = params || {};
    const choices = options || {};
    const eventId = String(choices.event_id ?? choices.eventID ?? event_id ?? eventID ?? "");
    if (typeof properties.currency === "string") properties.currency = properties.currency.toUpperCase();
    const event = { ...eventAt(call, String(name)), eventId, properties, limited };
    offer(event, call.pixelCode || choices.pixel_code);
  }

  function page(call) {
    offer({ ...eventAt(call, "Pageview"), isPageView: true }, call.pixelCode);
  }

  /* Hand an event to one pixel, or to all; it waits there for the pixel's script and for consent. */
  function offer(event, onlyCode) {
    if (consent === "revoked") return;
    for (const pixel of pixels.values()) {
      if (onlyCode && pixel.code !== onlyCode) continue;
      pixel.waiting.push(event);
      release(pixel);
    }
  }

  function release(pixel) {
    if (pixel.config && consent === "free") pixel.waiting.splice(0).forEach((event) => send(pixel, event));
  }

  function send(pixel, event) {
    if (event.isPageView) {
      if (pixel.lastPageUrl === event.url) return;
      pixel.lastPageUrl = event.url;
      pixel.pageviewId = `pageId-${Date.now()}-${randomDigits(13)}-${pixel.code}`;
    }
    post(JSON.stringify(bodyOf(pixel, event)));
  }

  function bodyOf(pixel, event) {
    const limited = event.limited ?? pixel.options.limited_data_use;
    return {
      event: pixel.config.renamed[event.name] || event.name,
      message_id: `messageId-${Date.now()}-${randomDigits(13)}-${pixel.code}`,
      event_id: event.eventId,
      is_onsite: false,
      timestamp: new Date(event.at).toISOString(),
      context: {
        ad: { callback: useClickId(), sdk_env: "external", jsb_status: 2 },
        user: { anonymous_id: useBrowserId(), ...event.user },
        pixel: { code: pixel.code, runtime: "1" },
        page: { url: event.url, referrer: event.referrer, load_progress: "2" },
        library: { name: "pixel.js", version: pixel.config.libraryVersion },
        device: { platform: platform() },
        session_id: `${useSessionId()}-${pixel.code}`,
        pageview_id: pixel.pageviewId,
        userAgent: navigator.userAgent,
        index: sent++,
      },
      signal_diagnostic_labels: { ...MISSING_LABELS, ...event.labels },
      properties: event.properties,
      ...(limited === undefined ? {} : { limited_data_use: Boolean(limited) }),
      ...(pixel.options.partner ? { partner: pixel.options.partner } : {}),
    };
  }

  const MISSING_LABELS = Object.fromEntries(
    ["raw_email", "raw_phone", "hashed_email", "hashed_phone", "raw_auto_email", "raw_auto_phone"].map((name) => [
      name,
      { label: "missing" },
    ]),
  );

  function platform() {
    if (/android/i.test(navigator.userAgent)) return "android";
    return /iphone|ipad|ipod/i.test(navigator.userAgent) ? "ios" : "pc";
  }

  function randomDigits(count) {
    return Array.from(crypto.getRandomValues(new Uint8Array(count)), (byte) => byte % 10).join("");
  }

  /* A beacon with a string body, hence text/plain and no preflight; if it is refused, an image that carries all. */
  function post(text) {
    const url = scriptUrl.origin + BEACON_PATH;
    let isTaken = false;
    try {
      isTaken = navigator.sendBeacon(url, text);
    } catch {
      isTaken = false;
    }
    if (isTaken) return;
    const bytes = Array.from(new TextEncoder().encode(text), (byte) => String.fromCharCode(byte)).join("");
    new Image().src = `${url}?analytics_message=${encodeURIComponent(btoa(bytes))}`;
  }

  // ---- consent ----

  function grantConsent() {
    consent = "free";
    pixels.forEach(release);
    keepCookies();
  }

  function revokeConsent() {
    consent = "revoked";
    pixels.forEach((pixel) => pixel.waiting.splice(0));
    forgetBrowser();
    writeCookie("ttclid", "", 0);
    isClickIdKept = false;
  }

  // ---- the queue ----

  const methods = {
    page,
    track: (call) => track(call, call.arguments),
    identify: (call) => identify(...call.arguments),
    enableCookie,
    disableCookie,
    holdConsent: () => (consent = "held"),
    grantConsent,
    revokeConsent,
    ready: ({ arguments: [callback] }) => (isStarted ? callback(queue) : readyCallbacks.push(callback)),
    on: ({ arguments: [method, callback] }) => listeners.push({ method, callback, isOnce: false }),
    once: ({ arguments: [method, callback] }) => listeners.push({ method, callback, isOnce: true }),
    off: ({ arguments: [method, callback] }) =>
      dropListeners((one) => one.method === method && (!callback || one.callback === callback)),
    debug() {},
    alias() {},
    group() {},
  };
  const AT_ONCE = new Set(["ready", "on", "once", "off"]); // they wait for no hash

  function dropListeners(isUnwanted) {
    listeners.splice(0, listeners.length, ...listeners.filter((one) => !isUnwanted(one)));
  }

  function run(call) {
    methods[call.method](call);
    for (const one of listeners.filter(({ method }) => method === call.method)) {
      if (one.isOnce) dropListeners((other) => other === one);
      one.callback(...call.arguments);
    }
  }

  function perform(method, args, pixelCode) {
    if (!Object.hasOwn(methods, method)) return;
    const { href: url } = location;
    const call = { method, arguments: args, pixelCode, at: Date.now(), url, referrer: document.referrer };
    if ((hashesUnderway || delayed.length) && !AT_ONCE.has(method)) delayed.push(call);
    else run(call);
  }

  /* Take over a queue that the page's base code filled: run what waits in it, and whatever comes from now on. */
  function adopt(list, pixelCode) {
    const waiting = list.splice(0);
    for (const method of Object.keys(methods)) list[method] = (...args) => perform(method, args, pixelCode);
    list.push = (...calls) => {
      for (const [method, ...args] of calls) perform(method, args, pixelCode);
      return 0;
    };
    list.push(...waiting);
  }

  function register(code, options) {
    if (!pixels.has(code)) pixels.set(code, { code, options: options || {}, config: null, waiting: [] });
    return pixels.get(code);
  }

  function arrive(arrived) {
    const pixel = register(arrived.pixelCode, queue._o[arrived.pixelCode]);
    const list = (queue._i[pixel.code] = queue._i[pixel.code] || []);
    list.info = { pixelCode: pixel.code, status: 0, firstPartyCookieEnabled: true };
    pixel.config = arrived;
    adopt(list, pixel.code);
    release(pixel);
  }

  function load(code, options) {
    queue._o[code] = options || {};
    queue._i[code] = queue._i[code] || [];
    register(code, options);
    const script = document.createElement("script");
    script.async = true;
    script.src = `${scriptUrl.origin}${scriptUrl.pathname}?sdkid=${encodeURIComponent(code)}&lib=${objectName}`;
    document.head.append(script);
  }

  queue._runtime = { arrive };
  for (const code of Object.keys(queue._i)) register(code, queue._o[code]);
  adopt(queue);
  queue.load = load;
  queue.instance = (code) => queue._i[code];
  queue.instances = () => Object.values(queue._i);
  arrive(config);
  keepCookies();
  isStarted = true;
  for (const callback of readyCallbacks.splice(0)) callback(queue);
})
