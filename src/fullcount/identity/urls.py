"""URLs without what identifies a person or opens a door; everything else stays byte for byte."""

from __future__ import annotations

import re
from functools import lru_cache

from fullcount.events.free_text import holds_identifier
from fullcount.identity.privacy import NameKind, decoded, is_private, kind_of

# Short, or with a letter in it, and nothing that could hide an address: such a value needs no second look.
_HARMLESS_VALUE = re.compile(r"[0-9._~-]*[A-Za-z][A-Za-z0-9._~-]*|[A-Za-z0-9._~-]{0,6}")
_HARMLESS_KINDS = frozenset({NameKind.PLAIN, NameKind.ID, NameKind.CLICK_ID})
_LONGEST_NAME = 40  # a longer one is judged each time and not remembered
_USER_INFO = re.compile(r"\A((?:[A-Za-z][A-Za-z0-9+.-]*:)?//)[^/@]*(?:@[^/@]*)*@")


def clean_url(url: str) -> str:
    """Return the URL without e-mail- and phone-shaped values and without key, token and session parameters.

    A parameter goes whole, a path segment becomes "removed", a user name before the host goes. A clean URL comes back
    as it is.

    >>> clean_url("https://shop.example/thanks?order=1001&key=wc_order_abc&email=jane%40example.com&ttclid=E.C.P.x")
    'https://shop.example/thanks?order=1001&ttclid=E.C.P.x'
    """
    base, hash_mark, fragment = url.partition("#")
    head, question_mark, query = base.partition("?")
    clean_head = _clean_head(head)
    clean_query = _clean_pairs(query) if query else query
    clean_fragment = _clean_fragment(fragment) if fragment else fragment
    if clean_head is head and clean_query is query and clean_fragment is fragment:
        return url
    if question_mark and (clean_query or not query):
        clean_head = f"{clean_head}?{clean_query}"
    return f"{clean_head}#{clean_fragment}" if hash_mark and (clean_fragment or not fragment) else clean_head


def _clean_pairs(query: str) -> str:
    pairs = query.split("&")
    for pair in pairs:
        name, _, value = pair.partition("=")
        if len(name) > _LONGEST_NAME or not _is_harmless_name(name) or _HARMLESS_VALUE.fullmatch(value) is None:
            break
    else:
        return query
    return "&".join(pair for pair in pairs if not _is_private_pair(pair))


@lru_cache(maxsize=1024)
def _is_harmless_name(name: str) -> bool:
    return name.isascii() and not set("@%+").intersection(name) and kind_of(name) in _HARMLESS_KINDS


def _is_private_pair(pair: str) -> bool:
    name, equals, value = pair.partition("=")
    if holds_identifier(decoded(name)):
        return True
    return bool(equals) and is_private(name, value)


def _clean_fragment(fragment: str) -> str:
    """Return a fragment, which may be a path and parameters of its own."""
    head, question_mark, query = fragment.rpartition("?")
    clean_head, clean_query = _clean_head(head), _clean_pairs(query)
    if clean_head is head and clean_query is query:
        return fragment
    return f"{clean_head}?{clean_query}" if question_mark and clean_query else clean_head or clean_query


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
