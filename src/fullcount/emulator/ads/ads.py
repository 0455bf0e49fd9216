"""The ads side of one emulator: its people, their touches, and the report on what was counted."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from fullcount.emulator.ads.attribution import Windows
from fullcount.emulator.ads.landing import landing_url, new_click_id
from fullcount.emulator.ads.population import Person, PopulationPlan, make_population
from fullcount.emulator.ads.recognition import Directory
from fullcount.emulator.ads.report import make_report
from fullcount.emulator.ads.touches import Touches
from fullcount.emulator.counting import Counted
from fullcount.emulator.movable_clock import MovableClock
from fullcount.emulator.settings import EmulatorSettings
from fullcount.errors import FullcountError


class Ads:
    """Who uses TikTok, who clicked or saw an ad, and what that means for the advertiser."""

    def __init__(self, clock: MovableClock, settings: EmulatorSettings) -> None:
        self._clock = clock
        self._settings = settings
        self._plan = PopulationPlan()
        self._people: dict[str, Person] = {}
        self.touches = Touches(settings.touches_kept)
        self.populate(PopulationPlan(size=settings.population, seed=settings.seed))

    @property
    def plan(self) -> PopulationPlan:
        """How the people were made."""
        return self._plan

    def populate(self, plan: PopulationPlan) -> None:
        """Let other people use TikTok; touches of those before stay, under their names."""
        self._people = {person.name: person for person in make_population(plan)}
        self._plan = plan

    def people(self) -> list[Person]:
        """Return the people, in the order of their numbers."""
        return list(self._people.values())

    def click(self, to: str, person: str = "") -> str:
        """Remember an ad click now, of `person` or of somebody unknown, and return the address that it leads to.

        Raises:
            FullcountError: there is no such person, or `to` cannot be an ad's target.
        """
        self._require_person(person)
        click_id = new_click_id()
        landing = landing_url(to, click_id, allow_remote=self._settings.remote_ads)
        self.touches.add_click(self._clock.now(), person, click_id)
        return landing

    def view(self, person: str) -> None:
        """Remember that `person` saw an ad now.

        Raises:
            FullcountError: there is no such person.
        """
        if not person:
            raise FullcountError("a view is somebody's: give `user`")
        self._require_person(person)
        self.touches.add_view(self._clock.now(), person)

    def report(self, events: Iterable[Counted], windows: Windows) -> dict[str, Any]:
        """Return the report on counted events, which come in the order of their arrival."""
        report = make_report(events, Directory(self.people(), self.touches), windows)
        return {
            **report,
            "clicks": self.touches.clicks,
            "views": self.touches.views,
            "population": self._plan.size,
        }

    def _require_person(self, person: str) -> None:
        if person and person not in self._people:
            raise FullcountError(
                f"no user of the population ({self._plan.size}) has that name; see GET /_emulator/population"
            )
