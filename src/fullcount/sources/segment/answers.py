"""What each SDK expects to hear, so that it neither loses nor repeats.

RudderStack's SDKs take nothing but 200 for success and give up on any 4xx but 429; one whose JSON lacks `code` and
`message` they repeat (rudder-sdk-python 2.1.9, read November 2026). All SDKs repeat after a 503.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from fullcount.events.problems import Problem, Severity
from fullcount.sources.manners import retry_after
from fullcount.sources.payload import is_key
from fullcount.sources.reply import Headers, Reply, empty_reply, json_reply
from fullcount.sources.segment.options import SegmentOptions
from fullcount.sources.sender import Refused, Rules, Taken
from fullcount.sources.source import RawRequest

_PREFLIGHT: Headers = (
    (b"access-control-allow-methods", b"GET, POST, OPTIONS"),
    # `Authorization` is what forces the preflight; `AnonymousId` is RudderStack's.
    (b"access-control-allow-headers", b"authorization, content-type, x-retry-count, anonymousid"),
    (b"access-control-max-age", b"7200"),
)
# A write key in a page is public, and no cookie is read: any page may send, as at Segment itself.
_ANY_ORIGIN: Headers = ((b"access-control-allow-origin", b"*"), (b"access-control-expose-headers", b"retry-after"))
_AGAIN_SECONDS = 1.0
_TRANSIENT = frozenset({408, 500, 503})
_SETTINGS_PATH = re.compile(r"/v1/projects/([^/]{1,128})/settings/?")
_HOST = re.compile(r"[A-Za-z0-9.-]{1,253}(?::[0-9]{1,5})?|\[[0-9A-Fa-f:.]{2,45}\](?::[0-9]{1,5})?")
_LOCAL_HOST = re.compile(r"(?:localhost|127\.[0-9.]+|\[::1\])(?::[0-9]+)?")


def success(request: RawRequest) -> Reply:
    """Return the 200 that says that everything is stored."""
    return json_reply(200, {"success": True}, _readable_by_pages(request))


def result(request: RawRequest, taken: Taken) -> Reply:
    """Return 200 for a request of which anything was taken, and 400 if each of its events was refused.

    Either is final for every SDK; the 400 is what a developer gets to see of a call that can never count.
    """
    receipt, intake = taken.receipt, taken.intake
    if not receipt.results or not receipt.is_refused or intake.ignored or intake.refunds:
        return success(request)
    fatal = (each for each in receipt.results[0].problems if each.severity is Severity.FATAL)
    problem = next(fatal, Problem("", "the event cannot be taken", "see the ledger", code="invalid"))
    return refusal(request, Refused(400, problem.code, problem.reason, problem.fix, problem.path))


def refusal(request: RawRequest, refused: Refused) -> Reply:
    """Return a refusal: 503 for what is to be repeated, 401 for a wrong key, 400 for all else, which is final."""
    content = {"success": False, "code": refused.code, "message": f"{refused.reason}. Fix: {refused.fix}"}
    headers = _readable_by_pages(request)
    if refused.status in _TRANSIENT:
        later = retry_after(refused) or ((b"retry-after", b"%d" % _AGAIN_SECONDS),)
        return json_reply(503, content, (*headers, *later))
    return json_reply(401 if refused.status == 401 else 400, content, headers)


def greeting(request: RawRequest, known: Sequence[Rules]) -> Reply | None:
    """Answer what needs no key: a preflight, the SDK's own metrics, and the settings that it loads."""
    if request.method == "OPTIONS":
        return empty_reply(204, (*_ANY_ORIGIN, *_PREFLIGHT))
    if request.path.rstrip("/") == "/v1/m":
        return success(request)
    asked = _SETTINGS_PATH.fullmatch(request.path)
    if asked is None:
        return None
    owner = next((rules for rules in known if is_key(asked[1], rules.keys)), None)
    if request.method not in ("GET", "HEAD") or owner is None:
        content = {"success": False, "code": "not_found", "message": "there are no settings of that write key"}
        return json_reply(404, content, _ANY_ORIGIN)
    return _settings(asked[1], request, owner)


def _settings(key: str, request: RawRequest, rules: Rules) -> Reply:
    """Return what Analytics.js loads before it sends: where to send, and no other destinations."""
    host = rules.options_as(SegmentOptions).api_host or _own_host(request)
    own: dict[str, object] = {"apiKey": key}
    if host:
        own |= {"apiHost": host, "protocol": "http" if _LOCAL_HOST.match(host) else "https"}
    content = {
        "integrations": {"Segment.io": own},
        "plan": {"track": {"__default": {"enabled": True, "integrations": {}}}},
        "metrics": {"sampleRate": 0},
    }
    return json_reply(200, content, (*_ANY_ORIGIN, (b"cache-control", b"public, max-age=300"), (b"vary", b"Host")))


def _own_host(request: RawRequest) -> str:
    host = request.header("host")
    return f"{host}/v1" if _HOST.fullmatch(host) else ""


def _readable_by_pages(request: RawRequest) -> Headers:
    return _ANY_ORIGIN if request.header("origin") else ()
