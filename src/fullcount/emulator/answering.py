"""How the control plane reads bodies and answers, mistakes included."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from fullcount.errors import FullcountError

Endpoint = Callable[[Request], Awaitable[Response]]
Body = TypeVar("Body")


def json_answer(value: Any, status: int = 200) -> Response:
    """Return `value` as a JSON response."""
    return Response(msgspec.json.encode(value), status, media_type="application/json")


async def read_json(request: Request, kind: type[Body]) -> Body:
    """Return the body, read as `kind`; nothing counts as an empty object.

    Raises:
        FullcountError: it is not JSON, or not of that shape.
    """
    try:
        return msgspec.json.decode(await request.body() or b"{}", type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise FullcountError(str(error)) from error


def page_of(request: Request, items: list[Any]) -> list[Any]:
    """Return the part of `items` that `?limit=` and `?offset=` ask for.

    Raises:
        FullcountError: one of them is not a whole number of 0 or more.
    """
    offset = _count(request, "offset") or 0
    limit = _count(request, "limit")
    return items[offset:] if limit is None else items[offset : offset + limit]


def _count(request: Request, name: str) -> int | None:
    text = request.query_params.get(name)
    if text is None:
        return None
    if not text.isdecimal():
        raise FullcountError(f"{name} must be a whole number of 0 or more")
    return int(text)


def telling(endpoint: Endpoint) -> Endpoint:
    """Turn the caller's mistakes into an answer that names them."""

    async def guarded(request: Request) -> Response:
        try:
            return await endpoint(request)
        except FullcountError as error:
            return json_answer({"error": str(error)}, 400)

    return guarded
