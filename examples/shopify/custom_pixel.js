/* Fullcount: Shopify's customer events for your gateway.

   Settings > Customer events > Add custom pixel. Permission: Required, Marketing. Data sale: Data collected qualifies
   as data sale. Change the two lines below, paste all of it, Save, Connect. */

const GATEWAY = "https://fc.example.com/fc/s"; // your gateway, with its prefix
const KEY = "pk-store"; // the key of your source of the kind browser: public

const MOST_WAITING = 50; // events that wait for the visitor's answer, in memory only
const LARGEST_KEPT_ALIVE = 60000; // bytes of a request that outlives its page; browsers allow 64 KB of all together

const waiting = [];
let privacy = init.customerPrivacy || {};
let client; // Shopify's id of this browser, as the last event told it

/* What the gateway reads, and no more: an event tells of screens and windows that nobody needs. */
function slim({ id, clientId, name, timestamp, context, data }) {
  const { document: { location, referrer } = {}, navigator: { userAgent, language } = {} } = context || {};
  const seen = { document: { location: { href: location?.href }, referrer }, navigator: { userAgent, language } };
  return { id, clientId, name, timestamp, context: seen, data };
}

/* The sandbox has no cookies of its own; Shopify hands over the page's. */
async function fromCookies() {
  const [visitor, ttclid, ttp] = await Promise.all(["_fc", "ttclid", "_ttp"].map((name) => browser.cookie.get(name)));
  return { visitor: visitor || undefined, ttclid: ttclid || undefined, ttp: ttp || undefined };
}

async function post(event) {
  const consent = { shopify_marketing: privacy.marketingAllowed, shopify_sale_of_data: privacy.saleOfDataAllowed };
  const body = JSON.stringify({ ...event, fullcount: { ...(await fromCookies()), consent } });
  // A body of text needs no preflight, and the origin of a sandbox is null: the key alone says whose event it is.
  await fetch(`${GATEWAY}?key=${KEY}`, {
    method: "POST",
    body,
    credentials: "omit",
    keepalive: new Blob([body]).size < LARGEST_KEPT_ALIVE,
  });
}

function tell(event) {
  post(event).catch(() => {}); // the order's webhook stands alone
}

analytics.subscribe("all_standard_events", (event) => {
  client = event.clientId;
  if (privacy.marketingAllowed) tell(slim(event));
  else if (waiting.length < MOST_WAITING) waiting.push(slim(event));
});

api.customerPrivacy.subscribe("visitorConsentCollected", (collected) => {
  privacy = collected.customerPrivacy;
  const held = waiting.splice(0);
  if (privacy.marketingAllowed) held.forEach(tell);
  else tell({ clientId: client, name: "visitorConsentCollected" }); // the refusal itself, for the order's webhook
});
