"""What the panel and tests ask of the shop: what is known of a visit, and its switches."""

from __future__ import annotations

from typing import Literal

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from fullcount.demo.shop_site.answers import COOKIES, Answers
from fullcount.demo.shop_site.pages import Pages, shop_url
from fullcount.demo.shop_site.switches import changed
from fullcount.demo.shop_site.webhooks import Webhooks


class ConsentAnswer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the banner posts."""

    answer: Literal["granted", "denied"]


class Backstage:
    """The endpoints; each is one method. Each is about the browser that asks."""

    def __init__(self, pages: Pages, answers: Answers, webhooks: Webhooks) -> None:
        self._pages = pages
        self._answers = answers
        self._webhooks = webhooks

    async def state(self, request: Request) -> Response:
        """What gateway and TikTok know."""
        return _json(await self._answers.of(self._pages.visit_of(request), request.cookies))

    async def switch(self, request: Request) -> Response:
        """Change switches; what is not given stays."""
        visit = self._pages.visit_of(request)
        try:
            given = msgspec.json.decode(await request.body(), type=dict[str, str])
            visit.switches = changed(visit.switches, given)
        except msgspec.MsgspecError as error:
            return _json({"error": str(error)}, 400)
        response = self._pages.known(visit, _json(visit.switches))
        if given.get("consent") == "ask":
            # Whoever is asked is somebody new: of this browser the gateway remembers an answer.
            for name in COOKIES:
                response.delete_cookie(name)
        if "consent" in given:
            visit.answer = ""
        return response

    async def answer_consent(self, request: Request) -> Response:
        """Keep the visitor's answer."""
        visit = self._pages.visit_of(request)
        try:
            visit.answer = msgspec.json.decode(await request.body(), type=ConsentAnswer).answer
        except msgspec.MsgspecError as error:
            return _json({"error": str(error)}, 400)
        visit.switches = msgspec.structs.replace(visit.switches, consent="ask")
        return self._pages.known(visit, Response(status_code=204))

    async def send_webhook(self, request: Request) -> Response:
        """Tell the gateway of one of the visitor's orders now, once more if it was told before."""
        order = self._pages.visit_of(request).order(request.path_params["order_id"])
        if order is None:
            return _json({"error": "no such order of yours"}, 404)
        return _json(await self._webhooks.send(order, shop_url(request)))


def _json(document: object, status: int = 200) -> Response:
    headers = {"cache-control": "no-store"}
    return Response(msgspec.json.encode(document), status, headers=headers, media_type="application/json")
