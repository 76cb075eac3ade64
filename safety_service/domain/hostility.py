"""Who meets the hostility, agency by agency: the pattern has a name, and some patterns ask for a meeting (1.7.14)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

#: What a behaviour's group must be to count as hostility here.
HOSTILE = frozenset({"confrontation", "threat", "violence"})
#: Our own agency among those who meet it.
US = "us"


class Pattern(StrEnum):
    """How many of the agencies that know the family meet hostility."""

    NONE = "none"
    ONE = "one"
    SEVERAL = "several"
    MOST = "most"


class Visits(StrEnum):
    """Whether an agency still goes there."""

    YES = "yes"
    REDUCED = "reduced"
    NO = "no"
    NOT_KNOWN = "not_known"


@dataclass(frozen=True, slots=True, kw_only=True)
class Agency:
    """What one agency meets and does. `groups`: of the behaviours that it meets."""

    name: str
    groups: frozenset[str]
    visits: Visits = Visits.NOT_KNOWN
    withheld: str = ""
    stance: str = "not_known"

    @property
    def hostile(self) -> bool:
        """Whether it meets hostility."""
        return not self.groups.isdisjoint(HOSTILE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """The pattern, and what follows from it. `only`: the one agency that meets it, by name (`US`: our own)."""

    pattern: Pattern
    only: str | None
    #: Agencies that withhold or reduce what they offer, with what.
    withheld: tuple[tuple[str, str], ...]
    #: Some give way, others confront: the family meets both.
    tension: bool
    #: Why a meeting of all is proposed: `most_hostile`, `visits_drop`; empty: it is not.
    meeting: tuple[str, ...]


def picture(agencies: Sequence[Agency]) -> Picture:
    """The picture of these agencies, ours among them."""
    hostile = [each for each in agencies if each.hostile]
    pattern = _pattern(len(hostile), len(agencies))
    stances = {each.stance for each in agencies}
    why = {"most_hostile": pattern is Pattern.MOST, "visits_drop": _drop_off(agencies)}
    return Picture(
        pattern=pattern,
        only=hostile[0].name if pattern is Pattern.ONE and len(agencies) > 1 else None,
        withheld=tuple((each.name, each.withheld) for each in agencies if each.withheld),
        tension={"appeasing", "opposing"} <= stances,
        meeting=tuple(name for name, true in why.items() if true),
    )


def _pattern(hostile: int, all_of_them: int) -> Pattern:
    if hostile < 2:
        return Pattern.ONE if hostile else Pattern.NONE
    return Pattern.MOST if hostile * 2 > all_of_them else Pattern.SEVERAL


def _drop_off(agencies: Iterable[Agency]) -> bool:
    """Two agencies go less or not at all: the family is slipping from sight."""
    return sum(each.visits in (Visits.REDUCED, Visits.NO) for each in agencies) >= 2
