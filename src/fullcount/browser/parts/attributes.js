/* Buttons and links: data-fullcount-event="AddToCart" data-fullcount-properties='{"value": 59}'. */
on(document, "click", ({ target }) => {
  const { dataset } = target.closest("[data-fullcount-event]");
  announce(dataset.fullcountEvent, JSON.parse(dataset.fullcountProperties || 0), 0, "attribute");
});
