"""What Events Manager complains about, or would: title, level, and what mends it."""

from __future__ import annotations

from fullcount.emulator.rules import Evidence, Rule

_O, _C, _T, _G = Evidence.OFFICIAL, Evidence.OFFICIAL_CODE, Evidence.THIRD_PARTY, Evidence.GUESS


class Complaint(Rule, frozen=True):
    """A rule whose breach is code 0, and is shown to whoever looks."""

    title: str
    level: str  # error: counts wrongly or not at all; warning: matches worse; info: look at it


COMPLAINTS: list[Complaint] = []


def _complaint(  # noqa: PLR0913, PLR0917 - one table row
    id_: str, level: str, evidence: Evidence, title: str, text: str, source: str = "-"
) -> Complaint:
    complaint = Complaint(id_, evidence, text, source, title, level)
    COMPLAINTS.append(complaint)
    return complaint


MISSING_NAME = _complaint(
    "event.name_missing",
    "error",
    _O,
    "Missing Event Name",
    "Give each event a name.",
    "help centre, monitor and diagnose, 2024",
)
INVALID_NAME = _complaint(
    "event.name_invalid",
    "error",
    _O,
    "Invalid Event Type for Custom Event",
    "A letter, then up to 49 letters, digits, `_` or `-`; the event is not reported.",
    "help centre, monitor and diagnose, 2024",
)
RESERVED_NAME = _complaint(
    "event.name_reserved",
    "error",
    _O,
    "Reserved event name",
    "Use the standard name in its place.",
    "help centre, reserved events, 2025-09",
)
NAME_CASE = _complaint(
    "event.name_case",
    "warning",
    _O,
    "Name differs from a standard event in case only",
    "Spell it exactly.",
    "developer portal, 2025-09",
)
OFFLINE_CUSTOM_NAME = _complaint(
    "event.name_offline",
    "warning",
    _O,
    "Custom event name on an offline event",
    "Offline takes standard names.",
    "developer portal, 2025-09",
)
MISSING_EVENT_ID = _complaint(
    "dedup.id_missing",
    "warning",
    _O,
    "Missing event_id",
    "Each copy counts, a resend too: send an event_id.",
    "help centre, event deduplication, 2025-05",
)
UNSHARED_EVENT_ID = _complaint(
    "dedup.id_missing_with_pixel",
    "error",
    _O,
    "Missing event_id while the pixel sends this event too",
    "Both halves count: send the same event_id from browser and server.",
    "help centre, event deduplication, 2025-05",
)
REUSED_EVENT_ID = _complaint(
    "dedup.id_reused",
    "error",
    _T,
    "Mismatched event_id",
    "One event_id came with different orders: one is lost.",
    "Elevar documentation",
)
NAME_MISMATCH = _complaint(
    "dedup.name_mismatch",
    "error",
    _G,
    "One event under two names",
    "The old and the new name may not share a key: send the same name from both sides.",
)
UNHASHED = _complaint(
    "user.unhashed",
    "error",
    _C,
    "Unhashed identifier",
    "Normalise, then send the SHA-256 in hexadecimal.",
    "tiktok-business-ios-sdk, 2026-06",
)
MALFORMED_HASH = _complaint(
    "user.hash_malformed",
    "error",
    _C,
    "Malformed hash",
    "A SHA-256 has 64 hexadecimal digits.",
    "tiktok-business-ios-sdk, 2026-06",
)
UPPER_CASE_HASH = _complaint(
    "user.hash_upper_case", "info", _G, "Hash in upper case", "TikTok's examples are in lower case."
)
EMPTY_HASH = _complaint(
    "user.hash_of_nothing", "error", _G, "Hash of the empty string", "Leave the key out when there is no value."
)
PLACEHOLDER_HASH = _complaint(
    "user.hash_of_placeholder", "error", _G, "Hash of a placeholder", "The value before hashing was no identifier."
)
DIGITS_ONLY_PHONE = _complaint(
    "user.phone_without_plus",
    "error",
    _O,
    "Phone hashed without +",
    "Hash E.164 with its `+`.",
    "developer portal, 2025-09",
)
NATIONAL_PHONE = _complaint(
    "user.phone_national",
    "error",
    _O,
    "Phone hashed without its country code",
    "Hash E.164: `+`, country, number.",
    "developer portal, 2025-09",
)
UNNORMALISED = _complaint(
    "user.hash_unnormalised",
    "error",
    _O,
    "Hash of an unnormalised value",
    "Trim and lower-case before hashing.",
    "developer portal, 2025-09",
)
DOUBLE_HASH = _complaint(
    "user.hash_twice", "error", _G, "Identifier hashed twice", "Do not hash what is a hash already."
)
PLAIN_EXTERNAL_ID = _complaint(
    "user.external_id_plain",
    "warning",
    _T,
    "external_id in the clear from the browser",
    "The pixel sends it as it is given: hash it on the page as the server does, or the two never match.",
    "pixel requests of 2026-06",
)
EXTERNAL_ID_CASE = _complaint(
    "user.external_id_case", "warning", _G, "external_id hashed in lower case", "Browser and server must agree."
)
UNKNOWN_PIXEL = _complaint(
    "pixel.unknown",
    "error",
    _O,
    "Invalid Pixel ID",
    "The page loads or names a pixel that does not exist: nothing it sends is counted.",
    "help centre, pixel helper, 2024",
)
UNREADABLE_HIT = _complaint(
    "pixel.hit_unreadable",
    "error",
    _G,
    "Pixel hit that cannot be read",
    "A hit is a JSON object with `event` and `context.pixel.code`, or base64 of it in `analytics_message`.",
)
MISNAMED_USER_KEY = _complaint(
    "user.key_unknown",
    "warning",
    _O,
    "Key of Events 1.0 in a 2.0 user",
    "It is ignored: use the 2.0 name.",
    "developer portal, 2025-09",
)
NO_MATCH_KEY = _complaint(
    "user.no_match_key", "error", _G, "No match key at all", "Send a click ID, e-mail, phone, or IP with user agent."
)
MISSING_USER_AGENT = _complaint(
    "user.agent_missing",
    "warning",
    _O,
    "Missing user agent",
    "Send `ip` and `user_agent` together.",
    "developer portal, 2025-09",
)
PRIVATE_IP = _complaint(
    "user.ip_private",
    "error",
    _O,
    "Private or reserved IP",
    "Send the shopper's public address, never a server's.",
    "developer portal, 2025-09",
)
EXAMPLE_IP = _complaint(
    "user.ip_example", "info", _G, "IP from the documentation ranges", "Fine in tests; nobody has it in life."
)
MALFORMED_IP = _complaint(
    "user.ip_malformed", "error", _O, "Malformed IP", "One IPv4 or IPv6 address.", "developer portal, 2025-09"
)
CLICK_ID_IN_URL_ONLY = _complaint(
    "user.ttclid_in_url_only", "warning", _G, "ttclid in page.url but not in user", "Send it as `user.ttclid`."
)
MISSING_TTP = _complaint("user.ttp_missing", "info", _G, "Missing ttp", "Send the value of the `_ttp` cookie.")
MISSING_PAGE = _complaint(
    "page.url_missing", "warning", _O, "Missing page.url", "Web events say their page.", "developer portal, 2025-09"
)
MISSING_VALUE = _complaint(
    "properties.value_missing",
    "error",
    _O,
    "Missing value on Purchase",
    "Send the order's total.",
    "help centre, about parameters",
)
MISSING_CURRENCY = _complaint(
    "properties.currency_missing",
    "error",
    _O,
    "Missing currency on Purchase",
    "Send `value` with `currency`.",
    "help centre, about parameters",
)
UNLISTED_CURRENCY = _complaint(
    "properties.currency_unlisted", "warning", _G, "Unsupported currency", "TikTok lists 62 codes."
)
CURRENCY_CASE = _complaint(
    "properties.currency_case", "warning", _G, "Currency not in upper case", "ISO 4217 in capitals."
)
VALUE_MISMATCH = _complaint(
    "properties.value_mismatch",
    "info",
    _G,
    "value is not the sum of price x quantity",
    "Right if shipping, tax or a discount explains it; wrong if it is a unit price or cents.",
)
NEGATIVE_VALUE = _complaint("properties.value_negative", "warning", _G, "Negative value", "Refunds are not events.")
NUMERIC_TEXT = _complaint("event.numeric_text", "info", _G, "Number sent as text", "Send a JSON number.")
MISSING_CONTENT_ID = _complaint(
    "properties.content_id_missing",
    "warning",
    _O,
    "Missing content_id",
    "Each item says its id in the catalogue.",
    "help centre, web diagnostics, 2023-08",
)
MISSING_CONTENT_TYPE = _complaint(
    "properties.content_type_missing", "warning", _G, "Missing content_type", "`product` or `product_group`."
)
UNKNOWN_CONTENT_TYPE = _complaint(
    "properties.content_type_unknown",
    "warning",
    _O,
    "Unknown content_type",
    "`product` or `product_group`.",
    "developer portal, 2025-09",
)
TOO_OLD = _complaint(
    "event.older_than_28_days",
    "error",
    _T,
    "Event older than 28 days",
    "It is taken, but never attributed.",
    "Amperity and LiveRamp documentation",
)
OLD = _complaint("event.older_than_7_days", "info", _G, "Event older than 7 days", "Beyond the default click window.")
FUTURE = _complaint("event.in_future", "error", _G, "Event in the future", "Check the sender's clock and zone.")
MISSING_SLASH = _complaint("request.slash", "info", _G, "Path without its last slash", "Official paths end with one.")
CONTENT_TYPE = _complaint(
    "request.content_type", "info", _G, "Content-Type is not application/json", "Send `application/json`."
)
LEGACY_BODY = _complaint(
    "request.legacy_body",
    "error",
    _O,
    "Events 1.0 body on the 2.0 path",
    "Send event_source, event_source_id, data.",
    "developer portal, 2025-09",
)
NON_STRING_ID = _complaint(
    "request.number_as_id",
    "error",
    _T,
    "Non-string id",
    "Ids are text: the request was refused.",
    "Stape issue 10, 2023-03",
)
