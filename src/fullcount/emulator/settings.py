"""What can be set about the emulator: every rule that is a guess and matters has a switch here."""

from __future__ import annotations

import msgspec


class EmulatorSettings(msgspec.Struct, frozen=True, kw_only=True):
    """How the emulator answers where TikTok's behaviour is unknown, and how much it remembers."""

    requests_per_second: int = 1_000  # for each token; 0: no limit
    max_body_bytes: int = 1_000_000
    max_events: int = 1_000
    max_legacy_events: int = 50
    dedup_window_seconds: float = 48 * 3600.0
    dedup_window_includes_its_end: bool = True
    merge_window_seconds: float = 300.0
    merge_window_includes_its_end: bool = True
    alias_events: bool = False  # CompletePayment and Purchase share a key
    http_status_errors: bool = False  # 400, 401, 429 in place of 200
    accept_legacy_body: bool = False  # a 1.0 body on the 2.0 path
    accept_gzip: bool = False
    refuse_missing_event_id: bool = False
    refuse_missing_page: bool = False
    refuse_missing_user: bool = False
    partial_success: bool = False  # take the good events of a bad batch and answer 20001
    rename_events: bool = True  # the pixel sends Purchase as CompletePayment, and other names as TikTok's did in 2024
    ttclid_cookie_seconds: int = 86_400
    click_window_days: float = 7.0  # TikTok offers 0 (off), 1, 7, 14 and 28
    view_window_days: float = 1.0  # TikTok offers 0 (off), 1 and 7
    population: int = 0
    seed: int = 1
    remote_ads: bool = False  # an ad may lead off this machine
    requests_kept: int = 10_000
    request_bytes_kept: int = 128_000_000
    test_events_kept: int = 10_000
    diagnostics_kept: int = 5_000
    touches_kept: int = 100_000
