"""What the library shows at its front door, and what it does not load."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

import fullcount
from fullcount import errors

FRONT_DOOR = {
    "Ad",
    "App",
    "CheckRules",
    "ConfigError",
    "Content",
    "DestinationError",
    "Event",
    "EventSource",
    "FullcountError",
    "Half",
    "HashedEvent",
    "HashedUser",
    "IdentityRules",
    "InvalidEvent",
    "Lead",
    "Page",
    "Problem",
    "Properties",
    "Reading",
    "Severity",
    "StoreCorrupt",
    "StoreOwned",
    "StoreUnavailable",
    "User",
    "canonical_name",
    "check_event",
    "identify",
    "read_event",
    "resolve_event_id",
}
HEAVY = ["aiohttp", "apsw", "asyncio", "phonenumbers", "starlette", "uvicorn"]


def loaded_after(statement: str) -> set[str]:
    """Return which of the heavy packages a fresh interpreter has loaded after a statement."""
    probe = f"{statement}; import json, sys; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True, timeout=60)  # noqa: S603 - this interpreter, fixed text
    modules = json.loads(done.stdout)
    return {name.partition(".")[0] for name in modules}.intersection(HEAVY)


def test_the_front_door_is_pinned() -> None:
    """What `fullcount` exports changes only together with this list."""
    assert set(fullcount.__all__) == FRONT_DOOR
    assert all(hasattr(fullcount, name) for name in FRONT_DOOR)


def test_the_error_tree_is_pinned() -> None:
    """Every error is a FullcountError with what, where and fix, and the tree is one level deep."""
    tree = {name for name, each in vars(errors).items() if isinstance(each, type) and issubclass(each, Exception)}
    assert tree == {
        "FullcountError",
        "ConfigError",
        "InvalidEvent",
        "StoreUnavailable",
        "StoreCorrupt",
        "StoreOwned",
        "DestinationError",
    }
    for name in tree - {"FullcountError"}:
        assert getattr(errors, name).__bases__ == (errors.FullcountError,)
    assert str(errors.ConfigError("bad port", where="server.port", fix="use 8080")) == (
        "server.port: bad port Fix: use 8080"
    )


@pytest.mark.parametrize(
    "statement", ["import fullcount", "import fullcount.identity.identify", "import fullcount.errors"]
)
def test_importing_the_library_loads_nothing_heavy(statement: str) -> None:
    """The library loads neither server nor store nor event loop, and no phone metadata."""
    assert loaded_after(statement) == set()


def test_a_clean_phone_loads_no_metadata_and_a_national_one_does() -> None:
    """Phone metadata is loaded by the first number that needs it."""
    call = "from fullcount.identity.phones import normalize_phone; normalize_phone"
    assert loaded_after(f"{call}('+12133734253')") == set()
    assert loaded_after(f"{call}('213 373 4253', 'US')") == {"phonenumbers"}
