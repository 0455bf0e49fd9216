"""The base code that a page carries to load pixels, in our own words: a queue until the runtime arrives."""

from __future__ import annotations

import json
from string import Template

OLD_METHODS = (
    *("page", "track", "identify", "instances", "debug", "on", "off", "once", "ready", "alias", "group"),
    *("enableCookie", "disableCookie"),
)
METHODS = (*OLD_METHODS, "holdConsent", "revokeConsent", "grantConsent")

_BASE_CODE = Template("""
<script>
window.TiktokAnalyticsObject = $name;
(function (queue) {
  queue._i = {}; queue._t = {}; queue._o = {};
  queue.methods = $methods;
  queue.setAndDefer = function (list, method) {
    list[method] = function () { list.push([method].concat(Array.prototype.slice.call(arguments))); };
  };
  queue.methods.forEach(function (method) { queue.setAndDefer(queue, method); });
  queue.instance = function (code) {
    const list = queue._i[code] || [];
    queue.methods.forEach(function (method) { queue.setAndDefer(list, method); });
    return list;
  };
  queue.load = function (code, options) {
    queue._i[code] = []; queue._i[code]._u = $script; queue._t[code] = Date.now(); queue._o[code] = options || {};
    const script = document.createElement("script");
    script.async = true;
    script.src = $script + "?sdkid=" + code + "&lib=" + $name;
    document.head.append(script);
  };
})(window[$name] = window[$name] || []);
</script>
""")


def base_code(tiktok_url: str, *, name: str = "ttq", methods: tuple[str, ...] = METHODS) -> str:
    """Return the script element that defines the queue; the page then calls `ttq.load(code)` and `ttq.page()`."""
    return _BASE_CODE.substitute(
        name=json.dumps(name),
        methods=json.dumps(methods),
        script=json.dumps(f"{tiktok_url}/i18n/pixel/events.js"),
    )


def page_with_pixel(tiktok_url: str, script: str, *, name: str = "ttq") -> str:
    """Return a page whose head carries the base code, then `script`."""
    head = f"<title>Shop</title>{base_code(tiktok_url, name=name)}<script>{script}</script>"
    return f"<!doctype html><html><head>{head}</head><body><h1>Shop</h1></body></html>"
