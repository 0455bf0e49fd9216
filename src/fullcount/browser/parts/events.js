/* Events: one id for one business event, told to the pixel and to the gateway. */

const recent = {}; // name -> the last event of it: {id, order, at, by}
const told = {}; // name and id -> the same, of all that the gateway has
let ties = {}; // what a webhook of the same order carries
let person = {};
let pageUrl = "";
let { referrer } = document;

/* Return the event's id; nothing for a purchase that nothing tells from another: the gateway is not told of it. */
function announce(name, given, options, by = "call", code = "") {
  if (!name) return;
  const at = Date.now();
  const event = NAMES[name] || name;
  const isPurchase = event == "Purchase";
  const { cart_token = ties.cart_token, checkout_token = ties.checkout_token, ...properties } = given || {};
  const order = idOf(properties.order_id);
  let id = idOf(options?.event_id) || sharedId(event, order, given);
  // Often one event is announced twice, to the pixel and in the data layer: the second takes the first one's id.
  const known = told[event + id];
  let same = known || recent[event];
  if (
    !known &&
    (!same ||
      same.by.includes(by + code) ||
      (isPurchase ? order && same.order && order != same.order : id || at - same.at > 2000))
  )
    same = recent[event] = { id: id || (isPurchase ? "" : newId()), at, by: "" };
  same.order ||= order;
  id = same.id ||= id;
  const isGiven = /pixel/.test(same.by + by);
  if (!known) same.by += by + code; // our own call of the pixel is none of the page's
  ties = { cart_token, checkout_token, order_id: order || ties.order_id };
  if (!word && order) refuse(order);
  if (options?.user) identify(options.user);
  when(isAllowed, () => {
    if (code && code != settings.pixel) return;
    const { value, currency } = properties;
    if (by == "pixel") when(isLoaded, () => paired.push({ event: name, event_id: id || "", value, currency, at }));
    if (id && !told[event + id]) {
      told[event + id] = same;
      events.push({ event, event_id: id, age: at, properties, by });
      if (!isGiven) toPixel(() => pixel.track(settings.spelled[event] || event, properties, { event_id: id }));
    }
    isDue = true;
  });
  return id;
}

function identify(who) {
  when(isAllowed, () => {
    person = { ...person, ...who };
    toPixel(() => pixel.identify({ email: who.email, phone_number: who.phone }));
    isDue = true;
  });
}

/* A page view, once for each address. A plain anchor makes none, a route after # does; nor does a query that goes. */
function page() {
  const at = Date.now();
  const { href } = location;
  const [url] = href.split(/#(?![/!])/);
  if (url == pageUrl || pageUrl.startsWith(url + "?")) return;
  referrer = pageUrl || referrer;
  pageUrl = url;
  when(isAllowed, () => {
    toPixel(() => pixel.page());
    // The pixel's page views carry no id, so the gateway sends its copy only where the pixel does not come.
    when(
      () => isLoaded() || failure || isLeaving,
      () =>
        isLoaded()
          ? paired.push({ event: "Pageview", event_id: "", at })
          : events.push({ event: "Pageview", event_id: newId(), age: at, page: { url: href } }),
    );
  });
}
