"""Who an event is about, by the keys that it carries: exact and deterministic, where TikTok's own way is not known."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from fullcount.emulator.ads.population import Person, sha256_hex
from fullcount.emulator.ads.touches import Touch

KEY_ORDER = ("ttclid", "email", "phone", "external_id", "ttp", "ip_and_user_agent")
_HASHED = frozenset({"email", "phone", "external_id"})
_LEARNED = frozenset({"external_id", "ttp"})
_AMBIGUOUS = ""

Identity = tuple[str, str]  # the key's name, and its value


class Recognition(msgspec.Struct, frozen=True):
    """Who it is, and the names of all keys that say so, the strongest first."""

    person: str
    keys: tuple[str, ...]


class Directory:
    """What TikTok knows: which key is whose, and what ads they met. It learns from the events it is shown, in order.

    A person is one of the population, or whoever made a click of nobody known; such a clicker becomes one with the
    person whose keys come in the same event.
    """

    def __init__(self, people: Iterable[Person], touches: Iterable[Touch]) -> None:
        self._owner: dict[Identity, str] = {}
        self._learned: dict[tuple[str, Identity], str] = {}  # the pixel's code first: these keys are the shop's own
        self._known_as: dict[str, str] = {}
        self._named: set[str] = set()
        self._touches: defaultdict[str, list[Touch]] = defaultdict(list)
        for person in people:
            self._add_person(person)
        for touch in touches:
            self._touches[touch.person].append(touch)
            if touch.click_id:
                self._owner["ttclid", touch.click_id] = touch.person

    def _add_person(self, person: Person) -> None:
        self._named.add(person.name)
        for identity in _identities_of(person):
            is_shared = self._owner.get(identity, person.name) != person.name
            self._owner[identity] = _AMBIGUOUS if is_shared else person.name

    def recognise(self, user: dict[str, Any], pixel_code: str) -> Recognition | None:
        """Return who an event's `user` is, None if nobody known; from then on its cookie and external_id are theirs."""
        carried = list(_identities_in(user))
        known = [
            (key, owner) for (key, _), owner in zip(carried, self._owners(carried, pixel_code), strict=True) if owner
        ]
        if not known:
            return None
        person = next((owner for _, owner in known if owner in self._named), known[0][1])
        for _, owner in known:
            if owner != person and owner not in self._named:
                self._known_as[owner] = person
                self._touches[person] += self._touches.pop(owner, [])
        for identity in carried:
            if identity[0] in _LEARNED and identity not in self._owner:
                self._learned.setdefault((pixel_code, identity), person)
        keys = dict.fromkeys(key for key, owner in known if self._resolve(owner) == person)
        return Recognition(person, tuple(keys))

    def touches_of(self, person: str) -> list[Touch]:
        """Return the clicks and views of a person, as far as they are known to be theirs."""
        return self._touches.get(person, [])

    def _owners(self, identities: list[Identity], pixel_code: str) -> Iterator[str]:
        for identity in identities:
            owner = self._owner.get(identity)
            yield self._resolve(self._learned.get((pixel_code, identity), "") if owner is None else owner)

    def _resolve(self, person: str) -> str:
        while person in self._known_as:
            person = self._known_as[person]
        return person


def _identities_of(person: Person) -> Iterator[Identity]:
    values = {
        "email": sha256_hex(person.email),
        "phone": sha256_hex(person.phone),
        "external_id": sha256_hex(person.external_id),
        "ttp": person.ttp,
        "ip_and_user_agent": f"{person.ip} {person.user_agent}",
    }
    yield from ((key, values[key]) for key in person.known)


def _identities_in(user: dict[str, Any]) -> Iterator[Identity]:
    """Yield the keys that an event carries, the strongest first."""
    for key in KEY_ORDER[:-1]:
        given = user.get(key)
        for value in given if isinstance(given, list) else (given,):
            if isinstance(value, str) and value:
                yield key, value.lower() if key in _HASHED else value
    ip, user_agent = user.get("ip"), user.get("user_agent")
    if isinstance(ip, str) and ip and isinstance(user_agent, str) and user_agent:
        yield "ip_and_user_agent", f"{ip} {user_agent}"
