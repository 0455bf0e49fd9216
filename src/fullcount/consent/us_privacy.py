"""The US Privacy string (`usprivacy`, `us_privacy`): four characters, of which the third is the opt-out of sale."""

from __future__ import annotations

import re

from fullcount.consent.decision import Signal

# Version 1; notice given; opted out of sale; covered by the industry's agreement. A hyphen: does not apply.
_FORM = re.compile(r"1[YN-]([YN-])[YN-]")


def read_us_privacy(text: str) -> Signal:
    """Return opt_out for `1?Y?`; nothing for a string without objection, since it is no grant.

    Source: IAB Tech Lab, "US Privacy String", version 1.0.

    >>> read_us_privacy("1YYN").value, read_us_privacy("1YNN").value, read_us_privacy("2YYN").value
    ('opt_out', '', 'unreadable')
    """
    found = _FORM.fullmatch(text.upper())
    if found is None:
        return Signal.UNREADABLE
    return Signal.OPT_OUT if found[1] == "Y" else Signal.UNKNOWN
