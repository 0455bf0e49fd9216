"""From the file's plain tables to typed settings; what does not fit is refused with its path and its fix."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from typing import Any

import msgspec

from fullcount.config.refusal import is_missing, missing_key, refused_value, split_message
from fullcount.config.schema import SECTIONS, TABLES, keys_of, mend_key, options_of
from fullcount.config.settings import Settings
from fullcount.errors import ConfigError
from fullcount.sources.registry import KINDS, OWN_KINDS, default_consent
from fullcount.sources.sender import Options

_PLACE = re.compile(r"^(?P<table>\w+)(?:\[(?P<index>\d+)\])?(?:\.(?P<key>\w+))?")


def decode(raw: Mapping[str, Any], origins: Mapping[str, str]) -> Settings:
    """Return the settings that the tables hold; `origins` names the variable that set a path.

    Raises:
        ConfigError: an unknown table or key, a missing key, or a value that does not fit.
    """
    _refuse_unknown(raw, origins)
    tables = {**raw, "sources": [_without_dates(row) for row in raw.get("sources", [])]}
    options = [_taken_options(row, f"sources[{index}]", origins) for index, row in enumerate(tables["sources"])]
    try:
        settings = msgspec.convert(tables, Settings)
    except msgspec.ValidationError as error:
        raise _reworded(str(error), origins) from None
    sources = (
        msgspec.structs.replace(source, options=held) for source, held in zip(settings.sources, options, strict=True)
    )
    return msgspec.structs.replace(settings, sources=tuple(sources))


def _refuse_unknown(raw: Mapping[str, Any], origins: Mapping[str, str]) -> None:
    for table, held in raw.items():
        if table not in SECTIONS and table not in TABLES:
            kind = "table" if isinstance(held, dict | list) else "key"
            raise ConfigError(f'there is no {kind} "{table}"', where=table, fix=mend_key("", table))
        if table in TABLES and not (isinstance(held, list) and all(isinstance(row, dict) for row in held)):
            raise ConfigError(
                "this must be a table of its own", where=table, fix=f"write it as [[{table}]], twice bracketed"
            )
        if table in SECTIONS and not isinstance(held, dict):
            raise ConfigError("this must be a table", where=table, fix=f"write it as [{table}] with its keys below")
        rows = {f"{table}[{index}]": row for index, row in enumerate(held)} if table in TABLES else {table: held}
        for place, row in rows.items():
            _refuse_unknown_keys(table, place, row, origins)


def _refuse_unknown_keys(table: str, place: str, row: Mapping[str, Any], origins: Mapping[str, str]) -> None:
    options = options_of(table, row)
    known = {*keys_of((SECTIONS | TABLES)[table]), *options.__struct_fields__}
    for key in row:
        if key not in known:
            path = f"{place}.{key}"
            fix = mend_key(table, key, options)
            raise ConfigError(f'there is no key "{key}"', where=origins.get(path, path), fix=fix)


def _taken_options(row: dict[str, Any], place: str, origins: Mapping[str, str]) -> Options:
    """Take the keys of its kind alone out of a source's row, fill in its kind's consent, and return the keys."""
    kind = row.get("kind", OWN_KINDS[0])
    if kind not in KINDS:
        path = f"{place}.kind"
        where = origins.get(path, path)
        raise ConfigError("not one of the words that fit here", where=where, fix=f"one of {', '.join(KINDS)}")
    row.setdefault("consent", default_consent(kind))
    options = options_of("sources", row)
    given = {key: row.pop(key) for key in options.__struct_fields__ if key in row}
    try:
        return msgspec.convert(given, options)
    except msgspec.ValidationError as error:
        what, path = split_message(str(error))
        where = f"{place}.{is_missing(what) or path}"
        if missing := is_missing(what):
            raise missing_key("sources", missing, where) from None
        key = path.split("[")[0].split(".")[0]
        raise refused_value(
            str(error), where=origins.get(where, where), table="sources", key=key, options=options
        ) from None


def _without_dates(row: Mapping[str, Any]) -> dict[str, Any]:
    # TOML writes a moment with or without quotes; both mean the same here.
    return {key: value.isoformat() if isinstance(value, dt.datetime) else value for key, value in row.items()}


def _reworded(message: str, origins: Mapping[str, str]) -> ConfigError:
    what, path = split_message(message)
    place = _PLACE.match(path)
    table, key = (place["table"], place["key"] or "") if place else ("", "")
    if missing := is_missing(what):
        return missing_key(table, missing, path)
    return refused_value(message, where=origins.get(path, path), table=table, key=key)
