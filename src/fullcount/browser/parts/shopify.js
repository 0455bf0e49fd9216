/* Shopify's customer privacy, on its storefront: `marketingAllowed` is false also while nobody was asked. */

let asked;

looks.push(() => {
  const shop = Shopify.customerPrivacy;
  const mayMarket = shop.marketingAllowed() || (shop.currentVisitorConsent().marketing == "no" ? false : undefined);
  const maySell = shop.saleOfDataAllowed() && undefined;
  const now = `${mayMarket}${maySell}`;
  if (now == asked) return;
  asked = now;
  vote("shopify_marketing", mayMarket, ["denied", "granted"][+mayMarket]);
  vote("shopify_sale_of_data", maySell, maySell === false && "denied");
});
on(document, "visitorConsentCollected", look);
