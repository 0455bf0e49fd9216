"""URLs without what identifies a person or opens a door; everything else stays byte for byte."""

from __future__ import annotations

import re

from fullcount.identity.privacy import NameKind, decoded, holds_identifier, is_private, kind_of

# Short, or with a letter in it, and nothing that could hide an address: such a value needs no second look.
_HARMLESS = re.compile(r"(?:[A-Za-z0-9._~-]{0,6}|[0-9._~-]*[A-Za-z][A-Za-z0-9._~-]*)")
_USER_INFO = re.compile(r"\A((?:[A-Za-z][A-Za-z0-9+.-]*:)?//)[^/@]*(?:@[^/@]*)*@")


def clean_url(url: str) -> str:
    """Return the URL without e-mail- and phone-shaped values and without key, token and session parameters.

    A parameter goes whole, a path segment becomes "removed", a user name before the host goes. A clean URL comes back
    as it is.

    >>> clean_url("https://shop.example/thanks?order=1001&key=wc_order_abc&email=jane%40example.com&ttclid=E.C.P.x")
    'https://shop.example/thanks?order=1001&ttclid=E.C.P.x'
    """
    if "?" not in url and "#" not in url:
        return _clean_head(url)
    base, hash_mark, fragment = url.partition("#")
    head, question_mark, query = base.partition("?")
    cleaned = _clean_head(head)
    if question_mark:
        kept = _clean_pairs(query)
        cleaned = f"{cleaned}?{kept}" if kept or not query else cleaned
    if hash_mark:
        kept = _clean_fragment(fragment)
        cleaned = f"{cleaned}#{kept}" if kept or not fragment else cleaned
    return url if cleaned == url else cleaned


def _clean_pairs(query: str) -> str:
    pairs = query.split("&")
    for pair in pairs:
        name, _, value = pair.partition("=")
        kind = kind_of(name)
        if (kind is not NameKind.PLAIN and kind is not NameKind.ID) or _HARMLESS.fullmatch(value) is None:
            break
        if not name.isalnum() and ("@" in name or "%" in name or "+" in name):
            break
    else:
        return query
    return "&".join(pair for pair in pairs if not _is_private_pair(pair))


def _is_private_pair(pair: str) -> bool:
    name, equals, value = pair.partition("=")
    if holds_identifier(decoded(name)):
        return True
    return bool(equals) and is_private(name, value)


def _clean_fragment(fragment: str) -> str:
    """Return a fragment, which may be a path and parameters of its own."""
    head, question_mark, query = fragment.rpartition("?")
    kept = _clean_pairs(query)
    cleaned_head = _clean_head(head)
    return f"{cleaned_head}?{kept}" if question_mark and kept else cleaned_head or kept


def _clean_head(head: str) -> str:
    if "@" not in head and "%" not in head and "+" not in head and ";" not in head:
        return head
    head = _USER_INFO.sub(r"\1", head)
    return "/".join([_clean_segment(segment) for segment in head.split("/")])


def _clean_segment(segment: str) -> str:
    name, semicolon, parameters = segment.partition(";")
    kept = [each for each in parameters.split(";") if not _is_private_pair(each)] if semicolon else []
    if holds_identifier(decoded(name)):
        name = "removed"
    return ";".join([name, *kept])
