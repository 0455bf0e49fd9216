"""Masks identifiers in any text that is bound for a log, a screen or an error message.

It is the last net and not the first: code does not put identifiers into text in the first place. Event ids, pixel
codes, request ids, Unix times and order numbers pass unchanged, so that a log stays of use. A phone number is known by
its `+`, by its separators or by the key before it: a bare run of digits is an order number more often than a phone.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable

LONGEST_CHOSEN = 256  # characters of a name or an id that a sender chose
_LONGEST_IDENTIFIER = 600  # characters; an e-mail address of _EMAIL has at most 520 and an ending
EMAIL, PHONE, ADDRESS, DIGEST, SECRET = "[email]", "[phone]", "[ip]", "[hash]", "[masked]"

# Keys whose value is an identifier or a credential, in URLs, headers, JSON and key=value text.
_KEYS = (
    r"access[-_]?token|api[-_]?key|auth[-_]?token|authorization|client[-_]?secret|password|secret|session(?:[-_]?id)?"
    r"|sig(?:nature)?|token|ttclid|ttp|_ttp|click[-_]?id|callback|external[-_]?id|e[-_]?mails?|phone(?:[-_]?numbers?)?"
    r"|user[-_]?agent|first[-_]?name|last[-_]?name|zip[-_]?code|idfa|idfv|gaid"
)
_KEYED = re.compile(
    rf"""(?<![A-Za-z0-9])(?P<key>{_KEYS})(?P<gap>["']?\s*[=:]\s*)"""
    r"""(?P<value>\[masked\]|(?:Bearer\s+|Basic\s+)?(?:"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|[^\s"'&,;}\])]+))""",
    re.IGNORECASE,
)
_BEARER = re.compile(r"\b(Bearer|Basic)\s+(?!\[masked\])[A-Za-z0-9._~+/=-]{4,}", re.IGNORECASE)
_EMAIL = re.compile(
    r"[^\s\"'<>()\[\]{},;:=&?/\\@]{1,256}(?:@|%40)[^\s\"'<>()\[\]{},;:=&?/\\@%]{1,255}\.[^\W\d_]{2,}", re.IGNORECASE
)
_DIGEST = re.compile(r"(?<![0-9A-Za-z])[0-9a-fA-F]{64}(?![0-9A-Za-z])")
_PLUS_PHONE = re.compile(r"(?:\+|%2B)\(?\d(?:[\s().-]{0,2}\d){6,14}(?!\d)", re.IGNORECASE)
_GROUPED_PHONE = re.compile(r"(?<![\w.+-])\(?\d{3}\)?[ .-]\d{3}[ .-]\d{4}(?![\w-])")
_IPV4 = re.compile(r"(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?![\w]|\.\d)")
_IPV6 = re.compile(r"(?<![\w:.])[0-9A-Fa-f:]{3,39}(?:(?:\.\d{1,3}){3})?(?![\w:])")  # ::ffff:192.0.2.1 is one, too


def mask(text: str) -> str:
    """Return the text with e-mails, phones, addresses, hashes, click IDs and credentials masked.

    Masking twice is masking once. Loopback and unspecified addresses stay: they name this machine, not a person.

    >>> mask("sent for jane@example.com (+1 555-555-0100) from 203.0.113.42")
    'sent for [email] ([phone]) from [ip]'
    >>> mask("GET /thanks?order=12345&ttclid=E.C.P.test&x=1")
    'GET /thanks?order=12345&ttclid=[masked]&x=1'
    >>> mask("listening on http://127.0.0.1:8080, request_id 202604011430000123456789ABCDEF0123")
    'listening on http://127.0.0.1:8080, request_id 202604011430000123456789ABCDEF0123'
    """
    masked = _masked_once(text)
    while masked != text:  # a mask may set free a key that stood glued to what it covers
        text, masked = masked, _masked_once(masked)
    return masked


def mask_chosen(text: str) -> str:
    """Return a name or an id that a sender chose as it may be kept: at most 256 characters, no e-mail and no +phone.

    >>> mask_chosen("order-12345"), mask_chosen("order-jane@example.com"), mask_chosen("+1 555-555-0100")
    ('order-12345', '[email]', '[phone]')
    """
    if "@" in text or "+" in text or "%" in text:
        return mask_then_cut(text, LONGEST_CHOSEN, _masked_chosen)
    return text[:LONGEST_CHOSEN]


def mask_then_cut(text: str, longest: int, masked: Callable[[str], str] = mask) -> str:
    """Return the masked text's first `longest` characters; cut first, half an identifier would pass unmasked.

    Of a longer text only as much is masked as can be seen in the end, and what may be half of something is left out.
    """
    if len(text) <= longest:
        return masked(text)[:longest]
    seen = text[: longest + 2 * _LONGEST_IDENTIFIER]
    kept = masked(seen)
    if len(seen) < len(text):
        kept = kept[: max(0, len(kept) - _LONGEST_IDENTIFIER)]
    return kept[:longest]


def _masked_chosen(text: str) -> str:
    return _PLUS_PHONE.sub(PHONE, _EMAIL.sub(EMAIL, text))


def _masked_once(text: str) -> str:
    text = _KEYED.sub(_masked_value, text)
    text = _BEARER.sub(rf"\1 {SECRET}", text)
    text = _EMAIL.sub(EMAIL, text)
    text = _DIGEST.sub(DIGEST, text)
    text = _PLUS_PHONE.sub(PHONE, text)
    text = _GROUPED_PHONE.sub(PHONE, text)
    text = _IPV6.sub(_masked_address, text)
    return _IPV4.sub(_masked_address, text)


def _masked_value(found: re.Match[str]) -> str:
    is_path = found.string[max(0, found.start() - 1) : found.start()] == "." and found["gap"] == ": "
    if is_path:  # "user.phone: not a number" tells where, and what follows are our own words
        return found.group()
    quote = found["value"][0] if found["value"][0] in "\"'" else ""
    return f"{found['key']}{found['gap']}{quote}{SECRET}{quote}"


def _masked_address(found: re.Match[str]) -> str:
    said = found.group()
    try:
        address = ipaddress.ip_address(said)
    except ValueError:
        return said
    return said if address.is_loopback or address.is_unspecified else ADDRESS
