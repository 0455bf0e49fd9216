"""Every key's environment twin: FULLCOUNT_SERVER__PORT, FULLCOUNT_PIXELS__0__CODE (or __STORE__)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, get_origin

import msgspec

from fullcount.config.refusal import refused_value
from fullcount.config.schema import (
    SECTIONS,
    TABLES,
    field_of,
    keys_of,
    mend_key,
    nearest,
    options_of,
    section_of,
    takes_many,
    takes_text,
)
from fullcount.errors import ConfigError
from fullcount.sources.sender import Options

PREFIX = "FULLCOUNT_"
SEPARATOR = "__"  # a variable without it is not a setting
_PLACE = re.compile(r"[0-9]{1,6}")


def overlay(raw: dict[str, Any], environ: Mapping[str, str]) -> dict[str, str]:
    """Write the environment's settings over those of the file, in place.

    Returns:
        The path of each key that was set so ("server.port", "pixels[0].code"), with its variable's name.

    Raises:
        ConfigError: a variable names no key, or its value does not fit.
    """
    origins: dict[str, str] = {}
    for variable in sorted(environ, key=_in_order):
        if not variable.startswith(PREFIX) or SEPARATOR not in variable:
            continue
        table, *rest = variable.removeprefix(PREFIX).split(SEPARATOR)
        name = table.lower()
        if name in SECTIONS:
            path = _set_in_section(raw, name, rest, variable, environ[variable])
        elif name in TABLES:
            path = _set_in_table(raw, name, rest, variable, environ[variable])
        else:
            fix = nearest(name, (*SECTIONS, *TABLES)) or f"the tables are {', '.join((*SECTIONS, *TABLES))}"
            raise ConfigError(f'there is no table "{name}"', where=variable, fix=fix)
        origins[path] = variable
    return origins


def _in_order(variable: str) -> tuple[str, bool, str]:
    """Sort by table and row; in a row the kind comes first, since it says which other keys there are."""
    row, _, key = variable.rpartition(SEPARATOR)
    return row, key != "KIND", key


def _set_in_section(raw: dict[str, Any], name: str, rest: list[str], variable: str, text: str) -> str:
    section = raw.setdefault(name, {})
    key = rest[0].lower()
    if not isinstance(section, dict):
        return name  # of the wrong type in the file; said when the whole is read
    if len(rest) == 2 and key in keys_of(SECTIONS[name]) and get_origin(field_of(SECTIONS[name], key).type) is dict:
        held = section.setdefault(key, {})
        if isinstance(held, dict):
            held[rest[1]] = text
        return f"{name}.{key}.{rest[1]}"
    _one_key(rest, variable, f"{PREFIX}{name.upper()}__KEY")
    section[key] = _value(name, key, variable, text)
    return f"{name}.{key}"


def _set_in_table(raw: dict[str, Any], name: str, rest: list[str], variable: str, text: str) -> str:
    rows = raw.setdefault(name, [])
    if not isinstance(rows, list):
        return name
    index = _row(rows, rest[0], name, variable)
    _one_key(rest[1:], variable, f"{PREFIX}{name.upper()}__{rest[0]}__KEY")
    key = rest[1].lower()
    if index == len(rows):
        rows.append({})
    value = _value(name, key, variable, text, options_of(name, rows[index]))
    if isinstance(rows[index], dict):
        rows[index][key] = value
    return f"{name}[{index}].{key}"


def _row(rows: list[Any], which: str, name: str, variable: str) -> int:
    if _PLACE.fullmatch(which) and int(which) <= len(rows):
        return int(which)
    names = {_as_variable(str(row.get("name", ""))): index for index, row in enumerate(rows) if isinstance(row, dict)}
    if which.upper() in names:
        return names[which.upper()]
    known = ", ".join(f"{index}" + (f" or {spelled}" if spelled else "") for spelled, index in names.items())
    raise ConfigError(
        f"there is no [[{name}]] table {which}",
        where=variable,
        fix=f"name one of these: {known}" if known else f"the first one is {PREFIX}{name.upper()}__0__...",
    )


def _one_key(rest: list[str], variable: str, form: str) -> None:
    if len(rest) != 1:
        raise ConfigError("the variable's name is not that of a key", where=variable, fix=f"write it as {form}")


def _as_variable(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9]", "_", name).upper()


def _value(table: str, key: str, variable: str, text: str, options: type[Options] = Options) -> Any:
    section = options if key in options.__struct_fields__ else section_of(table)
    if section is None or key not in keys_of(section):
        raise ConfigError(f'[{table}] has no key "{key}"', where=variable, fix=mend_key(table, key, options))
    annotation = field_of(section, key).type
    try:
        if text[:1] in {"[", "{"} and takes_many(annotation):
            return msgspec.json.decode(text)
        if get_origin(annotation) is tuple:
            parts = [part.strip() for part in text.split(",") if part.strip()]
            return list(msgspec.convert(parts, annotation, strict=False))
        if takes_text(annotation):
            return text
        return msgspec.to_builtins(msgspec.convert(text, annotation, strict=False))
    except msgspec.ValidationError as error:
        raise refused_value(str(error), where=variable, table=table, key=key, options=options) from None
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
        raise refused_value("This is not JSON", where=variable, table=table, key=key, options=options) from None
