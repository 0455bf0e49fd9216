"""Reads a pasted curl line as the request it would make, without making it."""

from __future__ import annotations

import codecs
import re
import shlex
from pathlib import Path
from urllib.parse import SplitResult, quote_plus, urlsplit

import msgspec

from fullcount.errors import InvalidEvent
from fullcount.events.problems import Problem

_BODY_OPTIONS = frozenset({"-d", "--data", "--data-ascii", "--data-binary", "--data-raw", "--data-urlencode", "--json"})
_OTHER_OPTIONS_WITH_VALUE = frozenset({
    "-A", "-b", "-c", "-C", "-D", "-e", "-E", "-F", "-K", "-m", "-o", "-r", "-T", "-u", "-U", "-w", "-x", "-y", "-Y",
    "-z", "--user-agent", "--cookie", "--cookie-jar", "--referer", "--cert", "--cacert", "--key", "--form", "--config",
    "--max-time", "--connect-timeout", "--output", "--user", "--proxy", "--retry", "--retry-delay", "--retry-max-time",
    "--resolve", "--interface", "--write-out", "--upload-file", "--limit-rate", "--dump-header", "--max-redirs",
})  # fmt: skip
_ANSI_QUOTED = re.compile(r"\$'((?:[^'\\]|\\.)*)'", re.DOTALL)


class CurlRequest(msgspec.Struct, frozen=True):
    """What curl would send; the names of headers are in lower case."""

    method: str
    url: str
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def __repr__(self) -> str:
        return f"CurlRequest({self.method}, {len(self.headers)} headers, {len(self.body)} bytes)"

    @property
    def address(self) -> SplitResult:
        """The URL in its parts."""
        return urlsplit(self.url)

    def header(self, name: str) -> str | None:
        """Return a header's value by its name in lower case, or None."""
        return next((value for held, value in self.headers if held == name), None)


def looks_like_curl(text: str) -> bool:
    """Say whether a text is a curl line; a shell's prompt may stand before it."""
    return bool(re.match(r"\s*(?:[$%#>]\s+)?curl(?:\.exe)?\s", text))


def parse_curl(text: str, folder: Path) -> CurlRequest:
    """Return the request of a curl line; `@file` bodies are read relative to `folder`.

    Raises:
        InvalidEvent: the line's quotes do not close, it has no URL or body, or a file cannot be read.
    """
    given, headers, bodies = _sorted_out(_words(text), folder)
    if not bodies:
        raise _refused("the line sends no body", "paste the whole line, with its -d or --data")
    if "--url" not in given:
        raise _refused("the line has no URL", "paste the whole line, from curl to the end of the body")
    if _url_parts(given["--url"]) is None:
        raise _refused("the line's URL is none", "paste the whole line, with the address as curl gets it")
    method = given.get("-X") or given.get("--request") or "POST"
    # Without a header of the line's own curl calls a body a form.
    if not any(name == "content-type" for name, _ in headers):
        headers.append(("content-type", "application/x-www-form-urlencoded"))
    return CurlRequest(method.upper(), given["--url"], tuple(headers), b"&".join(bodies))


def _url_parts(url: str) -> SplitResult | None:
    try:
        return urlsplit(url)
    except ValueError:
        return None


def _sorted_out(words: list[str], folder: Path) -> tuple[dict[str, str], list[tuple[str, str]], list[bytes]]:
    """Return the line's other options, its headers and the parts of its body."""
    given: dict[str, str] = {}
    headers: list[tuple[str, str]] = []
    bodies: list[bytes] = []
    rest = iter(words)
    for word in rest:
        option, glued, takes_value = _option(word)
        value = glued if glued is not None or not takes_value else next(rest, "")
        if not option:
            given.setdefault("--url", word)
        elif option in {"-H", "--header"}:
            name, _, held = (value or "").partition(":")
            headers.append((name.strip().lower(), held.strip()))
        elif option in _BODY_OPTIONS:
            bodies.append(_body_part(option, value or "", folder))
            if option == "--json":
                headers.append(("content-type", "application/json"))
        elif takes_value:
            given[option] = value or ""
    return given, headers, bodies


def _words(text: str) -> list[str]:
    joined = re.sub(r"[\\^`]\r?\n", " ", text.strip())
    try:
        plain = _ANSI_QUOTED.sub(lambda found: shlex.quote(_unescaped(found[1])), joined)
    except UnicodeDecodeError:
        raise _refused("an escape in $'...' is cut off", "paste the whole line, as it runs in the shell") from None
    try:
        words = shlex.split(plain)
    except ValueError:
        raise _refused("a quote of the line does not close", "paste the whole line, in single quotes") from None
    start = next((place for place, word in enumerate(words, start=1) if word in {"curl", "curl.exe"}), None)
    if start is None:
        raise _refused("curl and what follows it run together", "paste the whole line, as it runs in the shell")
    return words[start:]


def _unescaped(text: str) -> str:
    # Beside ASCII the escapes are the shell's and Python's alike.
    return codecs.decode(text.encode("ascii", "backslashreplace"), "unicode_escape")


def _option(word: str) -> tuple[str, str | None, bool]:
    """Return a word's option ("" if it is none), the value glued to it, and whether it takes one."""
    if word.startswith("--"):
        name, glued, value = word.partition("=")
        return name, value if glued else None, _takes_value(name)
    if not word.startswith("-") or word == "-":
        return "", None, False
    for place, letter in enumerate(word[1:], start=1):  # -sSXPOST is -s -S -X POST
        if _takes_value(f"-{letter}"):
            return f"-{letter}", word[place + 1 :] or None, True
    return word, None, False


def _takes_value(name: str) -> bool:
    return (
        name in _BODY_OPTIONS
        or name in _OTHER_OPTIONS_WITH_VALUE
        or name in {"-H", "--header", "-X", "--request", "--url"}
    )


def _body_part(option: str, value: str, folder: Path) -> bytes:
    if option == "--data-urlencode":
        name, equals, rest = value.partition("=")
        return (
            _encoded(f"{name}=") + quote_plus(_encoded(rest)).encode()
            if equals
            else quote_plus(_encoded(value)).encode()
        )
    if not value.startswith("@") or option == "--data-raw":
        return _encoded(value)
    if value == "@-":
        raise _refused("the body comes from curl's standard input", "put it into a file and check that file")
    try:
        held = (folder / value[1:]).read_bytes()
    except (OSError, ValueError) as error:  # ValueError: no path at all
        why = error.strerror if isinstance(error, OSError) else "that is no path"
        raise _refused(f"{value[1:]} cannot be read: {why}", "run the check where that file is") from None
    return held if option in {"--data-binary", "--json"} else held.replace(b"\n", b"").replace(b"\r", b"")


def _encoded(text: str) -> bytes:
    # Bytes that were not UTF-8 come back as they were; the reader of the body says where they stand.
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")


def _refused(reason: str, fix: str) -> InvalidEvent:
    return InvalidEvent((Problem("", reason, fix, code="curl_unreadable"),), where="curl line")
