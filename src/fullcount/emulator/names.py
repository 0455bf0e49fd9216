"""Event names: what TikTok reports a name as, and which names it takes no notice of."""

from __future__ import annotations

import functools
import re

import msgspec

ALIASES = {"CompletePayment": "Purchase", "SubmitForm": "Lead"}
OTHER_SPELLING = {**ALIASES, **{new: old for old, new in ALIASES.items()}}
PAGE_VIEW = "Pageview"

STANDARD = frozenset(
    {
        "AddPaymentInfo",
        "AddToCart",
        "AddToWishlist",
        "ApplicationApproval",
        "CompleteRegistration",
        "Contact",
        "CustomizeProduct",
        "Download",
        "FindLocation",
        "InitiateCheckout",
        "Lead",
        "Purchase",
        "Schedule",
        "Search",
        "StartTrial",
        "SubmitApplication",
        "Subscribe",
        "ViewContent",
        "ClickButton",
        "PlaceAnOrder",
        "CompletePayment",
        "SubmitForm",
        "Pageview",
    }
)

STANDARD_IN_APPS = frozenset(
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

RESERVED = {
    "AddBilling": "AddPaymentInfo",
    "Browse": "PageView",
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

_CUSTOM = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,49}")
_BY_LOWER_CASE = {name.lower(): name for name in STANDARD}


class Standing(msgspec.Struct, frozen=True):
    """How TikTok treats one name."""

    counted_as: str
    key_name: str
    is_custom: bool = False
    dropped_because: str = ""  # malformed, reserved
    standard_twin: str = ""  # the standard name that differs in case only


@functools.lru_cache(maxsize=10_000)
def standing_of(event: str, event_source: str, alias_events: bool) -> Standing:  # noqa: FBT001 - a position is a cheap cache key
    """Say what `event` is counted as, which name keys it, and whether it is dropped.

    >>> standing_of("CompletePayment", "web", False).counted_as
    'Purchase'
    >>> standing_of("Checkout", "web", False).dropped_because
    'reserved'
    """
    if event.lower() == PAGE_VIEW.lower():
        return Standing(PAGE_VIEW, PAGE_VIEW)
    counted_as = ALIASES.get(event, event)
    key_name = counted_as if alias_events else event
    if event in STANDARD or (event_source == "app" and event in STANDARD_IN_APPS):
        return Standing(counted_as, key_name)
    dropped = ""
    if event in RESERVED:
        dropped = "reserved"
    elif not _CUSTOM.fullmatch(event):
        dropped = "malformed"
    return Standing(event, key_name, True, dropped, _BY_LOWER_CASE.get(event.lower(), ""))
