"""The script at `/i18n/pixel/events.js`: our pixel runtime, told which pixel it is."""

from __future__ import annotations

import functools
import re
from importlib import resources

import msgspec

from fullcount.emulator.browser.switches import Switches

# The names that the shipped pixel sends under another one (pixel.js 2.1.33, 2024-01).
RENAMED = {
    "Purchase": "CompletePayment",
    "Registration": "CompleteRegistration",
    "AddBilling": "AddPaymentInfo",
    "StartCheckout": "InitiateCheckout",
    "Checkout": "PlaceAnOrder",
    "ViewForm": "ViewContent",
    "ViewConsultationPage": "ViewContent",
    "ViewDownloadPage": "ViewContent",
    "ClickInDownloadPage": "ClickButton",
    "ClickInConsultationPage": "ClickButton",
    "ClickForm": "ClickButton",
    "ClickToDownload": "Download",
    "Consult": "Contact",
    "ConsultByPhone": "Contact",
}
LIBRARY_VERSION = "2.2.1-emulated"
_DEFAULT_OBJECT = "ttq"
_IDENTIFIER = re.compile(r"[A-Za-z_$][A-Za-z0-9_$]{0,63}")


def script_for(pixel_code: str, object_name: str, switches: Switches) -> bytes:
    """Return the script that runs one pixel on a page; `object_name` is the global that its base code made."""
    config = {
        "pixelCode": pixel_code,
        "objectName": object_name if _IDENTIFIER.fullmatch(object_name) else _DEFAULT_OBJECT,
        "renamed": RENAMED if switches.rename_events else {},
        "clickIdCookieSeconds": switches.ttclid_cookie_seconds,
        "libraryVersion": LIBRARY_VERSION,
    }
    return b"%b(%b);\n" % (_runtime(), msgspec.json.encode(config))


@functools.cache
def _runtime() -> bytes:
    text = resources.files("fullcount.emulator.browser").joinpath("pixel.js").read_bytes()
    return text.rstrip()
