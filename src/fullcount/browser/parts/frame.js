/*
 * The snippet. `snippet.py` puts the parts in the place below, each in the order of its table, minifies the whole, and
 * writes the source's settings where `settings.NAME` stands.
 */
(() => {
  if (window.fullcount?.isOurs) return; // the script is there twice
  // Beacons go where the script came from, also behind a shop's own prefix.
  const endpoint = new URL(settings.endpoint, document.currentScript?.src || location);
  const start = () => {
    PARTS;
  };
  // A page that is made ready in advance has no visitor yet.
  document.prerendering ? document.addEventListener("prerenderingchange", start) : start();
})();
