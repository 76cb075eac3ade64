"""How much is measured: the whole, or little of it in a minute to see that it works."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Scale:
    """Numbers of people and things; seconds."""

    watched: int = 10_000
    clients: int = 16
    #: Each round measures every server in turn, so that what else the machine does falls on all of them.
    rounds: int = 3
    warm: float = 1.0
    seconds: float = 5.0
    #: Between setting the deadlines of alarms and the first of them.
    ahead: float = 4.0
    at_once: int = 1_000
    spread: int = 200
    spread_over: float = 60.0
    profiled: int = 500
    families: int = 1_000
    #: Of each family.
    debriefs: int = 100
    #: How often each question of the learning loop is asked.
    asked: int = 200
    #: People inside while pages are looked at, and how often each page is.
    inside: int = 500
    looked: int = 200
    #: Seconds after which alarms that have not come are given up.
    patience: float = 180.0


WHOLE = Scale()
QUICK = Scale(
    watched=400,
    clients=4,
    rounds=1,
    warm=0.3,
    seconds=0.7,
    ahead=0.5,
    at_once=40,
    spread=8,
    spread_over=2.0,
    profiled=60,
    families=20,
    debriefs=10,
    asked=20,
    inside=20,
    looked=10,
)
