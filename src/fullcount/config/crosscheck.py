"""Settings that fit each by itself but not together, or not with the world: refused, or taken with a warning."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator

from fullcount.config.address import address_of, is_loopback
from fullcount.config.countries import checked_country, checked_place
from fullcount.config.moment import moment_of
from fullcount.config.schema import nearest
from fullcount.config.settings import Browser, MissingHalf, Pixel, Settings, Source, Storage, TikTok
from fullcount.consent.regions import NEEDS_GRANT
from fullcount.errors import ConfigError
from fullcount.events.countries import country_code
from fullcount.events.event_id import parse_template
from fullcount.events.names import canonical_name, name_problem
from fullcount.events.problems import Severity
from fullcount.sources.catalogue import parse_item_template
from fullcount.sources.registry import SENDERS
from fullcount.sources.sender import Neighbour, Rules

PIXEL_FIX = "add a [[pixels]] table; or move the file away, and fullcount init writes another"
PURCHASE_NAMES = ("CompletePayment", "Purchase")
LEAD_NAMES = ("Lead", "SubmitForm")
CONTENT_TYPES = ("product", "product_group")
LOG_LEVELS = ("debug", "info", "warning", "error")
REGION_RULES = ("opt_in", "opt_out")
LEASE_SHARE = 4  # a request may begin until only this fraction of its lease is left, and must end within it
SHORT_KEY = 16  # characters; anyone who guesses a write key can send purchases


def refuse_contradictions(settings: Settings) -> None:
    """Check what holds between settings.

    Raises:
        ConfigError: the first contradiction found, with its path and fix.
    """
    _check_server(settings)
    _check_storage(settings.storage)
    _base_url_host(settings.tiktok)
    _check_lease(settings)
    for country, rule in settings.consent.consent_regions.items():
        path = f"consent.consent_regions.{country}"
        checked_place(country, path)
        _check_word(rule, REGION_RULES, path)
    _check_word(settings.log.level, LOG_LEVELS, "log.level")
    if not settings.pixels:
        raise ConfigError("there is no pixel", where="pixels", fix=PIXEL_FIX)
    _refuse_repeats("pixels", "name", [pixel.name for pixel in settings.pixels])
    _refuse_repeats("pixels", "code", [pixel.code for pixel in settings.pixels])
    for index, pixel in enumerate(settings.pixels):
        _check_pixel(pixel, f"pixels[{index}]")
    _refuse_repeats("sources", "name", [source.name for source in settings.sources])
    for index, source in enumerate(settings.sources):
        _check_source(source, f"sources[{index}]", settings)
    _check_keys(settings)


def warnings_of(settings: Settings, now: float) -> Iterator[str]:
    """Yield what is allowed but probably not meant at `now` (Unix seconds), one line each."""
    if not settings.sources:
        yield "sources: there is none, so nothing can come in. Fix: add a [[sources]] table"
    for country in settings.consent.consent_regions:
        if country_code(country) in NEEDS_GRANT:
            path = f"consent.consent_regions.{country}"
            yield f"{path}: does nothing, as a grant is needed there by law. Fix: take it out"
    host = _base_url_host(settings.tiktok)
    if settings.tiktok.base_url.lower().startswith("http:") and not is_loopback(host):
        yield f"tiktok.base_url: access tokens travel unencrypted to {host}. Fix: use https://"
    for index, source in enumerate(settings.sources):
        yield from _warnings_of_source(source, f"sources[{index}]", now)
    for index, pixel in enumerate(settings.pixels):
        if not any(pixel.name in source.pixels for source in settings.sources):
            yield f"pixels[{index}]: no source sends to {pixel.name}. Fix: add it to a source's pixels"
        brings = any(source.kind == "browser" and pixel.name in source.pixels for source in settings.sources)
        if pixel.browser is Browser.SNIPPET and not brings:
            said = "no source of the kind browser brings its half, so merge_events wait hold_seconds and go alone"
            yield f'pixels[{index}].browser: {said}. Fix: add a [[sources]] table with kind = "browser"'
        tells = any(source.kind != "browser" and pixel.name in source.pixels for source in settings.sources)
        if pixel.browser is Browser.SNIPPET and pixel.server_half_missing is MissingHalf.WITHHOLD and not tells:
            said = "no source tells of the server's half, so that nothing of merge_events is ever sent"
            yield f'pixels[{index}].server_half_missing: {said}. Fix: "send", or add the shop\'s own source'


def _warnings_of_source(source: Source, path: str, now: float) -> Iterator[str]:
    if not is_key_public(source) and any(len(key) < SHORT_KEY for key in keys_of_source(source)):
        yield f"{path}.key: shorter than {SHORT_KEY} characters, so it can be guessed. Fix: use a longer one"
    if source.test_until and not source.test_event_code:
        yield f"{path}.test_until: does nothing without test_event_code. Fix: take it out, or add the code"
    elif source.test_until and moment_of(source.test_until, f"{path}.test_until") <= now:
        yield f"{path}.test_until: it is past, so its events are live. Fix: take the code out, or set it later"


def keys_of_source(source: Source) -> tuple[str, ...]:
    """Return a source's keys, one or several."""
    return (source.key,) if isinstance(source.key, str) else source.key


def is_key_public(source: Source) -> bool:
    """Say whether a source's key is no secret."""
    return source.kind in SENDERS and SENDERS[source.kind].is_key_public


def _check_server(settings: Settings) -> None:
    for index, proxy in enumerate(settings.server.trusted_proxies):
        try:
            ipaddress.ip_network(proxy, strict=False)
        except ValueError:
            raise ConfigError(
                "not an address or a network",
                where=f"server.trusted_proxies[{index}]",
                fix='write it as "127.0.0.1" or "10.0.0.0/8"',
            ) from None


def _check_storage(storage: Storage) -> None:
    scheme, _, rest = storage.url.partition(":")
    if scheme != "sqlite" or not rest or rest.startswith("//"):
        raise ConfigError(
            "not a store that we know",
            where="storage.url",
            fix='write it as "sqlite:var/fullcount.db"; the path is relative to the settings file',
        )


def _check_lease(settings: Settings) -> None:
    """Refuse a deadline that outlives the lease: such an answer is never stored, and its batch is sent for ever."""
    timeout, lease = settings.tiktok.timeout_seconds, settings.delivery.lease_seconds
    if timeout * LEASE_SHARE > lease:
        raise ConfigError(
            f"an answer may outlive delivery.lease_seconds ({lease:g}), and its batch is then sent again for ever",
            where="tiktok.timeout_seconds",
            fix=f"at most {lease / LEASE_SHARE:g}, or delivery.lease_seconds at least {timeout * LEASE_SHARE:g}",
        )


def _base_url_host(tiktok: TikTok) -> str:
    parts = address_of(tiktok.base_url)
    if parts is None or parts.path.strip("/") or parts.query or parts.fragment or parts.username is not None:
        raise ConfigError(
            "not the address of a host",
            where="tiktok.base_url",
            fix=f'write it as "{TikTok().base_url}", without a path',
        )
    return parts.hostname or ""


def _check_pixel(pixel: Pixel, path: str) -> None:
    _check_word(pixel.purchase_name, PURCHASE_NAMES, f"{path}.purchase_name")
    _check_word(pixel.lead_name, LEAD_NAMES, f"{path}.lead_name")
    for key, names in (("merge_events", pixel.merge_events), ("server_events", pixel.server_events)):
        for name in names:
            if canonical_name(name) != name:
                raise ConfigError(
                    f'"{name}" is an old name',
                    where=f"{path}.{key}",
                    fix=f'write "{canonical_name(name)}"; it means both',
                )


def _check_source(source: Source, path: str, settings: Settings) -> None:
    known = [pixel.name for pixel in settings.pixels]
    if not source.pixels:
        raise ConfigError("it names no pixel", where=f"{path}.pixels", fix=f"name one or several of {', '.join(known)}")
    for name in source.pixels:
        if name not in known:
            fix = nearest(name, known) or f"name one of {', '.join(known)}"
            raise ConfigError(f'there is no pixel named "{name}"', where=f"{path}.pixels", fix=fix)
    if len(set(source.pixels)) != len(source.pixels):
        raise ConfigError("it names a pixel twice", where=f"{path}.pixels", fix="name each pixel once")
    if source.default_country is not None:
        checked_country(source.default_country, f"{path}.default_country")
    if source.event_id is not None:
        try:
            parse_template(source.event_id)
        except ConfigError as error:
            raise ConfigError(error.what, where=f"{path}.event_id", fix=error.fix) from None
    _check_catalogue(source, path)
    _check_neighbours(source, path, settings)
    if source.test_until is not None:
        moment_of(source.test_until, f"{path}.test_until")
    if source.test_event_code is not None and not source.test_event_code.strip():
        raise ConfigError(
            "the code is empty", where=f"{path}.test_event_code", fix="take it out, or copy it from Test Events"
        )


def _check_catalogue(source: Source, path: str) -> None:
    try:
        parse_item_template(source.content_id)
    except ConfigError as error:
        raise ConfigError(error.what, where=f"{path}.content_id", fix=error.fix) from None
    _check_word(source.content_type, CONTENT_TYPES, f"{path}.content_type")
    named = [(f"{path}.names.{said}", name) for said, name in source.names.items() if name]
    if source.refund_event is not None:
        named.append((f"{path}.refund_event", source.refund_event))
    for where, name in named:
        problem = name_problem(name)
        if problem is not None and problem.severity is Severity.FATAL:
            raise ConfigError(problem.reason, where=where, fix=problem.fix)


def _check_neighbours(source: Source, path: str, settings: Settings) -> None:
    sender = SENDERS.get(source.kind)
    if sender is None:
        return
    neighbours = [
        Neighbour(other.name, other.kind)
        for other in settings.sources
        if other.name != source.name and set(other.pixels) & set(source.pixels)
    ]
    rules = Rules(name=source.name, options=source.options, id_template=source.event_id)
    if said := sender.contradiction(rules, neighbours):
        what, _, fix = said.partition(". Fix: ")
        raise ConfigError(what, where=path, fix=fix)


def _check_keys(settings: Settings) -> None:
    owners: dict[str, str] = {}
    for index, source in enumerate(settings.sources):
        path = f"sources[{index}].key"
        if not source.key:
            raise ConfigError("there is no key", where=path, fix='write it as "env:BACKEND_KEY"')
        for key in keys_of_source(source):
            if key in owners:
                raise ConfigError(
                    f"the same key opens {owners[key]}", where=path, fix="give each source a key of its own"
                )
            owners[key] = source.name


def _check_word(word: str, known: tuple[str, ...], path: str) -> None:
    if word not in known:
        raise ConfigError("not one of the words that fit here", where=path, fix=f"one of {', '.join(known)}")


def _refuse_repeats(table: str, key: str, values: list[str]) -> None:
    for index, value in enumerate(values):
        if value in values[:index]:
            raise ConfigError(
                f"{table}[{values.index(value)}] has the same {key}",
                where=f"{table}[{index}].{key}",
                fix=f"give each of the [[{table}]] its own {key}",
            )


def observes_by_default(source: Source, pixels: dict[str, Pixel]) -> bool:
    """Say whether a source without a mode of its own only observes: one of its pixels has a browser half of others."""
    return any(pixels[name].browser is Browser.OTHER for name in source.pixels)
