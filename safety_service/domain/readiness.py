"""Whether somebody stands on each rung for as long as a visit may last."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from config.policy import Policy
from safety_service.domain.duty import Gap, Shift
from safety_service.domain.gaps import Leave, missing
from safety_service.domain.ladder import freeze
from safety_service.domain.words import Kind, Risk

#: The standing list is there for whatever else fails: fewer than two people are none.
LEAST_STANDING = 2
STANDING = "standing"
SUPERVISOR = "supervisor"
_ON_DUTY = "_on_duty"


@dataclass(frozen=True, slots=True, kw_only=True)
class There:
    """Who could stand on the rungs: the team's shifts, the workers' supervisors, the standing list; `barred`: never."""

    shifts: tuple[Shift, ...]
    supervisors: frozenset[UUID]
    standing: frozenset[UUID]
    barred: frozenset[UUID]
    #: Whoever is on leave stands on no rung, whatever the rota says.
    leaves: tuple[Leave, ...] = ()


def posts(risk: Risk, policy: Policy) -> frozenset[str]:
    """Every post that an alert about a visit at this risk would call on, an ordinary one or danger."""
    ladders = (freeze(kind, risk, policy) for kind in (Kind.MISSED_CHECK_IN, Kind.SOS))
    return frozenset(rung.who for ladder in ladders for rung in ladder.rungs)


def empty_rungs(wanted: Collection[str], there: There, starts_at: datetime, ends_at: datetime) -> list[Gap]:
    """Which rungs nobody stands on for a part of that time, the earliest first."""
    able = [shift for shift in there.shifts if shift.person_id not in there.barred]
    on_duty = [post for post in wanted if post.endswith(_ON_DUTY)]
    empty = missing(able, there.leaves, None, on_duty, starts_at, ends_at)
    found = [Gap(each.post, each.starts_at, each.ends_at) for each in empty]
    if SUPERVISOR in wanted and not there.supervisors - there.barred:
        found.append(Gap(SUPERVISOR, starts_at, ends_at))
    if len(there.standing - there.barred) < LEAST_STANDING:
        found.append(Gap(STANDING, starts_at, ends_at))
    return found


def posts_of(found: Iterable[Gap]) -> tuple[str, ...]:
    """The posts that are empty for a part of the time, each once."""
    return tuple(dict.fromkeys(gap.post for gap in found))
