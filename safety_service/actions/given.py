"""A debrief that was given, or its first part: what everything that follows from it looks at."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from safety_service.store.debriefs import Debrief
from safety_service.store.guidances import Edition
from safety_service.store.visits import VisitRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """`answers` are without part E. `whole`: it is submitted; else only part A is given, and the rest comes later.

    What follows from part A follows once: whoever is called for the whole debrief again does not do it twice.
    """

    debrief: Debrief
    visit: VisitRow
    edition: Edition
    answers: Mapping[str, Any]
    #: Keys of `guidance.behaviours` that were met.
    behaviours: tuple[str, ...]
    whole: bool
