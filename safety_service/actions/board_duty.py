"""Duty as the board shows it: who is on now, and which rungs are empty in the next hours, of a team or of a visit."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from safety_service.actions import waking
from safety_service.actions.actor import Actor
from safety_service.actions.apart import apart
from safety_service.actions.duty import posts_of_policy
from safety_service.actions.waking import Outlook
from safety_service.domain import duty
from safety_service.domain.duty import Gap, Shift
from safety_service.domain.gaps import Leave, missing
from safety_service.domain.readiness import SUPERVISOR, There, empty_rungs, posts
from safety_service.domain.words import Risk, Role
from safety_service.store import board, exclusions, leave, people, rota, standing, teams
from safety_service.store.board import Watched
from safety_service.store.database import Tx

#: So far ahead gaps are shown; the rota shows the rest.
AHEAD = timedelta(hours=24)
#: Shifts by team.
Shifts = defaultdict[UUID, list[Shift]]
#: Who is kept off this worker or this family.
Apart = defaultdict[UUID, set[UUID]]


@dataclass(frozen=True, slots=True)
class OnNow:
    """A post of a team, and who holds it now; None: somebody of whom the reader learns nothing."""

    team: str
    post: str
    names: tuple[str | None, ...]


@dataclass(frozen=True, slots=True)
class Hole:
    """A stretch in which nobody stands on a rung: of a team, or of one visit of `worker` to `ref`."""

    team: str
    gap: Gap
    worker: str = ""
    ref: str = ""


@dataclass(frozen=True, slots=True)
class Duty:
    """What a manager sees of it."""

    on: tuple[OnNow, ...]
    holes: tuple[Hole, ...]
    nights: Outlook | None


async def look(tx: Tx, actor: Actor, wanted: Collection[UUID], out: Sequence[Watched]) -> Duty:
    """Duty in those of these teams that the actor manages, and for those who are out in them.

    Who is out and what is open stands beside it, and is shown although duty cannot be.
    """
    return await apart(tx, _whole(tx, actor, wanted, out), Duty((), (), None), "the board shows nothing of duty")


async def _whole(tx: Tx, actor: Actor, wanted: Collection[UUID], out: Sequence[Watched]) -> Duty:
    managed = actor.teams(Role.MANAGER) & frozenset(wanted)
    if not managed:
        return Duty((), (), None)
    until = tx.now + AHEAD
    shifts: Shifts = defaultdict(list)
    for shift in await rota.between(tx, managed, tx.now, until):
        shifts[shift.team_id].append(shift)
    named = {each.id: each.name for each in (await teams.many(tx, managed)).values()}
    called_on = await posts_of_policy(tx)
    on = {shift.person_id for theirs in shifts.values() for shift in theirs}
    away = await leave.of_people(tx, on, tx.now, until)
    holes = [
        Hole(team, Gap(each.post, each.starts_at, each.ends_at))
        for team_id, team in named.items()
        for each in missing(shifts[team_id], away, None, called_on, tx.now, until)
    ]
    watched = [each for each in out if each.team_id in managed]
    holes.extend(await _of_visits(tx, actor.agency_id, watched, shifts, away, named))
    hidden = (await exclusions.of_person(tx, actor.person_id)).workers
    on_now = await _on_now(tx, shifts, named, called_on, hidden)
    nights = await apart(tx, waking.seen_by(tx, actor), None, "the board does not show who cannot be woken")
    return Duty(on_now, tuple(holes), nights)


async def _on_now(
    tx: Tx, shifts: Shifts, named: Mapping[UUID, str], called_on: frozenset[str], hidden: frozenset[UUID]
) -> tuple[OnNow, ...]:
    held = {team_id: duty.on_duty(shifts[team_id], tx.now) for team_id in named}
    known = await people.many(tx, {each for on in held.values() for there in on.values() for each in there})

    def names(on: Iterable[UUID]) -> tuple[str | None, ...]:
        there = [each for each in on if each in known]
        shown = sorted(known[each].name for each in there if each not in hidden)
        return (*shown, *(None for each in there if each in hidden))

    return tuple(
        OnNow(team, post, names(held[team_id].get(post, ())))
        for team_id, team in named.items()
        for post in sorted(called_on | held[team_id].keys())
    )


async def _of_visits(
    tx: Tx, agency_id: UUID, out: Sequence[Watched], shifts: Shifts, away: Sequence[Leave], named: Mapping[UUID, str]
) -> list[Hole]:
    """Rungs that are empty for one visit alone: whoever stands there goes themself, is kept off it, or is away."""
    kept_apart = _apart(await board.kept_apart(tx, agency_id))
    listed = await standing.of(tx, agency_id)
    policy = await tx.policy()
    wanted = {risk: posts(risk, policy) - {SUPERVISOR} for risk in Risk}
    found: list[Hole] = []
    for visit in _by_visit(out):
        one, theirs = visit[0], tuple(shifts[visit[0].team_id])
        barred = _barred(visit, kept_apart)
        if barred.isdisjoint(listed) and barred.isdisjoint(each.person_id for each in theirs):
            continue
        there = There(shifts=theirs, supervisors=frozenset(), standing=listed, barred=barred, leaves=tuple(away))
        worker = ", ".join(sorted(each.name for each in visit))
        gaps = _more_than_the_teams(wanted[one.risk], there, tx.now, max(one.ends_at, one.due_at))
        found.extend(Hole(named[one.team_id], gap, worker, one.ref) for gap in gaps)
    return found


def _more_than_the_teams(wanted: frozenset[str], there: There, now: datetime, ends_at: datetime) -> list[Gap]:
    """What is empty for this visit, less what is empty for everybody."""
    if ends_at <= now:
        return []
    everybodys = empty_rungs(wanted, replace(there, barred=frozenset()), now, ends_at)
    return [each for each in empty_rungs(wanted, there, now, ends_at) if each not in everybodys]


def _by_visit(out: Iterable[Watched]) -> list[list[Watched]]:
    found: dict[UUID, list[Watched]] = defaultdict(list)
    for each in out:
        found[each.visit_id].append(each)
    return list(found.values())


def _apart(rows: Iterable[tuple[UUID, UUID | None, UUID | None]]) -> Apart:
    found: Apart = defaultdict(set)
    for who, worker_id, family_id in rows:
        for each in (worker_id, family_id):
            if each is not None:
                found[each].add(who)
    return found


def _barred(visit: Sequence[Watched], apart: Apart) -> frozenset[UUID]:
    """Who stands on no rung for this visit: who goes, and who is kept off them or the family."""
    workers = [each.worker_id for each in visit]
    return frozenset(workers).union(*(apart.get(each, ()) for each in (*workers, visit[0].family_id)))
