"""The options of a source that are secrets: found by their type, and resolved as keys are."""

from __future__ import annotations

import typing
from collections.abc import Callable

import msgspec

from fullcount.sources.sender import Options


def secret_options(options: type[Options]) -> dict[str, str]:
    """Return the options that are secrets, each with "line" or "text"."""
    found: dict[str, str] = {}
    hints = typing.get_type_hints(options, include_extras=True)
    for name, hint in hints.items():
        for part in (hint, *typing.get_args(hint)):
            for meta in getattr(part, "__metadata__", ()):
                if isinstance(meta, msgspec.Meta) and meta.extra and "secret" in meta.extra:
                    found[name] = str(meta.extra["secret"])
    return found


def with_secrets(options: Options, resolve: Callable[[str, str, str], str]) -> Options:
    """Return the options with `resolve(written, key, "line" or "text")` in place of each secret that was given."""
    given = {
        key: resolve(written, key, form)
        for key, form in secret_options(type(options)).items()
        if (written := getattr(options, key))
    }
    return msgspec.structs.replace(options, **given) if given else options
