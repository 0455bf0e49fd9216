"""Where an ad click leads: the advertiser's page with a fresh click ID."""

from __future__ import annotations

import ipaddress
import re
import secrets
from urllib.parse import urlsplit

from fullcount.errors import FullcountError

_PARAMETER = "ttclid"
_UNSAFE = re.compile(r"[\x00-\x20\x7f\\]")  # browsers drop or turn these, and would go elsewhere than what was checked


def new_click_id() -> str:
    """Return a click ID that was never used, of the shape that TikTok's have (prefix seen in the wild, 2024)."""
    return f"E.C.P.{secrets.token_urlsafe(48)}"


def landing_url(to: str, click_id: str, *, allow_remote: bool) -> str:
    """Return `to` with the click ID as the last parameter of its query; an earlier one is replaced.

    >>> landing_url("http://127.0.0.1/p?a=%20b&ttclid=old#top", "E.C.P.1", allow_remote=False)
    'http://127.0.0.1/p?a=%20b&ttclid=E.C.P.1#top'

    Raises:
        FullcountError: `to` is no http(s) address, or leads off this machine and that is not allowed.
    """
    _check_target(to, allow_remote=allow_remote)
    address, hash_mark, fragment = to.partition("#")
    path, _, query = address.partition("?")
    kept = [part for part in query.split("&") if part and part.partition("=")[0] != _PARAMETER]
    return f"{path}?{'&'.join([*kept, f'{_PARAMETER}={click_id}'])}{hash_mark}{fragment}"


def _check_target(to: str, *, allow_remote: bool) -> None:
    try:
        parts = urlsplit(to)
        host = parts.hostname or ""
    except ValueError as error:
        raise _refused("it is not a URL") from error
    if _UNSAFE.search(to) or not to.isascii():
        raise _refused("it has a character that a URL writes with %")
    if parts.scheme not in ("http", "https") or not host:
        raise _refused("it is no http:// or https:// address")
    if "@" in parts.netloc:
        raise _refused("it names a user")
    if not (allow_remote or _is_loopback(host)):
        raise _refused("it leads off this machine; start the emulator with --remote-ads if that is meant")


def _refused(why: str) -> FullcountError:
    return FullcountError(f"`to` cannot be an ad's target: {why}")


def _is_loopback(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
