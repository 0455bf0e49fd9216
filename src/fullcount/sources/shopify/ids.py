"""Shopify's ids: numbers in webhooks, sometimes addresses such as gid://shopify/Order/5511001001 elsewhere."""

from __future__ import annotations

from fullcount.sources.payload import text


def plain_id(node: object, *path: str) -> str | None:
    """Return what follows the last slash of an id, so that every spelling of one thing is the same.

    >>> plain_id({"id": "gid://shopify/Order/5511001001?key=x"}, "id"), plain_id({"id": 5511001001}, "id")
    ('5511001001', '5511001001')
    """
    found = text(node, *path)
    return found and (found.partition("?")[0].rstrip("/").rpartition("/")[2] or None)
