"""What can be set for an Adobe Commerce or Magento shop."""

from __future__ import annotations

from fullcount.sources.sender import Options, SecretText


class AdobeOptions(Options, frozen=True, kw_only=True):
    """The keys of this kind alone. Public keys are PEM, one after the other where there are several."""

    public_key: SecretText = ""  # of the pair that the shop signs its webhooks with
    events_public_key: SecretText = ""  # Adobe's own, of I/O Events: it signs those of all its customers with them
    events_client_id: str = ""  # the project's client id: which of Adobe's signed events are this shop's
    paid_states: tuple[str, ...] = ("processing", "complete")  # add "new" where an order counts before it is paid
    place_an_order: bool = False  # a new order that waits for its payment is a PlaceAnOrder
    shop_url: str = ""  # orders name no page: TikTok is told this one
