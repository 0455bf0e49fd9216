"""`fullcount init`: ask what must be known and write a commented `fullcount.toml`."""

from __future__ import annotations

import re
import secrets
import string
import sys
from pathlib import Path
from typing import Annotated

import typer

from fullcount.cli.output import complain, say
from fullcount.config.countries import COUNTRIES
from fullcount.config.load import FILE_NAME
from fullcount.config.settings import Browser
from fullcount.consent.regions import NEEDS_GRANT, country_code
from fullcount.errors import ConfigError

EXAMPLE = "fullcount init --pixel-code CEXAMPLE0PIXEL000001 --region US --browser none --yes"

DEFAULT_COUNTRY = "US"
_PIXEL_CODE = re.compile(r"[A-Z0-9]{20}")

NEEDS = """\
What you need from TikTok, in this order:
  1. a Business Center (business.tiktok.com) and an ad account in it;
  2. the admin or operator role on that ad account: an analyst's token is refused;
  3. a pixel: Ads Manager > Tools > Events > Web events. Its code is 20 capital letters and digits;
  4. an access token: Events Manager > your pixel > Settings > Events API > Generate access token.
The token never goes into the file: it is read from the environment.
"""

TEMPLATE = string.Template("""\
# Fullcount's settings. Every key and its default: docs/settings.md. Checked with: fullcount doctor

[server]
host = "127.0.0.1"
port = 8080

[storage]
url = "sqlite:var/fullcount.db"          # relative to this file

[tiktok]
# For a trial without an account: fullcount emulate --pixel $code=test-token
# base_url = "http://127.0.0.1:8090"

[[pixels]]
name = "store"
code = "$code"
access_token = "env:TIKTOK_ACCESS_TOKEN" # never the token itself
$browser_comment
browser = "$browser"
# As the browser's pixel spells it, so that TikTok sees one event in both halves: CompletePayment or Purchase.
purchase_name = "CompletePayment"

[[sources]]
name = "backend"
kind = "json"                            # also opens the drop-in routes for code that calls TikTok today
key = "env:BACKEND_KEY"                  # what your backend sends as: Authorization: Bearer ...
pixels = ["store"]
$consent_comment
consent = "$consent"
default_country = "$region"                   # for phone numbers without a country code
""")
PAGES = string.Template("""
[[sources]]
name = "web"
kind = "browser"                         # the snippet in your pages, see docs/sources/browser.md
key = "pk-store"                         # public: it stands in your pages
pixels = ["store"]
default_country = "$region"
""")

BROWSER_COMMENTS = {
    Browser.NONE: "# Nobody sends this pixel's browser half: every purchase that comes here is TikTok's only copy.",
    Browser.SNIPPET: "# Our snippet sends the browser half: a purchase waits up to hold_seconds for its other half.",
    Browser.OTHER: "# A pixel or app that we do not control sends the browser half. The source below starts in\n"
    '# observe, where nothing is sent, until you have seen that both halves share an event_id and set mode = "live".',
}
OBSERVE_WORDS = """\
Another pixel sends the browser half, so this source starts in observe: events are recorded as they would be sent, and
nothing goes out. Once both halves carry the same event_id, set mode = "live" under [[sources]] in {output}."""
GRANT_COMMENT = """\
# Shoppers of this region must have agreed: events say "consent": "granted" or "denied"; without either they are
# withheld (counted, not sent). If your backend sends only who agreed, "sender_vouches" takes a missing one as given."""
VOUCH_COMMENT = '# A missing consent is read as granted, because your backend chose to send; "denied" is never sent.'


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("init", epilog=f"Example: {EXAMPLE}")(init)


def init(
    *,
    pixel_code: Annotated[str, typer.Option(help="The pixel's code, from Events Manager. It has no default.")] = "",
    region: Annotated[str, typer.Option(help="Where most shoppers are: a country in two letters, such as US.")] = "",
    browser: Annotated[
        Browser | None, typer.Option(help="Who sends the pixel's browser half: our snippet, another, or nobody.")
    ] = None,
    output: Annotated[Path, typer.Option(metavar="FILE", help="The file to write.")] = Path(FILE_NAME),
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Ask nothing: all but --pixel-code have a default.")] = False,
) -> None:
    """Write a commented fullcount.toml; asks for the pixel, the region and the browser half."""
    if output.exists():
        raise ConfigError("it is there already", where=str(output), fix="move it away, or name another with --output")
    say(NEEDS)
    code = _pixel_code(pixel_code) if pixel_code or yes else _ask_pixel_code()
    country = _country(region or DEFAULT_COUNTRY) if region or yes else _ask_country()
    browser = browser or (Browser.NONE if yes else _ask_browser())
    _write(output, settings_text(code, country, browser))
    if not _PIXEL_CODE.fullmatch(code):
        complain(f"warning: {code} is taken, though TikTok's pixel codes are 20 capital letters and digits")
    say(f"Wrote {output}. In the shell that runs Fullcount (the first key is made for you; keep it):\n")
    say(f"  export BACKEND_KEY={secrets.token_urlsafe(24)}")
    say("  export TIKTOK_ACCESS_TOKEN=...    # paste the token from Events Manager\n")
    say("Next, with a code from Events Manager > Test events:\n")
    say("  fullcount send --test-code TEST12345 examples/purchase.json")
    if browser is Browser.OTHER:
        say(f"\n{OBSERVE_WORDS.format(output=output)}")


def settings_text(pixel_code: str, country: str, browser: Browser) -> str:
    """Return the settings file for one pixel and one backend."""
    needs_grant = country in NEEDS_GRANT
    pages = PAGES.substitute(region=country) if browser is Browser.SNIPPET else ""
    backend = TEMPLATE.substitute(
        code=pixel_code,
        region=country,
        browser=browser.value,
        browser_comment=BROWSER_COMMENTS[browser],
        consent="by_region" if needs_grant else "sender_vouches",
        consent_comment=GRANT_COMMENT if needs_grant else VOUCH_COMMENT,
    )
    return backend + pages


def _pixel_code(said: str) -> str:
    if not said:
        raise ConfigError("it has no default", where="--pixel-code", fix=f"name it, as in: {EXAMPLE}")
    if not said.strip().isalnum():
        raise ConfigError("a pixel's code has letters and digits only", where="--pixel-code", fix=f"as in: {EXAMPLE}")
    return said.strip()


def _country(said: str) -> str:
    code = country_code(said)
    if code is None or code not in COUNTRIES:
        raise ConfigError(
            "not a country in two letters", where="--region", fix="for example --region US or --region DE"
        )
    return code


def _ask_pixel_code() -> str:
    while True:
        answer = _asked("Pixel code", "")
        if answer.isalnum():
            return answer
        say("20 capital letters and digits, from Events Manager; CEXAMPLE0PIXEL000001 for a trial with the emulator.")


def _ask_country() -> str:
    while True:
        code = country_code(_asked("Country of most shoppers (two letters)", DEFAULT_COUNTRY))
        if code is not None and code in COUNTRIES:
            return code
        say("Please answer with two letters, such as US, GB or DE.")


def _asked(question: str, default: str) -> str:
    """Return a trimmed answer.

    Raises:
        ConfigError: standard input ended before it.
    """
    try:
        return str(typer.prompt(question, default=default, show_default=bool(default))).strip()
    except typer.Abort:
        if sys.stdin.isatty():
            raise  # Ctrl-C
        what = "standard input ended before an answer"
        raise ConfigError(what, where=question, fix=f"answer by options, as in: {EXAMPLE}") from None


def _ask_browser() -> Browser:
    say("Does anything send this pixel's events from the browser already (TikTok's pixel, a shop app, a tag manager)?")
    say("  none: no, only the server will    other: yes")
    while True:
        answer = _asked("Browser half", Browser.NONE.value).lower()
        if answer in set(Browser):
            return Browser(answer)
        say("Please answer with none or other.")


def _write(path: Path, text: str) -> None:
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise ConfigError(
            f"cannot be written: {error.strerror}", where=str(path), fix="name another file with --output"
        ) from None
