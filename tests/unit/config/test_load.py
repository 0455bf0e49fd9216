"""What the loader takes, what it refuses, and what it says then."""

from __future__ import annotations

from pathlib import Path

import phonenumbers
import pytest

from fullcount.clock import ManualClock
from fullcount.config.countries import COUNTRIES
from fullcount.config.load import Loaded, load_settings
from fullcount.config.settings import Browser, Mode
from fullcount.consent.decision import ConsentRule
from fullcount.errors import ConfigError

WHOLE = """
[[pixels]]
name = "store"
code = "CEXAMPLE0PIXEL000001"
access_token = "env:TIKTOK_ACCESS_TOKEN"

[[sources]]
name = "backend"
key = "env:BACKEND_KEY"
pixels = ["store"]
"""
ENVIRON = {"TIKTOK_ACCESS_TOKEN": "test-token", "BACKEND_KEY": "test-key-of-the-backend"}


def load(folder: Path, text: str, **environ: str) -> Loaded:
    """Load `text` as the settings file of `folder`."""
    file = folder / "fullcount.toml"
    file.write_text(text, encoding="utf-8")
    return load_settings(file, ENVIRON | environ)


def refusal(folder: Path, text: str, **environ: str) -> ConfigError:
    """Return what the loader says of a text that it must refuse."""
    with pytest.raises(ConfigError) as caught:
        load(folder, text, **environ)
    return caught.value


def test_a_whole_file_is_taken_without_a_word(tmp_path: Path) -> None:
    """Secrets are resolved, what was left out has its default, and nothing is warned of."""
    loaded = load(tmp_path, WHOLE)

    assert loaded.warnings == ()
    assert loaded.path == tmp_path / "fullcount.toml"
    assert loaded.settings.pixels[0].access_token == "test-token"
    assert loaded.settings.sources[0].key == ("test-key-of-the-backend",)
    assert loaded.settings.sources[0].consent is ConsentRule.SENDER_VOUCHES
    assert loaded.settings.sources[0].mode is Mode.LIVE


def test_the_store_lies_beside_the_settings_file(tmp_path: Path) -> None:
    """A relative store counts from the file's folder, not from where the process was started."""
    assert load(tmp_path, WHOLE).settings.storage.path == tmp_path / "var" / "fullcount.db"


def test_a_source_of_a_pixel_with_a_foreign_browser_half_observes_first(tmp_path: Path) -> None:
    """Where another party sends the browser half, a source without a mode starts in observe."""
    other = WHOLE.replace("[[sources]]", 'browser = "other"\n[[sources]]')

    assert load(tmp_path, other).settings.pixels[0].browser is Browser.OTHER
    assert load(tmp_path, other).settings.sources[0].mode is Mode.OBSERVE
    assert load(tmp_path, other + 'mode = "live"').settings.sources[0].mode is Mode.LIVE


def test_a_secret_in_the_file_is_taken_with_a_warning(tmp_path: Path) -> None:
    """A literal token works, and the warning names the key but not the token."""
    loaded = load(tmp_path, WHOLE.replace("env:TIKTOK_ACCESS_TOKEN", "test-literal-token"))

    assert loaded.settings.pixels[0].access_token == "test-literal-token"
    assert "pixels[0].access_token" in loaded.warnings[0]
    assert "test-literal-token" not in loaded.warnings[0]


def test_a_secret_may_stand_in_a_file_of_its_own(tmp_path: Path) -> None:
    """`file:` counts from the settings file and loses the newline at its end."""
    (tmp_path / "token").write_text("test-token-from-a-file\n", encoding="utf-8")
    loaded = load(tmp_path, WHOLE.replace("env:TIKTOK_ACCESS_TOKEN", "file:token"))

    assert loaded.settings.pixels[0].access_token == "test-token-from-a-file"
    assert loaded.warnings == ()


def test_what_stands_around_a_secret_is_cut_off(tmp_path: Path) -> None:
    """A space or line end that was pasted along is no part of a token, wherever the token is kept."""
    (tmp_path / "token").write_text(" test-token-from-a-file \r\n", encoding="utf-8")
    from_file = load(tmp_path, WHOLE.replace("env:TIKTOK_ACCESS_TOKEN", "file:token"))
    literal = load(tmp_path, WHOLE.replace("env:TIKTOK_ACCESS_TOKEN", " test-token "))

    assert from_file.settings.pixels[0].access_token == "test-token-from-a-file"
    assert literal.settings.pixels[0].access_token == "test-token"


def test_a_file_of_a_secret_with_a_line_break_in_it_is_refused(tmp_path: Path) -> None:
    """Two lines are no token: no header could carry them."""
    (tmp_path / "token").write_text("test-token\nof two lines\n", encoding="utf-8")
    error = refusal(tmp_path, WHOLE.replace("env:TIKTOK_ACCESS_TOKEN", "file:token"))

    assert error.where == "pixels[0].access_token"
    assert "line break" in error.what
    assert "two lines" not in str(error)


def test_a_test_code_whose_time_is_over_is_warned_of(tmp_path: Path) -> None:
    """From test_until on the source's events are live, which an operator with a test code may not expect."""
    file = tmp_path / "fullcount.toml"
    text = WHOLE + 'test_event_code = "TEST12345"\ntest_until = "2026-12-01T12:00:00Z"'
    file.write_text(text, encoding="utf-8")
    end = 1_796_126_400.0  # 2026-12-01 12:00 UTC

    assert load_settings(file, ENVIRON, clock=ManualClock(end - 1)).warnings == ()
    (warning,) = load_settings(file, ENVIRON, clock=ManualClock(end)).warnings
    assert "sources[0].test_until: it is past" in warning


def test_several_keys_open_a_source_while_it_is_being_changed(tmp_path: Path) -> None:
    """A list of keys is resolved one by one."""
    loaded = load(
        tmp_path,
        WHOLE.replace('"env:BACKEND_KEY"', '["env:BACKEND_KEY", "env:NEW_KEY"]'),
        NEW_KEY="test-key-number-two",
    )

    assert loaded.settings.sources[0].key == ("test-key-of-the-backend", "test-key-number-two")


def test_without_secrets_nothing_needs_to_be_exported(tmp_path: Path) -> None:
    """Who only reads the store needs no token, and gets none."""
    file = tmp_path / "fullcount.toml"
    file.write_text(WHOLE, encoding="utf-8")
    loaded = load_settings(file, {}, with_secrets=False)

    assert loaded.settings.pixels[0].access_token == ""
    assert loaded.settings.sources[0].key == ()
    assert loaded.settings.pixels[0].code == "CEXAMPLE0PIXEL000001"


def test_a_moment_needs_no_quotes(tmp_path: Path) -> None:
    """TOML's own date-time and the quoted one mean the same."""
    test = WHOLE + 'test_event_code = "TEST12345"\ntest_until = '
    bare = load(tmp_path, test + "2026-12-01T12:00:00Z").settings.sources[0].test_until
    quoted = load(tmp_path, test + '"2026-12-01T12:00:00+00:00"').settings.sources[0].test_until

    assert bare == quoted


def test_no_repr_shows_a_secret(tmp_path: Path) -> None:
    """The settings, their pixels and their sources can be printed without telling a token or key."""
    settings = load(tmp_path, WHOLE).settings

    assert "test-" not in f"{settings!r} {settings.pixels!r} {settings.sources!r}"


REFUSED = [
    ("[server]\nprot = 1", "server.prot", 'no key "prot"', 'did you mean "port"?'),
    ("port = 8080", "port", 'no key "port"', "it belongs under [server]"),
    ('[[pixel]]\nname = "x"', "pixel", 'no table "pixel"', 'did you mean "pixels"?'),
    ("server = 3", "server", "must be a table", "[server]"),
    ("pixels = 3", "pixels", "table of its own", "[[pixels]]"),
    ('[server]\nport = "8080"', "server.port", "expected a whole number, got text", "port = 8080"),
    ("[server]\nport = 70000", "server.port", "<= 65535", "port = 8080"),
    ('[server]\ntrusted_proxies = "127.0.0.1"', "server.trusted_proxies", "expected a list", '["127.0.0.1"]'),
    ('[server]\ntrusted_proxies = ["proxy"]', "server.trusted_proxies[0]", "not an address", "10.0.0.0/8"),
    ("[tiktok]\ngzip = 1", "tiktok.gzip", "true or false", "gzip = false"),
    ("[tiktok]\ntimeout_seconds = 0", "tiktok.timeout_seconds", "> 0", "timeout_seconds = 10.0"),
    ("[tiktok]\ntimeout_seconds = 30.5", "tiktok.timeout_seconds", "lease_seconds (120)", "at most 30"),
    ("[delivery]\nlease_seconds = 39", "tiktok.timeout_seconds", "sent again for ever", "at least 40"),
    ("[tiktok]\ndedup_hours = 72", "tiktok.dedup_hours", "<= 48", "dedup_hours = 47.0"),
    ('[tiktok]\nbase_url = "business-api.tiktok.com"', "tiktok.base_url", "not the address", "https://"),
    ('[tiktok]\nbase_url = "http://[x"', "tiktok.base_url", "not the address", "https://"),
    ('[tiktok]\nbase_url = "http://127.0.0.1:99999"', "tiktok.base_url", "not the address", "https://"),
    ('[tiktok]\nbase_url = "http://127.0.0.1\\n:8090"', "tiktok.base_url", "not the address", "https://"),
    ('[tiktok]\nbase_url = "https://user@host.example"', "tiktok.base_url", "not the address", "https://"),
    (
        '[tiktok]\nbase_url = "https://business-api.tiktok.com/open_api/v1.3/event/track/"',
        "tiktok.base_url",
        "not the address",
        "without a path",
    ),
    ("[server]\nport = " + "9" * 5_000, "fullcount.toml", "not TOML", "brackets"),
    ("server = " + "[" * 5_000 + "]" * 5_000, "fullcount.toml", "nested too deep", "plain keys"),
    ("[delivery]\nmax_events = 5000", "delivery.max_events", "<= 1000", "max_events = 1000"),
    ('[storage]\nurl = "postgres://db/x"', "storage.url", "not a store", "sqlite:var/fullcount.db"),
    ('[log]\nlevel = "loud"', "log.level", "words that fit", "debug, info"),
    ('[log]\nformat = "xml"', "log.format", "words that fit", "json, console"),
    ('[consent.consent_regions]\nBR = "maybe"', "consent.consent_regions.BR", "words that fit", "opt_in, opt_out"),
    ('[consent.consent_regions]\nBrazil = "opt_in"', "consent.consent_regions.Brazil", "not a country", "two capital"),
    ("[server", "fullcount.toml", "not TOML", "brackets"),
]


@pytest.mark.parametrize(("text", "where", "what", "fix"), REFUSED, ids=[case[1] + case[2][:12] for case in REFUSED])
def test_what_does_not_fit_is_refused_with_path_and_fix(
    tmp_path: Path, text: str, where: str, what: str, fix: str
) -> None:
    """An unknown key or a bad value names where it stands, what is wrong and what would fit."""
    error = refusal(tmp_path, text if text.startswith("pixels") else f"{text}\n{WHOLE}")

    assert error.where.endswith(where)
    assert what in error.what
    assert fix in error.fix


REPLACED = [
    ('code = "CEXAMPLE0PIXEL000001"', "", "pixels[0]", '"code" is missing', "code ="),
    ('name = "store"', 'name = "the store"', "pixels[0].name", "usable name", "letters"),
    (
        'name = "store"',
        'name = "store"\nbrowser = "ours"',
        "pixels[0].browser",
        "words that fit",
        "snippet, other, none",
    ),
    ('name = "store"', 'name = "store"\nhold_seconds = 300', "pixels[0].hold_seconds", "<= 240", "hold_seconds = 20.0"),
    (
        'name = "store"',
        'name = "store"\npurchase_name = "Order"',
        "pixels[0].purchase_name",
        "words",
        "CompletePayment",
    ),
    (
        'name = "store"',
        'name = "store"\nmerge_events = ["CompletePayment"]',
        "pixels[0].merge_events",
        "old",
        "Purchase",
    ),
    ('pixels = ["store"]', 'pixels = ["stor"]', "sources[0].pixels", "no pixel named", 'did you mean "store"?'),
    ('pixels = ["store"]', "pixels = []", "sources[0].pixels", "names no pixel", "store"),
    ('pixels = ["store"]', 'pixels = ["store", "store"]', "sources[0].pixels", "twice", "once"),
    ('pixels = ["store"]', 'pixels = ["store"]\nconsent = "yes"', "sources[0].consent", "words that fit", "by_region"),
    (
        'pixels = ["store"]',
        'pixels = ["store"]\ndefault_country = "XX"',
        "sources[0].default_country",
        "country",
        '"US"',
    ),
    ('pixels = ["store"]', 'pixels = ["store"]\ntest_until = "soon"', "sources[0].test_until", "moment", "2026-12-01T"),
    ('pixels = ["store"]', 'pixels = ["store"]\nkinds = "json"', "sources[0].kinds", 'no key "kinds"', '"kind"'),
    ('pixels = ["store"]', 'pixels = ["store"]\nevent_id = "{order}"', "sources[0].event_id", "{order}", "{order_id}"),
    ('pixels = ["store"]', 'pixels = ["store"]\nkind = ["json"]', "sources[0].kind", "words that fit", "json, tiktok"),
    ('"env:BACKEND_KEY"', '"test-key\\nof-the-backend"', "sources[0].key", "line break", "copy it again"),
    ('"env:BACKEND_KEY"', '"test-kü“"', "sources[0].key", "no HTTP header takes", "copy it again"),
    ('"env:BACKEND_KEY"', "[]", "sources[0].key", "no key", "env:BACKEND_KEY"),
    ('"env:BACKEND_KEY"', '""', "sources[0].key", "empty", "env:NAME"),
    ('"env:BACKEND_KEY"', '"env:NOWHERE"', "sources[0].key", "no NOWHERE", "export NOWHERE"),
    ("env:TIKTOK_ACCESS_TOKEN", "file:nowhere", "pixels[0].access_token", "nowhere cannot be read", "make the file"),
]


@pytest.mark.parametrize("case", REPLACED, ids=[f"{case[2]}: {case[3]}" for case in REPLACED])
def test_a_mistake_in_a_pixel_or_source_is_refused_with_path_and_fix(
    tmp_path: Path, case: tuple[str, str, str, str, str]
) -> None:
    """The path counts the tables from 0, as the environment twins do."""
    old, new, where, what, fix = case
    error = refusal(tmp_path, WHOLE.replace(old, new, 1))

    assert error.where == where
    assert what in error.what
    assert fix in error.fix


SECOND_PIXEL = '[[pixels]]\nname = "{}"\ncode = "{}"\naccess_token = "env:TIKTOK_ACCESS_TOKEN"\n'
SECOND_SOURCE = '[[sources]]\nname = "{}"\nkey = "env:{}"\npixels = ["store"]\n'


@pytest.mark.parametrize(
    ("more", "where", "what"),
    [
        (SECOND_PIXEL.format("store", "CEXAMPLE0PIXEL000002"), "pixels[1].name", "pixels[0] has the same name"),
        (SECOND_PIXEL.format("outlet", "CEXAMPLE0PIXEL000001"), "pixels[1].code", "pixels[0] has the same code"),
        (SECOND_SOURCE.format("backend", "OTHER_KEY"), "sources[1].name", "sources[0] has the same name"),
        (SECOND_SOURCE.format("shop", "BACKEND_KEY"), "sources[1].key", "opens backend"),
    ],
)
def test_names_codes_and_keys_are_used_once(tmp_path: Path, more: str, where: str, what: str) -> None:
    """Two pixels or sources never share a name, a code or a key."""
    error = refusal(tmp_path, WHOLE + more, OTHER_KEY="test-key-of-another")

    assert error.where == where
    assert what in error.what


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[tiktok]\nbase_url = "http://192.0.2.7"' + WHOLE, "unencrypted"),
        (WHOLE.partition("[[sources]]")[0], "nothing can come in"),
        (WHOLE + SECOND_PIXEL.format("outlet", "CEXAMPLE0PIXEL000002"), "no source sends to outlet"),
        (WHOLE + "test_until = 2026-12-01T12:00:00Z", "does nothing"),
        (WHOLE.replace("env:BACKEND_KEY", "env:SHORT"), "can be guessed"),
        (WHOLE.replace("code =", 'browser = "snippet"\ncode ='), "wait hold_seconds and go alone"),
        (
            WHOLE.replace("code =", 'browser = "snippet"\nserver_half_missing = "withhold"\ncode =')
            + 'kind = "browser"\n',
            "nothing of merge_events is ever sent",
        ),
    ],
)
def test_what_is_probably_not_meant_is_taken_with_a_warning(tmp_path: Path, text: str, said: str) -> None:
    """A setting that works but is likely a mistake is named once."""
    loaded = load(tmp_path, text, SHORT="k")

    assert sum(said in warning for warning in loaded.warnings) == 1


def test_an_emulator_on_this_machine_needs_no_encryption(tmp_path: Path) -> None:
    """Plain http to loopback is not warned of."""
    assert load(tmp_path, '[tiktok]\nbase_url = "http://127.0.0.1:8090"' + WHOLE).warnings == ()


@pytest.mark.parametrize(("said", "code"), [("UK", "GB"), ("EL", "GR"), ("us", "US"), ("XK", "XK")])
def test_a_country_may_be_said_as_shops_say_it(tmp_path: Path, said: str, code: str) -> None:
    """What shops call a country becomes its ISO code, by which phone numbers and consent rules know it."""
    regions = f'[consent.consent_regions]\n{said} = "opt_in"\n'
    settings = load(tmp_path, f'{regions}{WHOLE}default_country = "{said}"').settings

    assert settings.sources[0].default_country == code
    assert settings.consent.consent_regions == {code: "opt_in"}


def test_every_country_with_phone_numbers_is_one(tmp_path: Path) -> None:
    """The list lacks no region that the phone metadata knows, but two that are parts of Saint Helena."""
    assert frozenset(phonenumbers.SUPPORTED_REGIONS) - COUNTRIES == {"AC", "TA"}
    assert len(COUNTRIES) == 250
    assert load(tmp_path, f'{WHOLE}default_country = "GB"').warnings == ()


def test_a_region_whose_law_is_known_cannot_be_changed(tmp_path: Path) -> None:
    """Where a grant is needed by law a rule of the file's own has no effect, and that is said."""
    regions = '[consent.consent_regions]\nDE = "opt_out"\nUK = "opt_out"\nUS = "opt_in"\nBR = "opt_out"\n'
    warnings = load(tmp_path, regions + WHOLE).warnings

    assert [warning.partition(":")[0] for warning in warnings] == [
        "consent.consent_regions.DE",
        "consent.consent_regions.UK",
    ]


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    """A wrong --config says which file and how to make one."""
    with pytest.raises(ConfigError, match=r"absent\.toml: there is no such file.*fullcount init"):
        load_settings(tmp_path / "absent.toml", {})


def test_nothing_at_all_says_how_to_begin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a file and without an environment the way to a first file is named."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError, match="fullcount init"):
        load_settings(None, {"PATH": "/bin"})


def test_the_file_may_be_named_by_the_environment(tmp_path: Path) -> None:
    """$FULLCOUNT_CONFIG stands for --config."""
    file = tmp_path / "shop.toml"
    file.write_text(WHOLE, encoding="utf-8")

    assert load_settings(None, ENVIRON | {"FULLCOUNT_CONFIG": str(file)}).path == file


def test_a_file_in_another_charset_is_refused(tmp_path: Path) -> None:
    """The byte that is not UTF-8 is named."""
    file = tmp_path / "fullcount.toml"
    file.write_bytes(b'[log]\nlevel = "\xe9"')
    with pytest.raises(ConfigError, match="byte 15 is not UTF-8"):
        load_settings(file, {})
