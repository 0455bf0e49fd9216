"""What the pixel in the browser makes of an event's name before it sends it."""

from __future__ import annotations

# The pixel's shipped script rewrites these, as read in it in 2026; the server's half must arrive under the same name.
_REWRITTEN = {
    "AddBilling": "AddPaymentInfo",
    "Checkout": "PlaceAnOrder",
    "ClickForm": "ClickButton",
    "ClickInConsultationPage": "ClickButton",
    "ClickInDownloadPage": "ClickButton",
    "ClickToDownload": "Download",
    "Consult": "Contact",
    "ConsultByPhone": "Contact",
    "Purchase": "CompletePayment",
    "Registration": "CompleteRegistration",
    "StartCheckout": "InitiateCheckout",
    "ViewConsultationPage": "ViewContent",
    "ViewDownloadPage": "ViewContent",
    "ViewForm": "ViewContent",
}


def name_from_pixel(name: str) -> str:
    """Return the name under which the pixel sends an event that a page calls so.

    >>> name_from_pixel("Purchase"), name_from_pixel("AddToCart")
    ('CompletePayment', 'AddToCart')
    """
    return _REWRITTEN.get(name, name)
