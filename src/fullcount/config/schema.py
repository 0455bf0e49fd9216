"""What keys there are, read off the settings' own types; and which one a wrong name meant."""

from __future__ import annotations

import difflib
import typing
from collections.abc import Iterable
from typing import Any

import msgspec

from fullcount.config.settings import Pixel, Settings, Source
from fullcount.sources.registry import SENDERS
from fullcount.sources.sender import Options

TABLES: dict[str, type[msgspec.Struct]] = {"pixels": Pixel, "sources": Source}  # written as [[pixels]], [[sources]]
SECTIONS: dict[str, type[msgspec.Struct]] = {
    field.name: field.type for field in msgspec.structs.fields(Settings) if field.name not in TABLES
}


def section_of(table: str) -> type[msgspec.Struct] | None:
    """Return the struct behind a table's name, or None if there is no such table."""
    return SECTIONS.get(table) or TABLES.get(table)


def keys_of(section: type[msgspec.Struct]) -> tuple[str, ...]:
    """Return the keys that a table takes; those of one kind of source alone come from `options_of`."""
    return tuple(key for key in section.__struct_fields__ if not (section is Source and key == "options"))


def options_of(table: str, row: object) -> type[Options]:
    """Return the struct of the keys that this row of [[sources]] takes because of its kind."""
    kind = row.get("kind") if table == "sources" and isinstance(row, dict) else None
    sender = SENDERS.get(kind) if isinstance(kind, str) else None
    return Options if sender is None else sender.options


def field_of(section: type[msgspec.Struct], key: str) -> msgspec.structs.FieldInfo:
    """Return what is known of a key that the table takes: its type, whether it is required, its default."""
    return next(field for field in msgspec.structs.fields(section) if field.name == key)


def default_text(field: msgspec.structs.FieldInfo) -> str:
    """Return a key's default as it is written in TOML, or nothing where it has none."""
    if field.default_factory is not msgspec.NODEFAULT:
        return "{}"
    if field.default is msgspec.NODEFAULT or field.default is None:
        return ""
    return msgspec.json.encode(field.default).decode()


def takes_text(annotation: Any) -> bool:
    """Say whether a key may hold text as it stands (so that its environment twin needs no decoding)."""
    parts = typing.get_args(annotation) if typing.get_origin(annotation) is not tuple else ()
    return annotation is str or any(part is str for part in parts)


def takes_many(annotation: Any) -> bool:
    """Say whether a key may hold a list or a table."""
    shapes = {typing.get_origin(annotation), *(typing.get_origin(part) for part in typing.get_args(annotation))}
    return bool(shapes & {tuple, dict})


def nearest(word: str, known: Iterable[str]) -> str:
    """Return `did you mean "..."?` for the known word that is nearest, or nothing if none is near."""
    close = difflib.get_close_matches(word.lower(), list(known), n=1, cutoff=0.6)
    return f'did you mean "{close[0]}"?' if close else ""


def mend_key(table: str, key: str, options: type[Options] = Options) -> str:
    """Return the fix for a key that a table ("" for the file's top) does not take; `options` are those of its kind."""
    section = section_of(table) if table else None
    known = (*keys_of(section), *options.__struct_fields__) if section else (*SECTIONS, *TABLES)
    if suggestion := nearest(key, known):
        return suggestion
    homes = [name for name in (*SECTIONS, *TABLES) if key in keys_of(section_of(name) or Settings)]
    kinds = [kind for kind, sender in SENDERS.items() if key in sender.options.__struct_fields__]
    if kinds and table == "sources":
        return f"only a source of kind {' or '.join(kinds)} takes it"
    if homes:
        wanted = f"[[{homes[0]}]]" if homes[0] in TABLES else f"[{homes[0]}]"
        return f"it belongs under {wanted}"
    return f"take it out; known here: {', '.join(known)}"
