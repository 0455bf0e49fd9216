"""Words for a value that does not fit: what is wrong with it, and what would fit."""

from __future__ import annotations

import re
import types
import typing
from enum import StrEnum
from typing import Any

from fullcount.config.schema import default_text, field_of, keys_of, section_of
from fullcount.errors import ConfigError
from fullcount.sources.sender import Options

_WORDS = {
    "int": "a whole number",
    "float": "a number",
    "str": "text in quotes",
    "bool": "true or false",
    "array": "a list",
    "object": "a table",
    "null": "nothing",
}
_PATH = re.compile(r"^(?P<what>.*?)(?: - at `\$\.?(?P<path>[^`]*)`)?$", re.DOTALL)


def split_message(message: str) -> tuple[str, str]:
    """Return msgspec's message and the path in it, apart: what is wrong, and where ("pixels[0].code")."""
    found = _PATH.match(message)
    return (found["what"], found["path"] or "") if found else (message, "")


def refused_value(message: str, *, where: str, table: str, key: str, options: type[Options] = Options) -> ConfigError:
    """Return the error for a key whose value does not fit; `message` is msgspec's, `options` those of its kind."""
    what, _ = split_message(message)
    section = options if key in options.__struct_fields__ else section_of(table)
    if section is None or key not in keys_of(section):
        return ConfigError(_in_words(what), where=where, fix="compare it with docs/settings.md")
    field = field_of(section, key)
    if choices := _choices(field.type):
        return ConfigError("not one of the words that fit here", where=where, fix=f"one of {', '.join(choices)}")
    default = default_text(field)
    fix = f"for example {key} = {default}" if default else "compare it with docs/settings.md"
    if "matching regex" in what:
        what, fix = (
            "not a usable name",
            "letters, digits, -, _ and . only, at most 64, beginning with a letter or digit",
        )
    return ConfigError(_in_words(what), where=where, fix=fix)


def missing_key(table: str, key: str, where: str) -> ConfigError:
    """Return the error for a key that has no default and was not given."""
    examples = {"access_token": "env:TIKTOK_ACCESS_TOKEN", "key": "env:BACKEND_KEY", "code": "CEXAMPLE0PIXEL000001"}
    shown = '["store"]' if key == "pixels" else f'"{examples.get(key, "...")}"'
    return ConfigError(f'"{key}" is missing', where=where, fix=f"add {key} = {shown} to this [[{table}]] table")


def _in_words(what: str) -> str:
    spelled = re.sub(r"`(\w+)(?: \| null)?`", lambda found: _WORDS.get(found[1], found[1]), what)
    return spelled[:1].lower() + spelled[1:]


def _choices(annotation: Any) -> tuple[str, ...]:
    options = typing.get_args(annotation) if isinstance(annotation, types.UnionType) else (annotation,)
    for option in options:
        if isinstance(option, type) and issubclass(option, StrEnum):
            return tuple(option)
    return ()


def is_missing(what: str) -> str:
    """Return the key that msgspec says is missing, or nothing if it says something else."""
    found = re.match(r"Object missing required field `(\w+)`", what)
    return found[1] if found else ""
