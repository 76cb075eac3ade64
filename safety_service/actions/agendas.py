"""A worker's agenda for supervision, as the records make it: nobody writes it, and nothing drops off by itself."""

from datetime import timedelta
from uuid import UUID

from safety_service.actions import circle, items
from safety_service.actions.actor import Actor
from safety_service.domain.supervising import (
    Agenda,
    Expected,
    Hostility,
    counted,
    discussed,
    private_point,
    still_open,
    wellbeing,
)
from safety_service.domain.words import Risk, Role, Status
from safety_service.store import exclusions, supervisions, visits
from safety_service.store.database import Tx
from safety_service.store.exclusions import KeptOff
from safety_service.store.supervisions import Private, Supervision
from safety_service.store.visits import Wanted

#: How far back the agenda looks for what was never talked about.
LOOKS_BACK = timedelta(days=366)
#: A debrief that is missing for longer than this is talked about.
OVERDUE = timedelta(days=1)
#: Coming visits that are looked through.
MOST_VISITS = 100


async def build(tx: Tx, actor: Actor, worker_id: UUID, records: list[Supervision], private: bool) -> Agenda:
    """What there is to talk about, less what is about families that the reader is kept off."""
    kept_off = await exclusions.of_person(tx, actor.person_id)
    told_before = [(each.at, each.body) for each in records]
    gone = discussed(told_before)
    zone = await circle.zone_of(tx, actor.agency_id)
    since = tx.now - LOOKS_BACK
    met = await supervisions.met_by(tx, worker_id, since.astimezone(zone).date())
    hostility = [Hostility(**{name: getattr(each, name) for name in Hostility.__dataclass_fields__}) for each in met]
    told = await _private(tx, actor, worker_id, kept_off, gone) if private else []
    states = [wellbeing(each.debrief_id, each.submitted_at.astimezone(zone).date(), each.private) for each in told]
    overdue = await supervisions.overdue_of(tx, worker_id, tx.now - OVERDUE)
    opened = await items.open_of_worker(tx, worker_id)
    return Agenda(
        worker_id=worker_id,
        since=records[-1].at if records else None,
        hostility=tuple(
            each for each in hostility if each.point not in gone and each.family_id not in kept_off.families
        ),
        expected=await _expected(tx, actor, worker_id, kept_off),
        items=tuple(each for each in opened if each.family_id not in kept_off.families),
        reflections=counted(each.private for each in told),
        wellbeing=tuple(each for each in states if each.feeling or each.support or each.back),
        overdue=tuple(each for each in overdue if each.family_id not in kept_off.families),
        judgements=tuple(
            each
            for each in still_open(told_before)
            if each.family_id not in {str(family) for family in kept_off.families}
        ),
    )


async def _private(tx: Tx, actor: Actor, worker_id: UUID, kept_off: KeptOff, gone: frozenset[str]) -> list[Private]:
    """Of the worker's teams only what a supervisor would read at the debrief itself: `access.debrief_view`."""
    told = await supervisions.private_of(tx, worker_id, tx.now - LOOKS_BACK)
    return [
        each
        for each in told
        if (actor.person_id == worker_id or actor.is_(Role.MANAGER, each.team_id))
        and private_point(each.debrief_id) not in gone
        and each.family_id not in kept_off.families
    ]


async def _expected(tx: Tx, actor: Actor, worker_id: UUID, kept_off: KeptOff) -> tuple[Expected, ...]:
    wanted = Wanted(
        agency_id=actor.agency_id,
        worker_id=worker_id,
        statuses=(Status.PLANNED, Status.WAITING),
        since=tx.now,
        newest_first=False,
    )
    rows = await visits.listed(tx, wanted, MOST_VISITS)
    return tuple(
        Expected(
            visit_id=each.id,
            family_id=each.family_id,
            family_ref=each.family_ref,
            starts_at=each.visit.starts_at,
            risk=str(each.visit.risk),
            because=tuple(line["says"] for line in each.because),
        )
        for each in rows
        if each.visit.risk is not Risk.LOW and not kept_off.from_matter(each.workers, each.family_id)
    )
