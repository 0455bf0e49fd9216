"""Every rule that the emulator follows, with what is known of it: data for the docs and for those who doubt."""

from __future__ import annotations

import enum

import msgspec


class Evidence(enum.StrEnum):
    """How well a rule is proven."""

    OFFICIAL = "official"  # TikTok's own text
    OFFICIAL_CODE = "official code"  # code that TikTok ships
    THIRD_PARTY = "third party"  # integrations' code, fixtures and documentation
    GUESS = "guess"  # nothing found: a choice, mostly with a switch


class Rule(msgspec.Struct, frozen=True):
    """One rule: a name to cite it by, its evidence, what it says, and the sections of the specification behind it."""

    id: str
    evidence: Evidence
    text: str
    source: str


_O, _C, _T, _G = Evidence.OFFICIAL, Evidence.OFFICIAL_CODE, Evidence.THIRD_PARTY, Evidence.GUESS

RULES: tuple[Rule, ...] = (
    Rule("path.slash", _G, "A path is taken with and without its last slash; without it, a notice is kept.", "1"),
    Rule("path.legacy", _C, "The 1.0 paths `pixel/track` and `pixel/batch` still answer.", "1, 3"),
    Rule("answer.envelope", _C, "Each answer is `code`, `message`, `request_id` and `data`.", "6.1"),
    Rule(
        "answer.http_200", _T, "A refusal is HTTP 200 with a code other than 0 (switch: `http_status_errors`).", "6.1"
    ),
    Rule("answer.request_id", _T, "A `request_id` is 14 digits of time and 20 upper-case hexadecimal ones.", "6.1"),
    Rule("answer.order", _G, "Body, token, rate, top level, permission, events: the first fault found answers.", "6.5"),
    Rule("body.size", _G, "A body beyond 1 MB is refused with 40002 (switch: `max_body_bytes`).", "8"),
    Rule("body.json", _G, "A body that is not JSON is refused with 40002.", "6.5, 11"),
    Rule("body.gzip", _G, "A compressed body is refused with 40002 (switch: `accept_gzip`).", "11"),
    Rule("body.content_type", _G, "Any content type is taken; one that is not JSON leaves a notice.", "1.1"),
    Rule("token.missing", _T, "No token is 40104.", "6.2"),
    Rule("token.incorrect", _T, "A token that no pixel takes is 40105.", "6.2, 6.3"),
    Rule("token.permission", _T, "A token of another pixel is 40001, with the pixel's code in the message.", "6.3"),
    Rule("rate.limit", _T, "1,000 requests in each second and token, then 40100 (switch: `requests_per_second`).", "8"),
    Rule("schema.event_source", _O, "`event_source` is web, app, offline or crm.", "2.1"),
    Rule("schema.data_size", _O, "A request carries 1 to 1,000 events; with more, all are refused.", "2.1, 6.4"),
    Rule(
        "schema.required",
        _O,
        "`event` and `event_time` are required; `app.app_id` in apps, `lead.lead_id` in CRM.",
        "2.2",
    ),
    Rule(
        "schema.optional", _C, "A missing `page`, `user` or `event_id` is taken (switches: `refuse_missing_…`).", "2.2"
    ),
    Rule("schema.ids", _T, "`event_id` and `content_id` are text; a number is refused with 40002.", "2.9, 6.3"),
    Rule("schema.other_types", _G, "Other documented fields have their documented type, or are refused.", "2.9"),
    Rule("schema.user_lists", _O, "`email`, `phone` and `external_id` are one text or a list of texts.", "2.3"),
    Rule("schema.numeric_text", _G, "`value`, `price`, `quantity`, `event_time` as numeric text are taken.", "2.9"),
    Rule("schema.milliseconds", _G, "An `event_time` in milliseconds is refused with 40002.", "8"),
    Rule("schema.unknown_keys", _C, "Unknown keys are ignored everywhere.", "2.2"),
    Rule("schema.empty_values", _C, "Empty text, empty lists and null count as absent.", "2.2"),
    Rule("schema.hashes", _G, "An identifier that is not a SHA-256 is taken, with a diagnostic.", "2.9"),
    Rule("schema.messages", _T, "A refusal names the path: `Invalid value for data.<i>.<path>: <reason>.`", "6.3, 6.4"),
    Rule("schema.legacy_messages", _T, "In 1.0: `Invalid value for <path>: …` and `Batch.<i>.<path>: …`", "6.3"),
    Rule("batch.whole", _T, "One invalid event refuses the request, and nothing is taken.", "6.4"),
    Rule("batch.partial", _G, "With `partial_success` the good ones are taken and the answer is 20001.", "6.2, 6.4"),
    Rule("batch.legacy_size", _T, "`pixel/batch` carries at most 50 events.", "8"),
    Rule("legacy.wrong_path", _G, "A 1.0 body on the 2.0 path is refused (switch: `accept_legacy_body`).", "0.1"),
    Rule("legacy.timestamp", _C, "A 1.0 event without `timestamp` happened when it arrived.", "3.1"),
    Rule("dedup.key", _O, "The key is pixel, event name and event_id, exact bytes.", "7.1"),
    Rule("dedup.window", _O, "A copy within 48 hours of the first is not counted again.", "7.1"),
    Rule("dedup.arrival", _G, "The windows run from the arrival of the first copy, not from event_time.", "7.2"),
    Rule("dedup.merge", _T, "Within 5 minutes the other channel's copy fills what the first lacks.", "7.1, 7.2"),
    Rule("dedup.first_wins", _G, "Where both copies have a field, the first one's stays.", "7.2"),
    Rule("dedup.edges", _G, "The ends of both windows belong to them (switches: `…_includes_its_end`).", "7.2"),
    Rule("dedup.missing_id", _O, "Without an event_id each copy counts.", "7.1"),
    Rule("names.canonical", _O, "CompletePayment is reported as Purchase, SubmitForm as Lead.", "5.2"),
    Rule("names.alias_key", _G, "Old and new names do not share a key (switch: `alias_events`).", "7.2"),
    Rule("names.page_view", _G, "`Pageview` is recognised in any case, and only that name.", "5.1"),
    Rule("names.custom", _O, "A custom name is a letter, then at most 49 letters, digits, `_` and `-`.", "5.4"),
    Rule("names.reserved", _O, "Reserved names cannot be used as custom names.", "5.3"),
    Rule("names.dropped", _G, "A malformed or reserved name is code 0, and the event is left out of reports.", "5.4"),
    Rule("test.log", _G, "Events under a test_event_code go to the test log only: not counted, not a key.", "9.5"),
    Rule("age.taken", _G, "An event of any age is code 0; beyond 28 days or in the future, with a diagnostic.", "8"),
)
