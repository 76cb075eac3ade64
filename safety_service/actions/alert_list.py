"""The list of alerts: what is open first, then what was. Whoever manages a team, or was told of one, finds it here."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from safety_service.actions.actor import Actor
from safety_service.actions.visitors import names_of, teams_of
from safety_service.domain.words import Found, Kind, Role
from safety_service.store import alert_lists, beside, exclusions, hushed
from safety_service.store.alert_lists import AlertLine, Wanted
from safety_service.store.database import Tx

PAGE = 50
#: Open ones: all of them on one page, and a flood is cut.
MOST_OPEN = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """What the reader wants of those that are over; empty means any."""

    kinds: Collection[Kind] = ()
    found: Collection[Found] = ()
    team_id: UUID | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertList:
    """Both lists; `after`: where the page that follows begins; `names`, `teams`: what people and teams are called.

    `hushed`: whom nobody is to ring.
    """

    open: Sequence[AlertLine]
    past: Sequence[AlertLine]
    after: tuple[datetime, UUID] | None
    names: Mapping[UUID, str] = field(default_factory=dict)
    teams: Mapping[UUID, str] = field(default_factory=dict)
    hushed: Collection[UUID] = ()


async def listed(
    tx: Tx, actor: Actor, filters: Filters, before: tuple[datetime, UUID] | None = None, *, limit: int = PAGE
) -> AlertList:
    """What the actor may know of. The open ones stand on the first page only, whatever the filters are."""
    teams = actor.teams(Role.MANAGER)
    kept_off = await exclusions.of_person(tx, actor.person_id)

    def wanted(narrowed: Filters, *, still_open: bool) -> Wanted:
        return Wanted(
            agency_id=actor.agency_id,
            reader_id=actor.person_id,
            teams=teams,
            kept_off=kept_off,
            open=still_open,
            kinds=narrowed.kinds,
            found=narrowed.found,
            team_id=narrowed.team_id,
            since=narrowed.since,
            until=narrowed.until,
            before=None if still_open else before,
        )

    going_on = await alert_lists.listed(tx, wanted(Filters(), still_open=True), MOST_OPEN) if before is None else []
    # P5: nothing of duress on the screen of somebody who is beside the worker, on whatever visit.
    there = await beside.of(tx, {actor.person_id}) if any(each.kind is Kind.DURESS for each in going_on) else ()
    going_on = [each for each in going_on if each.kind is not Kind.DURESS or each.worker_id not in there]
    about = {each.worker_id for each in going_on if each.worker_id is not None}
    watched = await hushed.known_by(tx, actor.person_id, about)
    rows = await alert_lists.listed(tx, wanted(filters, still_open=False), limit + 1)
    past = rows[:limit]
    people = {each for row in (*going_on, *past) for each in (row.worker_id, row.owner_id) if each is not None}
    return AlertList(
        open=sorted(going_on, key=lambda each: (each.owner_id is not None, -each.opened_at.timestamp())),
        past=past,
        after=(past[-1].opened_at, past[-1].id) if len(rows) > limit else None,
        names=await names_of(tx, people),
        teams=await teams_of(tx, teams),
        hushed=watched,
    )
