"""The shop's pages: what a person sees and clicks, and what each page calls the snippet with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

import jinja2
import msgspec
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from fullcount.clock import DAY_SECONDS
from fullcount.demo.shop_site.goods import GOODS, Good, price_text, properties_of
from fullcount.demo.shop_site.office import Office, buyer_of
from fullcount.demo.shop_site.settings import ShopSettings
from fullcount.demo.shop_site.switches import CHOICES
from fullcount.demo.shop_site.visits import COOKIE, Visit, Visits
from fullcount.gateway.caller import Callers

SCRIPT_PATH = "/i18n/pixel/events.js"
# What a strict shop's server may send: scripts and connections of its own host alone.
CONTENT_POLICY = "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self'; img-src 'self' data:"
_TEMPLATES = jinja2.Environment(
    loader=jinja2.PackageLoader("fullcount.demo.shop_site"), autoescape=True, undefined=jinja2.StrictUndefined
)
_TEMPLATES.filters["price"] = price_text
Call = Sequence[Any]  # of the snippet: its method, then the arguments


class Pages:
    """The endpoints; each is one method."""

    def __init__(self, settings: ShopSettings, visits: Visits, office: Office, dead_end: str) -> None:
        """`dead_end` is an address that refuses every connection: what a blocked host looks like."""
        self._settings = settings
        self._visits = visits
        self._office = office
        self._dead_end = dead_end
        self._callers = Callers(("127.0.0.1",))

    def visit_of(self, request: Request) -> Visit:
        """Return whose request it is."""
        return self._visits.of(request.cookies.get(COOKIE, ""))

    async def feed(self, request: Request) -> Response:
        """An ad to click, on a page that plays TikTok."""
        target = quote(f"{shop_url(request)}/products/headphones", safe="")
        ad = f"{self._settings.tiktok_url}/_emulator/ad?to={target}"
        return HTMLResponse(
            _TEMPLATES.get_template("feed.html").render(ad_url=ad), headers={"cache-control": "no-store"}
        )

    async def home(self, request: Request) -> Response:
        """All goods."""
        return self._page(request, "home.html", "Shop", goods=GOODS.values())

    async def product(self, request: Request) -> Response:
        """One of them."""
        good = GOODS.get(request.path_params["slug"])
        if good is None:
            return self._page(request, "home.html", "Shop", status=404, goods=GOODS.values())
        properties = properties_of(((good, 1),))
        view = ("track", "ViewContent", properties)
        return self._page(request, "product.html", good.name, (view,), good=good, properties=properties)

    async def quick_view(self, request: Request) -> Response:
        """The goods as a single-page application."""
        return self._page(request, "spa.html", "Quick view", views=[_view_of(good) for good in GOODS.values()])

    async def cart(self, request: Request) -> Response:
        """The cart; or one more in it."""
        if request.method != "POST":
            return self._page(request, "cart.html", "Cart")
        visit = self.visit_of(request)
        visit.cart = visit.cart.with_one_more(str((await request.form()).get("slug", "")))
        return self.known(visit, RedirectResponse("/cart", 303))

    async def checkout(self, request: Request) -> Response:
        """The form; or the order that it makes."""
        visit = self.visit_of(request)
        if not visit.cart.lines:
            return self.known(visit, RedirectResponse("/cart", 303))
        if request.method != "POST":
            begin = ("track", "InitiateCheckout", properties_of(visit.cart.lines))
            return self._page(request, "checkout.html", "Checkout", (begin,))
        address = self._callers.address_of(request.scope, request.headers.get("x-forwarded-for", "")) or ""
        buyer = buyer_of(await request.form(), address, request.headers.get("user-agent", ""))
        order = self._office.place(visit, buyer, request.cookies, shop_url(request))
        return self.known(visit, RedirectResponse(f"/thanks/{order.order_id}", 303))

    async def thanks(self, request: Request) -> Response:
        """The thank-you page, for whoever placed the order."""
        visit = self.visit_of(request)
        order = visit.order(request.path_params["order_id"])
        if order is None:
            return self.known(visit, RedirectResponse("/", 303))
        who = ("identify", {"email": order.buyer.email, "phone": order.buyer.phone})
        bought = ("track", "Purchase", order.properties())
        if visit.switches.event_id == "own":
            return self._page(request, "thanks.html", "Thank you", (who,), own_event=bought[1:], order=order)
        return self._page(request, "thanks.html", "Thank you", (who, bought), order=order)

    def _page(
        self, request: Request, template: str, title: str, calls: Sequence[Call] = (), *, status: int = 200, **more: Any
    ) -> Response:
        visit = self.visit_of(request)
        visit.land(str(request.url), request.headers.get("referer", ""))
        settings, switches = self._settings, visit.switches
        pixel_host = self._dead_end if switches.pixel == "blocked" else settings.tiktok_url
        snippet_host = self._dead_end if switches.snippet == "blocked" else ""
        html = _TEMPLATES.get_template(template).render(
            {
                "title": title,
                "calls": calls,
                "own_event": (),
                "consent": visit.consent,
                "cart": visit.cart,
                "cart_count": sum(visit.cart.counts.values()),
                "choices": CHOICES,
                "switches": msgspec.structs.asdict(switches),
                "pixel_code": settings.pixel_code,
                "pixel_url": f"{pixel_host}{SCRIPT_PATH}",
                "snippet_url": f"{snippet_host}{settings.prefix}/fc.js?key={settings.snippet_key}",
                "tiktok_url": settings.tiktok_url,
                **more,
            }
        )
        headers = {"cache-control": "no-store"}
        if switches.pixel == "refused":
            headers["content-security-policy"] = CONTENT_POLICY
        return self.known(visit, HTMLResponse(html, status, headers=headers))

    @staticmethod
    def known(visit: Visit, response: Response) -> Response:
        """Give the browser the shop's own cookie."""
        response.set_cookie(COOKIE, visit.visit_id, httponly=True, samesite="lax", max_age=30 * DAY_SECONDS)
        return response


def shop_url(request: Request) -> str:
    """Return the shop's address as the browser wrote it."""
    return str(request.base_url).rstrip("/")


def _view_of(good: Good) -> dict[str, Any]:
    return {
        "slug": good.slug,
        "name": good.name,
        "price": price_text(good.price_cents),
        "properties": properties_of(((good, 1),)),
    }
