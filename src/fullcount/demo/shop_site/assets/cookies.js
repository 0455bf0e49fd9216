/*
 * A browser that deletes what scripts write: such cookies live in this page alone, and go with it. Cookies that a
 * server sets are left alone, also where a script wrote the same name before; a script may delete them.
 */
{
  const real = Object.getOwnPropertyDescriptor(Document.prototype, "cookie");
  const ofScripts = new Map();
  const nameOf = (pair) => pair.slice(0, pair.indexOf("="));
  Object.defineProperty(document, "cookie", {
    get() {
      const pairs = real.get.call(document).split("; ").filter((pair) => pair && !ofScripts.has(nameOf(pair)));
      return [...pairs, ...ofScripts.values()].join("; ");
    },
    set(text) {
      const pair = text.split(";")[0].trim();
      if (/;\s*max-age=(0|-)/i.test(text) || /;\s*expires=.*1970/i.test(text)) {
        ofScripts.delete(nameOf(pair));
        real.set.call(document, text);
      } else if (!/;\s*domain=/i.test(text) || location.hostname.endsWith(text.match(/;\s*domain=\.?([^;]*)/i)[1])) {
        ofScripts.set(nameOf(pair), pair);
      }
    },
  });
}
