"""What goes wrong, and how often: drawn once for each seed, so that some days are calm and some are wild."""

from dataclasses import dataclass
from random import Random


class Crash(BaseException):
    """The process dies here. No `except Exception` keeps it alive."""


class Meant(Exception):
    """An error that the simulation made on purpose."""


@dataclass(frozen=True, slots=True)
class Faults:
    """How often each thing goes wrong; 0 is never."""

    #: For each hour: that the process dies right before a commit, or right after.
    crash: float = 0.0
    #: Of the crashes: that it stays down for minutes.
    long_down: float = 0.15
    #: For each transaction: that the database is busy with others.
    busy: float = 0.0
    #: For each hour: that the database is away for a while, that a channel is down, that the clock is set.
    away: float = 0.0
    down: float = 0.0
    step: float = 0.0
    #: For each hour: that a visit's row can be read by nobody for a while.
    spoilt: float = 0.0
    #: For each message: refused for now, slow, lost on the way, said twice, told to wait, the sender failing.
    not_sent: float = 0.0
    slow: float = 0.0
    lost: float = 0.0
    twice: float = 0.0
    later: float = 0.0
    fails: float = 0.0
    #: For each person: that they shut the chat some time.
    shuts: float = 0.0
    #: For each word: that it is handed over twice, that the phone is off for a while first.
    echo: float = 0.0
    offline: float = 0.0


CALM = Faults()


def draw(dice: Random) -> Faults:
    """A day's faults."""
    if dice.random() < 0.1:
        return CALM

    def often(*rates: float) -> float:
        return dice.choice((0.0, *rates))

    return Faults(
        crash=often(0.5, 2.0, 8.0),
        busy=often(0.001, 0.02),
        away=often(0.3, 1.0),
        down=often(0.3, 1.0),
        step=often(0.2, 1.0),
        spoilt=often(0.5, 2.0),
        not_sent=often(0.02, 0.2),
        slow=often(0.01, 0.1),
        lost=often(0.01, 0.1),
        twice=often(0.02),
        later=often(0.01, 0.05),
        fails=often(0.01),
        shuts=often(0.05, 0.2),
        echo=often(0.05),
        offline=often(0.02, 0.1),
    )
