/* The data layer: GA4's events, pushed as objects or by `gtag`. */

const readEntry = guard((entry) => {
  const [, name, data] = entry[0] == "event" ? entry : [0, entry.event, entry.ecommerce || entry];
  if (!NAMES[name]) return;
  const { value, currency, transaction_id, items } = data;
  const contents = items?.map(({ item_id, item_name, price, quantity }) => ({
    content_id: settings.item_prefix + item_id + settings.item_suffix,
    content_name: item_name,
    price,
    quantity,
  }));
  const content_type = items && settings.content_type;
  announce(name, { value, currency, order_id: transaction_id, content_type, contents }, 0, "data_layer");
});

looks.push(() => {
  if (tap(dataLayer, "push", (entries) => void entries.map(readEntry))) dataLayer.map(readEntry);
});
