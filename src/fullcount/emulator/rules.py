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
    """One rule: a name to cite it by, its evidence, what it says, and where that was found (`-`: nowhere)."""

    id: str
    evidence: Evidence
    text: str
    source: str


_O, _C, _T, _G = Evidence.OFFICIAL, Evidence.OFFICIAL_CODE, Evidence.THIRD_PARTY, Evidence.GUESS

RULES: tuple[Rule, ...] = (
    Rule("path.slash", _G, "A path is taken with and without its last slash; without it, a notice is kept.", "-"),
    Rule(
        "path.legacy",
        _C,
        "The 1.0 paths `pixel/track` and `pixel/batch` still answer.",
        "tiktok-business-api-sdk, 2026-02",
    ),
    Rule(
        "answer.envelope",
        _C,
        "Each answer is `code`, `message`, `request_id` and `data`.",
        "tiktok-business-api-sdk, 2026-02",
    ),
    Rule(
        "answer.http_200",
        _T,
        "A refusal is HTTP 200 with a code other than 0 (switch: `http_status_errors`).",
        "RudderStack transformer, 2026-08; Airbyte fixtures",
    ),
    Rule(
        "answer.request_id",
        _T,
        "A `request_id` is 14 digits of time and 20 upper-case hexadecimal ones.",
        "Stape issue 10, 2023-03",
    ),
    Rule("answer.order", _G, "Body, token, rate, top level, permission, events: the first fault found answers.", "-"),
    Rule("body.size", _G, "A body beyond 1 MB is refused with 40002 (switch: `max_body_bytes`).", "-"),
    Rule("body.json", _G, "A body that is not JSON is refused with 40002.", "-"),
    Rule("body.gzip", _G, "A compressed body is refused with 40002 (switch: `accept_gzip`).", "-"),
    Rule("body.content_type", _G, "Any content type is taken; one that is not JSON leaves a notice.", "-"),
    Rule("token.missing", _T, "No token is 40104.", "small repositories' error tables"),
    Rule("token.incorrect", _T, "A token that no pixel takes is 40105.", "Airbyte fixtures"),
    Rule(
        "token.permission",
        _T,
        "A token of another pixel is 40001, with the pixel's code in the message.",
        "RudderStack transformer, 2026-08",
    ),
    Rule(
        "rate.limit",
        _T,
        "1,000 requests in each second and token, then 40100 (switch: `requests_per_second`).",
        "RudderStack transformer, 2026-08, quoting the portal",
    ),
    Rule("schema.event_source", _O, "`event_source` is web, app, offline or crm.", "developer portal, 2025-09"),
    Rule(
        "schema.data_size",
        _O,
        "A request carries 1 to 1,000 events; with more, all are refused.",
        "developer portal, 2025-09",
    ),
    Rule(
        "schema.required",
        _O,
        "`event` and `event_time` are required; `app.app_id` in apps, `lead.lead_id` in CRM.",
        "developer portal, 2025-09",
    ),
    Rule(
        "schema.optional",
        _C,
        "A missing `page`, `user` or `event_id` is taken (switches: `refuse_missing_…`).",
        "gtm-template-eapi, 2024-05",
    ),
    Rule(
        "schema.ids",
        _T,
        "`event_id` and `content_id` are text; a number is refused with 40002.",
        "Stape issue 10, 2023-03; RudderStack transformer, 2026-08",
    ),
    Rule("schema.other_types", _G, "Other documented fields have their documented type, or are refused.", "-"),
    Rule(
        "schema.user_lists",
        _O,
        "`email`, `phone` and `external_id` are one text or a list of texts.",
        "developer portal, 2025-09",
    ),
    Rule("schema.numeric_text", _G, "`value`, `price`, `quantity`, `event_time` as numeric text are taken.", "-"),
    Rule("schema.milliseconds", _G, "An `event_time` in milliseconds is refused with 40002.", "-"),
    Rule(
        "schema.unknown_keys",
        _C,
        "Unknown keys are ignored everywhere.",
        "gtm-template-eapi, 2024-05; TikTok for WooCommerce",
    ),
    Rule("schema.empty_values", _C, "Empty text, empty lists and null count as absent.", "TikTok for WooCommerce"),
    Rule("schema.hashes", _G, "An identifier that is not a SHA-256 is taken, with a diagnostic.", "-"),
    Rule(
        "schema.messages",
        _T,
        "A refusal names the path: `Invalid value for data.<i>.<path>: <reason>.`",
        "small repositories' fixtures",
    ),
    Rule(
        "schema.legacy_messages",
        _T,
        "In 1.0: `Invalid value for <path>: …` and `Batch.<i>.<path>: …`",
        "Stape issue 10, 2023-03; RudderStack transformer, 2026-08",
    ),
    Rule(
        "batch.whole",
        _T,
        "One invalid event refuses the request, and nothing is taken.",
        "Hightouch documentation; RudderStack transformer, 2026-08",
    ),
    Rule("batch.partial", _G, "With `partial_success` the good ones are taken and the answer is 20001.", "-"),
    Rule("batch.legacy_size", _T, "`pixel/batch` carries at most 50 events.", "RudderStack transformer, 2026-08"),
    Rule("legacy.wrong_path", _G, "A 1.0 body on the 2.0 path is refused (switch: `accept_legacy_body`).", "-"),
    Rule(
        "legacy.timestamp",
        _C,
        "A 1.0 event without `timestamp` happened when it arrived.",
        "tiktok-business-api-sdk, 2026-02",
    ),
    Rule(
        "dedup.key",
        _O,
        "The key is pixel, event name and event_id, exact bytes.",
        "help centre, event deduplication, 2025-05",
    ),
    Rule(
        "dedup.window",
        _O,
        "A copy within 48 hours of the first is not counted again.",
        "help centre, event deduplication, 2025-05",
    ),
    Rule("dedup.arrival", _G, "The windows run from the arrival of the first copy, not from event_time.", "-"),
    Rule(
        "dedup.merge",
        _T,
        "Within 5 minutes the other channel's copy fills what the first lacks.",
        "Elevar and SignalSight documentation",
    ),
    Rule("dedup.first_wins", _G, "Where both copies have a field, the first one's stays.", "-"),
    Rule("dedup.edges", _G, "The ends of both windows belong to them (switches: `…_includes_its_end`).", "-"),
    Rule("dedup.missing_id", _O, "Without an event_id each copy counts.", "help centre, event deduplication, 2025-05"),
    Rule(
        "names.canonical",
        _O,
        "CompletePayment is reported as Purchase, SubmitForm as Lead.",
        "help centre, updated standard events, 2025-05",
    ),
    Rule("names.alias_key", _G, "Old and new names do not share a key (switch: `alias_events`).", "-"),
    Rule("names.page_view", _G, "`Pageview` is recognised in any case, and only that name.", "-"),
    Rule(
        "names.custom",
        _O,
        "A custom name is a letter, then at most 49 letters, digits, `_` and `-`.",
        "help centre, custom events, 2026-02",
    ),
    Rule(
        "names.reserved", _O, "Reserved names cannot be used as custom names.", "help centre, reserved events, 2025-09"
    ),
    Rule("names.dropped", _G, "A malformed or reserved name is code 0, and the event is left out of reports.", "-"),
    Rule("test.log", _G, "Events under a test_event_code go to the test log only: not counted, not a key.", "-"),
    Rule("age.taken", _G, "An event of any age is code 0; beyond 28 days or in the future, with a diagnostic.", "-"),
)
