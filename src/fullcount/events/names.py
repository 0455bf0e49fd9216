"""TikTok's event names: which exist, which are old, which are taken, and which one a typing slip meant.

Names are case-sensitive at TikTok. A name that a sender chose goes out unchanged; only *our own* key uses the
canonical one. Sources: TikTok's help pages on standard events (May and September 2025), reserved events (May and
September 2025) and custom events (February 2026), and the developer portal's field list (September 2025).
"""

from __future__ import annotations

import re
from difflib import get_close_matches
from functools import lru_cache

import msgspec

from fullcount.events.model import EventSource
from fullcount.events.problems import Problem, Severity


class Lifecycle(msgspec.Struct, frozen=True):
    """When a name came and goes, as TikTok announced it."""

    since: str = ""  # ISO month, or empty: always there as far as is known
    until: str = ""  # year in which it ends, or empty
    now_called: str = ""  # the name that TikTok reports it under, or empty


_ALWAYS = Lifecycle()
_NEW_IN_2025 = Lifecycle(since="2025-05")
_ENDS_IN_2027 = Lifecycle(until="2027")  # "how to adopt TikTok's updated standard events", May 2025

# Web, offline and CRM share one list.
STANDARD: dict[str, Lifecycle] = {
    "AddPaymentInfo": _ALWAYS,
    "AddToCart": _ALWAYS,
    "AddToWishlist": _ALWAYS,
    "ApplicationApproval": _NEW_IN_2025,
    "ClickButton": _ENDS_IN_2027,
    "CompletePayment": Lifecycle(now_called="Purchase"),
    "CompleteRegistration": _ALWAYS,
    "Contact": _ALWAYS,
    "CustomizeProduct": _ALWAYS,
    "Download": _ALWAYS,
    "FindLocation": _ALWAYS,
    "InitiateCheckout": _ALWAYS,
    "Lead": _NEW_IN_2025,
    "Pageview": _ALWAYS,
    "PlaceAnOrder": _ENDS_IN_2027,
    "Purchase": _NEW_IN_2025,
    "Schedule": _ALWAYS,
    "Search": _ALWAYS,
    "StartTrial": _NEW_IN_2025,
    "SubmitApplication": _NEW_IN_2025,
    # Listed again in September 2025, after May 2025 had renamed it.
    "SubmitForm": Lifecycle(now_called="Lead"),
    "Subscribe": _ALWAYS,
    "ViewContent": _ALWAYS,
}

# The odd capitals are TikTok's.
APP: frozenset[str] = frozenset(
    {
        "AchieveLevel",
        "AddPaymentInfo",
        "AddToCart",
        "AddToWishlist",
        "Checkout",
        "CompleteTutorial",
        "CreateGroup",
        "CreateRole",
        "GenerateLead",
        "InAppADClick",
        "InAppADImpr",
        "InstallApp",
        "JoinGroup",
        "LaunchAPP",
        "LoanApplication",
        "LoanApproval",
        "LoanDisbursal",
        "Login",
        "Purchase",
        "Rate",
        "Registration",
        "Search",
        "SpendCredits",
        "StartTrial",
        "Subscribe",
        "UnlockAchievement",
        "ViewContent",
    }
)

# TikTok turns these into a standard event by itself; they cannot be custom names.
RESERVED: dict[str, str] = {
    "AddBilling": "AddPaymentInfo",
    "Browse": "Pageview",
    "Checkout": "PlaceAnOrder",
    "ClickForm": "Lead",
    "ClickInDownloadPage": "ClickButton",
    "ClickToDownload": "Download",
    "Consult": "Contact",
    "ConsultByPhone": "Contact",
    "Registration": "CompleteRegistration",
    "StartCheckout": "InitiateCheckout",
    "ViewConsultationPage": "ViewContent",
    "ViewDownloadPage": "ViewContent",
    "ViewForm": "ViewContent",
}

ALIASES: dict[str, str] = {name: life.now_called for name, life in STANDARD.items() if life.now_called}

CUSTOM_NAME_LENGTH = 50
_CUSTOM_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,49}")


def canonical_name(name: str) -> str:
    """Return the name under which we count: old names become new ones, Pageview loses its odd case.

    >>> canonical_name("CompletePayment"), canonical_name("SubmitForm"), canonical_name("PageView")
    ('Purchase', 'Lead', 'Pageview')
    >>> canonical_name("purchase"), canonical_name("MyOwnEvent")
    ('purchase', 'MyOwnEvent')
    """
    if len(name) == 8 and name.lower() == "pageview":
        return "Pageview"
    return ALIASES.get(name, name)


def name_problem(name: str, event_source: EventSource = EventSource.WEB) -> Problem | None:
    """Return what is to be said of an event's name, or None.

    A name that TikTok's rule for custom names forbids is fatal, since TikTok takes the call and drops the event.
    A near miss of a standard name, a reserved, an ending and (offline) a custom name are warnings.
    """
    if len(name) > CUSTOM_NAME_LENGTH:
        return Problem(
            "event",
            f"the name is longer than {CUSTOM_NAME_LENGTH} characters",
            f"use a standard event name, or a custom one of at most {CUSTOM_NAME_LENGTH} characters",
            Severity.FATAL,
            "name_invalid",
        )
    return _short_name_problem(name, event_source)


@lru_cache(maxsize=1024)
def _short_name_problem(name: str, event_source: EventSource) -> Problem | None:
    if event_source is EventSource.APP:
        if name in APP:
            return None
    elif (known := _known_name_problem(name)) is not None or canonical_name(name) in STANDARD:
        return known
    meant = _near_miss(name, event_source)
    if _CUSTOM_NAME.fullmatch(name) is None:
        hint = f"did you mean {meant}? " if meant else ""
        return Problem(
            "event",
            "the name breaks TikTok's rule for custom names, so TikTok would drop the event",
            f"{hint}use letters, digits, _ and -, starting with a letter",
            Severity.FATAL,
            "name_invalid",
        )
    if meant:
        return Problem(
            "event",
            "the name is nearly a standard one, and TikTok counts it as a custom event",
            f"did you mean {meant}? Names are case-sensitive",
            Severity.WARNING,
            "name_near_miss",
        )
    if event_source is EventSource.OFFLINE:
        return Problem(
            "event",
            "offline events take standard names only",
            "use a standard event name, e.g. Purchase",
            Severity.WARNING,
            "name_custom_offline",
        )
    return None


def _known_name_problem(name: str) -> Problem | None:
    if name in RESERVED:
        return Problem(
            "event",
            f"the name is reserved, and TikTok turns it into {RESERVED[name]}",
            f"send {RESERVED[name]}, and let the browser's half say the same",
            Severity.WARNING,
            "name_reserved",
        )
    if name in STANDARD and STANDARD[name].until:
        return Problem(
            "event",
            f"TikTok takes this name only until {STANDARD[name].until}",
            "choose another standard event before then",
            Severity.WARNING,
            "name_ending",
        )
    return None


def _near_miss(name: str, event_source: EventSource) -> str:
    """Return the standard name that this one nearly is, or an empty string.

    >>> _near_miss("start_trial", EventSource.WEB), _near_miss("Puchase", EventSource.WEB)
    ('StartTrial', 'Purchase')
    >>> _near_miss("NewsletterOpened", EventSource.WEB)
    ''
    """
    known = APP if event_source is EventSource.APP else STANDARD
    folded = {_folded(each): each for each in known}
    close = get_close_matches(_folded(name), folded, n=1, cutoff=0.85)
    return folded[close[0]] if close else ""


def _folded(name: str) -> str:
    return "".join(each for each in name.lower() if each.isalnum())
