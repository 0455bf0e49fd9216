"""From the file's plain tables to typed settings; what does not fit is refused with its path and its fix."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from typing import Any

import msgspec

from fullcount.config.refusal import is_missing, missing_key, refused_value, split_message
from fullcount.config.schema import SECTIONS, TABLES, keys_of, mend_key
from fullcount.config.settings import Kind, Settings
from fullcount.consent.decision import ConsentRule
from fullcount.errors import ConfigError

# What a source of each kind says of a consent that is missing, where its table does not say it.
DEFAULT_CONSENT: dict[str, ConsentRule] = {
    Kind.JSON: ConsentRule.SENDER_VOUCHES,
    Kind.TIKTOK: ConsentRule.SENDER_VOUCHES,
}
_PLACE = re.compile(r"^(?P<table>\w+)(?:\[(?P<index>\d+)\])?(?:\.(?P<key>\w+))?")


def decode(raw: Mapping[str, Any], origins: Mapping[str, str]) -> Settings:
    """Return the settings that the tables hold; `origins` names the variable that set a path.

    Raises:
        ConfigError: an unknown table or key, a missing key, or a value that does not fit.
    """
    _refuse_unknown(raw, origins)
    try:
        return msgspec.convert(_prepared(raw), Settings)
    except msgspec.ValidationError as error:
        raise _reworded(str(error), origins) from None


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
    known = keys_of((SECTIONS | TABLES)[table])
    for key in row:
        if key not in known:
            path = f"{place}.{key}"
            raise ConfigError(f'there is no key "{key}"', where=origins.get(path, path), fix=mend_key(table, key))


def _prepared(raw: Mapping[str, Any]) -> dict[str, Any]:
    sources = [
        {"consent": _default_consent(row.get("kind", Kind.JSON)), **_without_dates(row)}
        for row in raw.get("sources", [])
    ]
    return {**raw, "sources": sources} if sources else dict(raw)


def _default_consent(kind: object) -> ConsentRule:
    # A kind of the wrong type is refused when the whole is read.
    return DEFAULT_CONSENT.get(kind, ConsentRule.BY_REGION) if isinstance(kind, str) else ConsentRule.BY_REGION


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
