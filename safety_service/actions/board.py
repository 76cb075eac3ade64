"""The board: everybody who is being watched in one's teams, who is not although planned, and what is open."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import UUID

from safety_service.actions.access import BoardView, board_view
from safety_service.actions.actor import Actor
from safety_service.actions.evidence import keep
from safety_service.domain.refusal import Refused
from safety_service.domain.words import DANGER, Kind, Phase, Role, State
from safety_service.store import beside, board, board_rings, exclusions, hushed, teams
from safety_service.store.board import OpenAlert, Unwatched, Watched
from safety_service.store.board_rings import OpenRing
from safety_service.store.database import Tx

#: A visit that starts later than this is not on the board yet.
AHEAD = timedelta(hours=12)
#: Somebody whose visit began so long ago and who was never watched in it.
BEFORE = timedelta(hours=18)
#: More than this nobody looks through: whoever has more chooses a team.
LIMIT = 1000
CALLS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A worker on the board. `whole`: the reader manages the team; a colleague sees who is out, until when, no more."""

    watched: Watched
    #: Who is there with them.
    beside: tuple[str, ...]
    whole: bool
    #: Open alerts about them in this visit; never the reader's own visit's.
    alerts: tuple[OpenAlert, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """All of it, the most urgent first. `quiet`: the reader is inside a visit, so nothing on it tells anything."""

    lines: tuple[Line, ...]
    calls: tuple[OpenAlert, ...]
    #: Who asked to be rung, and was not yet.
    rings: tuple[OpenRing, ...]
    unwatched: tuple[Unwatched, ...]
    quiet: bool
    #: There are more than anybody looks through.
    more: bool


async def look(tx: Tx, actor: Actor, only: Collection[UUID] = (), *, all_of_it: bool = False) -> Board:
    """The board of the actor's teams, or of those of them that are in `only`.

    Whoever is inside a visit sees what a colleague sees, unless they ask for all of it: somebody may be looking over
    their shoulder. Raises Refused `not_your_role`: there is no board for them.
    """
    chosen = teams_of(actor, only)
    kept_off = await exclusions.of_person(tx, actor.person_id)
    quiet = not all_of_it and await board.inside(tx, actor.person_id)
    rows = await board.watched(tx, actor.person_id, chosen, kept_off, tx.now + AHEAD, LIMIT)
    rows = [each for each in rows if each.phase is not Phase.BEGIN or each.starts_at <= tx.now + AHEAD]
    managed = frozenset() if quiet else frozenset(each for each in chosen if _whole(actor, each))
    found: list[OpenAlert] = []
    if not quiet:
        theirs = await board.open_alerts(tx, actor.person_id, actor.agency_id, managed, kept_off, CALLS)
        # P5: nothing of duress on the screen of somebody who is beside the worker.
        hidden = any(each.kind is Kind.DURESS for each in theirs)
        there = await beside.of(tx, {actor.person_id}) if hidden else frozenset()
        found = [each for each in theirs if each.kind is not Kind.DURESS or not (each.own or each.worker_id in there)]
        about = {each.worker_id for each in found if each.worker_id is not None}
        watched = await hushed.known_by(tx, actor.person_id, about)
        found = [replace(each, hushed=each.worker_id in watched) for each in found]
    since, until = tx.now - BEFORE, tx.now + AHEAD
    return Board(
        lines=_lines(rows, found, managed),
        calls=tuple(sorted(found, key=_call_urgency)),
        rings=await _rings(tx, actor, managed, kept_off),
        unwatched=tuple(await board.unwatched(tx, chosen, kept_off, since, until, CALLS)),
        quiet=quiet,
        more=len(rows) >= LIMIT,
    )


async def _rings(tx: Tx, actor: Actor, managed: Collection[UUID], kept_off: exclusions.KeptOff) -> tuple[OpenRing, ...]:
    """Never of somebody whom nobody is to ring, nor on the screen of who is beside them (P5)."""
    found = await board_rings.open_rings(tx, actor.person_id, managed, kept_off, CALLS) if managed else []
    if not found:
        return ()
    there = await beside.of(tx, {actor.person_id})
    watched = await hushed.known_by(tx, actor.person_id, {each.worker_id for each in found})
    return tuple(each for each in found if each.worker_id not in there and each.worker_id not in watched)


def teams_of(actor: Actor, only: Collection[UUID] = ()) -> frozenset[UUID]:
    """The teams whose board the actor sees: all, or those of them that are wanted. Raises Refused `not_your_role`."""
    mine = actor.teams(Role.MANAGER, Role.PRACTITIONER)
    if not mine:
        raise Refused("not_your_role")
    return mine & frozenset(only) or mine


async def names_of_teams(tx: Tx, actor: Actor) -> dict[UUID, str]:
    """The teams that the actor may choose among, by name."""
    return {each.id: each.name for each in (await teams.many(tx, teams_of(actor))).values()}


async def keep_reading(tx: Tx, actor: Actor, count: int) -> None:
    """Keep in the evidence log that the board was read, once for a page that somebody opened."""
    await keep(tx, actor, actor.agency_id, "read", subject="board", subject_id=None, count=count)


def _whole(actor: Actor, team_id: UUID) -> bool:
    return board_view(actor, actor.agency_id, team_id) is BoardView.WHOLE


def _lines(rows: list[Watched], found: list[OpenAlert], managed: Collection[UUID]) -> tuple[Line, ...]:
    there: dict[UUID, list[Watched]] = defaultdict(list)
    for each in rows:
        there[each.visit_id].append(each)
    about: dict[tuple[UUID | None, UUID | None], list[OpenAlert]] = defaultdict(list)
    for one in found:
        about[one.visit_id, one.worker_id].append(one)
    lines = [
        Line(
            watched=each,
            beside=tuple(sorted(o.name for o in there[each.visit_id] if o.worker_id != each.worker_id)),
            whole=each.team_id in managed,
            alerts=() if each.own or each.team_id not in managed else tuple(about[each.visit_id, each.worker_id]),
        )
        for each in rows
    ]
    return tuple(sorted(lines, key=_urgency))


def _urgency(line: Line) -> tuple[int, float]:
    """Alerts first, those that nobody has before the others; then whose word is due the soonest."""
    least = min((_call_urgency(each)[0] for each in line.alerts), default=9)
    return least, line.watched.due_at.timestamp()


def _call_urgency(one: OpenAlert) -> tuple[int, float]:
    taken = one.state is not State.OPEN
    return 2 * taken + (one.kind not in DANGER), one.opened_at.timestamp()
