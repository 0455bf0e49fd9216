"""Secrets: `env:NAME`, `file:PATH`, or the value itself."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from fullcount.errors import ConfigError


def resolve_secret(written: str, *, where: str, environ: Mapping[str, str], folder: Path) -> str:
    """Return the secret that a setting names; `file:` paths are relative to `folder`.

    Raises:
        ConfigError: the variable or the file is missing or empty, or the secret cannot stand in an HTTP header.
    """
    value = resolve_text(written, where=where, environ=environ, folder=folder)
    if not value.isascii() or not value.isprintable():
        raise ConfigError(
            "the secret holds a line break or another character that no HTTP header takes",
            where=where,
            fix="copy it again, without what stands around it",
        )
    return value


def resolve_text(written: str, *, where: str, environ: Mapping[str, str], folder: Path) -> str:
    """Return the secret that a setting names, which may have several lines, as a key in PEM has.

    Raises:
        ConfigError: the variable or the file is missing or empty.
    """
    return _read(written, where, environ, folder).strip()


def is_literal(written: str) -> bool:
    """Say whether the secret itself stands in the setting."""
    return not written.startswith(("env:", "file:"))


def _read(written: str, where: str, environ: Mapping[str, str], folder: Path) -> str:
    scheme, separator, rest = written.partition(":")
    if separator and scheme == "env":
        return _from_environment(rest, where, environ)
    if separator and scheme == "file":
        return _from_file(folder / rest, where)
    if not written.strip():
        raise ConfigError("the secret is empty", where=where, fix='write "env:NAME" or "file:PATH"')
    return written


def _from_environment(name: str, where: str, environ: Mapping[str, str]) -> str:
    value = environ.get(name, "").strip()
    if not value:
        raise ConfigError(f"the environment has no {name}", where=where, fix=f"export {name}=... before starting")
    return value


def _from_file(path: Path, where: str) -> str:
    try:
        value = path.read_text(encoding="utf-8").strip()
    except (OSError, ValueError) as error:  # ValueError: not UTF-8, or no path at all
        reason = error.strerror if isinstance(error, OSError) and error.strerror else "it is not text"
        raise ConfigError(
            f"{path} cannot be read: {reason}",
            where=where,
            fix="make the file, readable for this user, with the secret in it",
        ) from None
    if not value:
        raise ConfigError(f"{path} is empty", where=where, fix="put the secret into the file")
    return value
