"""What a request brought besides events, as the store takes it: refunds, what was ignored, notices to read later."""

from __future__ import annotations

from collections.abc import Iterator

from fullcount.pipeline.terms import SourceTerms
from fullcount.queue.entry import Errand, Fact, Note, Refund
from fullcount.queue.keys import errand_key, refund_key
from fullcount.queue.outcomes import Happening, Ignored
from fullcount.redact import mask_chosen, mask_then_cut
from fullcount.sources.fetching import keep_notice
from fullcount.sources.payload import plausible_time
from fullcount.sources.source import Intake

LONGEST_DETAIL = 500  # characters of what a fact says for a person


def notes_of(intake: Intake, terms: SourceTerms, now: float) -> Iterator[Note]:
    """Yield what is to be stored beside the events; each is keyed, so that a repetition changes nothing."""
    for ignored in intake.ignored:
        yield Fact(
            Happening.IGNORED,
            Ignored(ignored.reason),
            terms.name,
            "",
            mask_then_cut(ignored.name, LONGEST_DETAIL),
            mask_chosen(ignored.event_id),
            detail=mask_then_cut(ignored.detail, LONGEST_DETAIL),
        )
    for refund in intake.refunds:
        yield Refund(
            key=refund_key(terms.name, refund.refund_id),
            source=terms.name,
            order_event_id=refund.order_id,
            refund_id=refund.refund_id,
            amount=refund.amount,
            currency=_currency_code(refund.currency),
            at=plausible_time(refund.refunded_at) or now,
        )
    for notice in intake.notices:
        body = keep_notice(notice.body, now)
        key = errand_key(terms.name, notice.notice_id)
        yield Errand(key, terms.name, body, due_at=now, event_id=mask_chosen(notice.event_id))


def _currency_code(said: str | None) -> str | None:
    """Return three letters in upper case, or None: an amount in anything else cannot be added up."""
    return said.upper() if said is not None and len(said) == 3 and said.isascii() and said.isalpha() else None
