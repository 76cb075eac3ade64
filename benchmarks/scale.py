"""How much is measured: the whole, or little of it in a minute to see that it works."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Scale:
    """Numbers of people and things; seconds."""

    #: Check-ins and lateness are measured with so many watched.
    watched: tuple[int, ...] = (10_000, 100_000)
    clients: tuple[int, ...] = (16, 64)
    #: Each round measures every server in turn, so that what else the machine does falls on all of them.
    rounds: int = 3
    warm: float = 1.0
    seconds: float = 3.0
    #: Between setting the deadlines of alarms and the first of them.
    ahead: float = 4.0
    #: Alarms due at the same moment, and how many are watched.
    at_once: tuple[tuple[int, int], ...] = ((1_000, 10_000), (10_000, 100_000))
    #: The same, when whoever raises and sends them is killed: so many seconds after that moment, each time anew.
    killed: tuple[int, int] = (1_000, 10_000)
    killed_after: tuple[float, ...] = (0.3, 0.6)
    spread: int = 200
    spread_over: float = 60.0
    #: Due at the same moment, and how many fall due while they are handed over, so many seconds long.
    storm: int = 1_000
    amid: int = 20
    amid_over: float = 2.0
    #: Alarms for somebody whose messages are never answered, and of others at that time, so many seconds long.
    hanging: int = 40
    beside: int = 10
    beside_over: float = 10.0
    #: Words by Telegram, of how many watched, and from how many connections of Telegram's.
    inbox: tuple[int, int] = (5_000, 10_000)
    inbox_clients: int = 16
    #: The first is what the others are compared with.
    idle_watched: tuple[int, ...] = (100, 10_000, 100_000)
    idle_seconds: float = 60.0
    #: Until what a process does once is done.
    idle_after: float = 15.0
    profiled: int = 500
    families: int = 1_000
    #: Of each family.
    debriefs: int = 100
    #: How often each question of the learning loop is asked.
    asked: int = 200
    #: People inside while pages are looked at, and how often each page is.
    inside: int = 500
    looked: int = 200
    #: Seconds after which alarms that have not come are given up, and more for each of them.
    patience: float = 120.0
    patience_each: float = 0.06


WHOLE = Scale()
QUICK = Scale(
    watched=(400,),
    clients=(4,),
    rounds=1,
    warm=0.3,
    seconds=0.7,
    ahead=0.5,
    at_once=((40, 400),),
    killed=(40, 400),
    killed_after=(0.05,),
    spread=8,
    spread_over=2.0,
    storm=40,
    amid=3,
    amid_over=0.4,
    hanging=4,
    beside=4,
    beside_over=1.0,
    inbox=(200, 400),
    inbox_clients=4,
    idle_watched=(10, 400),
    idle_seconds=2.0,
    idle_after=1.0,
    profiled=60,
    families=20,
    debriefs=10,
    asked=20,
    inside=20,
    looked=10,
)
