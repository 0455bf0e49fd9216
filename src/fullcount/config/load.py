"""Read `fullcount.toml` and the environment into Settings; an unknown key or a bad value stops everything."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from fullcount.clock import Clock, SystemClock
from fullcount.config.crosscheck import (
    is_key_public,
    keys_of_source,
    observes_by_default,
    refuse_contradictions,
    warnings_of,
)
from fullcount.config.decode import decode
from fullcount.config.environment import overlay
from fullcount.config.option_secrets import secret_options, with_secrets
from fullcount.config.secret import is_literal, resolve_secret, resolve_text
from fullcount.config.settings import Mode, Settings
from fullcount.errors import ConfigError
from fullcount.events.countries import country_code

FILE_NAME = "fullcount.toml"
FILE_VARIABLE = "FULLCOUNT_CONFIG"
DEFAULTS_FILE = Path(__file__).with_name("default.toml")  # every key, commented; a test proves that it is the defaults


class Loaded(msgspec.Struct, frozen=True):
    """The settings, what to tell the operator about them, and the file that they came from (None: environment only)."""

    settings: Settings
    warnings: tuple[str, ...]
    path: Path | None


def load_settings(
    path: Path | None, environ: Mapping[str, str], *, with_secrets: bool = True, clock: Clock | None = None
) -> Loaded:
    """Return the settings of a file and the environment, which wins.

    Without `path` the file is $FULLCOUNT_CONFIG or ./fullcount.toml; without that too the environment must say all.
    Relative paths (the store, `file:` secrets) count from the file's folder. `with_secrets=False` leaves tokens and
    keys empty: enough for whoever only reads the store.

    Raises:
        ConfigError: the file cannot be read, or a setting is unknown, missing, unfit or contradicts another.
    """
    file = _find(path, environ)
    raw = _read(file) if file else {}
    origins = overlay(raw, environ)
    if file is None and not origins:
        raise ConfigError(
            f"there is no {FILE_NAME} here",
            where=str(Path.cwd()),
            fix="run fullcount init, or name the file with --config",
        )
    settings = decode(raw, origins)
    folder = file.resolve().parent if file else Path.cwd()
    literals = [] if with_secrets is False else _literal_secrets(settings, origins)
    settings = _with_secrets(settings, environ, folder) if with_secrets else settings
    refuse_contradictions(settings)
    if not with_secrets:
        return Loaded(_without_secrets(completed(settings, folder)), (), file)
    warnings = (*literals, *warnings_of(settings, (clock or SystemClock()).now()))
    return Loaded(completed(settings, folder), warnings, file)


def _find(path: Path | None, environ: Mapping[str, str]) -> Path | None:
    if path is None and environ.get(FILE_VARIABLE):
        path = Path(environ[FILE_VARIABLE])
    if path is not None:
        return path
    here = Path(FILE_NAME)
    return here if here.exists() else None


def _read(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(
            "there is no such file", where=str(file), fix="run fullcount init, or mend --config"
        ) from None
    except OSError as error:
        raise ConfigError(f"it cannot be read: {error.strerror}", where=str(file), fix="make it readable") from None
    except UnicodeDecodeError as error:
        raise ConfigError(f"byte {error.start} is not UTF-8", where=str(file), fix="save it as UTF-8") from None
    except RecursionError:
        raise ConfigError("it is nested too deep", where=str(file), fix="settings are tables of plain keys") from None
    except ValueError as error:  # TOML's own, or a number with thousands of digits
        raise ConfigError(
            f"not TOML: {error}", where=str(file), fix="text stands in quotes, tables in [brackets]"
        ) from None


def _literal_secrets(settings: Settings, origins: Mapping[str, str]) -> list[str]:
    written: list[tuple[str, tuple[str, ...]]]
    written = [(f"pixels[{i}].access_token", (pixel.access_token,)) for i, pixel in enumerate(settings.pixels)]
    for i, source in enumerate(settings.sources):
        written.append((f"sources[{i}].key", () if is_key_public(source) else keys_of_source(source)))
        for key, form in secret_options(type(source.options)).items():
            if form == "line" and (said := getattr(source.options, key)):
                written.append((f"sources[{i}].{key}", (said,)))
    return [
        f'{path}: the secret itself stands in the file. Fix: write "env:NAME" or "file:PATH"'
        for path, secrets in written
        if path not in origins and any(is_literal(secret) for secret in secrets)
    ]


def _with_secrets(settings: Settings, environ: Mapping[str, str], folder: Path) -> Settings:
    def resolved(written: str, where: str, form: str = "line") -> str:
        resolve = resolve_secret if form == "line" else resolve_text
        return resolve(written, where=where, environ=environ, folder=folder)

    pixels = tuple(
        msgspec.structs.replace(pixel, access_token=resolved(pixel.access_token, f"pixels[{index}].access_token"))
        for index, pixel in enumerate(settings.pixels)
    )
    sources = tuple(
        msgspec.structs.replace(
            source,
            key=tuple(resolved(key, f"sources[{index}].key") for key in keys_of_source(source)),
            options=with_secrets(source.options, _option_resolver(resolved, index)),
        )
        for index, source in enumerate(settings.sources)
    )
    return msgspec.structs.replace(settings, pixels=pixels, sources=sources)


def _option_resolver(resolved: Callable[[str, str, str], str], index: int) -> Callable[[str, str, str], str]:
    return lambda written, key, form: resolved(written, f"sources[{index}].{key}", form)


def _without_secrets(settings: Settings) -> Settings:
    pixels = tuple(msgspec.structs.replace(pixel, access_token="") for pixel in settings.pixels)
    sources = tuple(
        msgspec.structs.replace(source, key=(), options=with_secrets(source.options, lambda *_: ""))
        for source in settings.sources
    )
    return msgspec.structs.replace(settings, pixels=pixels, sources=sources)


def completed(settings: Settings, folder: Path) -> Settings:
    """Return the settings with modes, countries and the store's path as everybody needs them."""
    pixels = {pixel.name: pixel for pixel in settings.pixels}
    sources = tuple(
        msgspec.structs.replace(
            source,
            mode=source.mode or (Mode.OBSERVE if observes_by_default(source, pixels) else Mode.LIVE),
            default_country=country_code(source.default_country),
        )
        for source in settings.sources
    )
    regions = {country_code(country) or country: rule for country, rule in settings.consent.consent_regions.items()}
    return msgspec.structs.replace(
        settings,
        sources=sources,
        consent=msgspec.structs.replace(settings.consent, consent_regions=regions),
        storage=msgspec.structs.replace(settings.storage, url=f"sqlite:{folder / settings.storage.path}"),
    )
