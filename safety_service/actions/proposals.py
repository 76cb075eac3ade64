"""Measures proposed by a debrief: each with an owner and a time by which it is decided; urgent ones hold at once."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from safety_service.actions import circle, plans, renewing
from safety_service.actions import scene as scenes
from safety_service.actions.given import Given
from safety_service.actions.scene import managers_now
from safety_service.actions.telling import Priority, iso, tell
from safety_service.domain.plan import Measure, MeasureState, in_known_words
from safety_service.domain.proposing import Suggestion, decide_by, suggested
from safety_service.domain.words import Role
from safety_service.store import agencies, circles, coming, events, exclusions, families, measures, roles
from safety_service.store import plans as versions
from safety_service.store.database import Tx
from safety_service.store.ids import new_id

#: For whoever is to find somebody who may decide.
NOBODY = "plan.nobody_decides"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Case:
    """What every proposal of a debrief shares."""

    given: Given
    owner_id: UUID | None
    today: date
    next_visit: datetime | None
    zone: ZoneInfo
    urgent: bool

    @property
    def behaviours(self) -> list[str]:
        """What was met, in words."""
        return [self.given.edition.guidance.says("behaviours", each) for each in self.given.behaviours]


async def propose(tx: Tx, given: Given) -> None:
    """Propose what the debrief suggests; what is there already gets one more reason. Owners are told.

    What changes what holds makes a new version of the plan; and after something urgent the family's other visits are
    held against what is known now, whatever the plan says.
    """
    wanted = suggested(given.edition.guidance, given.behaviours, given.answers, given.debrief.id)
    family_id = given.visit.family_id
    await versions.lock_family(tx, family_id)
    known = await measures.of_family(tx, family_id)
    fresh = [each for each in wanted if not _closed_since(each, known, given.debrief.id)]
    case = await _case(tx, given)
    holds = [await _take_up(tx, case, each, known) for each in fresh]
    if any(holds):
        what = ", ".join(case.behaviours)
        await plans.new_version(tx, family_id, cause="debrief", why=what, by=given.debrief.worker_id)
    elif case.urgent and not given.whole:
        await renewing.renew_family(tx, family_id, what=", ".join(case.behaviours))


def _closed_since(wanted: Suggestion, known: list[Measure], debrief_id: UUID) -> bool:
    """This debrief suggested it before, with its first part, and somebody has closed it: that is not undone."""
    same = [each for each in known if wanted.same_as(each)]
    return not any(each.open for each in same) and any(str(debrief_id) in each.because.debriefs for each in same)


async def _case(tx: Tx, given: Given) -> _Case:
    agency = await agencies.get(tx, given.debrief.agency_id)
    zone = ZoneInfo(agency.timezone)
    known = given.edition.guidance.behaviours
    return _Case(
        given=given,
        owner_id=await _owner(tx, given),
        today=tx.now.astimezone(zone).date(),
        next_visit=await coming.next_start(tx, given.visit.family_id),
        zone=zone,
        urgent=any(known[each].urgent for each in given.behaviours if each in known),
    )


async def _owner(tx: Tx, given: Given) -> UUID | None:
    """Who decides: a manager of the team, whoever is on duty first, else of another team that goes there; never who
    was there, goes next, or is kept off.

    Where none is left it is an administrator's to find one.
    """
    scene = await scenes.of_visit(tx, given.visit)
    managers = await roles.with_role(tx, Role.MANAGER, team_id=given.visit.team_id)
    elsewhere = await managers_of(tx, given.visit.family_id)
    administrators = await roles.with_role(tx, Role.ADMINISTRATOR, agency_id=given.debrief.agency_id)
    barred = scene.workers | await exclusions.excluded_any(tx, scene.workers, given.visit.family_id)
    barred |= await coming.going_to(tx, given.visit.family_id)
    for whom in (managers & await managers_now(tx, scene), managers, elsewhere, administrators):
        if left := whom - barred:
            return min(left)
    return None


async def _take_up(tx: Tx, case: _Case, wanted: Suggestion, known: list[Measure]) -> bool:
    """Propose it, or add to the one that is open already. Gives whether what holds has changed."""
    before = next((each for each in known if wanted.same_as(each) and each.open), None)
    if before is not None:
        after = replace(before, because=before.because.joined(wanted.because))
        if wanted.at_once and before.state is MeasureState.PROPOSED:
            by = await _decide_by(tx, case)
            after = replace(after, state=MeasureState.PROVISIONAL, decide_by=by, next_at=by)
        await measures.save(tx, after)
        if after.holds != before.holds:
            await _told(tx, case, after)
        return after.holds != before.holds
    made = await _made(tx, case, wanted)
    await measures.add(tx, made)
    await _told(tx, case, made)
    return made.holds


async def _decide_by(tx: Tx, case: _Case) -> datetime:
    policy = (await tx.policy()).plan
    return decide_by(tx.now, urgent=case.urgent, next_visit=case.next_visit, zone=case.zone, policy=policy)


async def _made(tx: Tx, case: _Case, wanted: Suggestion) -> Measure:
    by = await _decide_by(tx, case)
    about_worker = wanted.demands.same_worker or wanted.demands.not_worker
    worker_id = case.given.debrief.worker_id
    return Measure(
        id=new_id(),
        agency_id=case.given.debrief.agency_id,
        family_id=case.given.visit.family_id,
        key=wanted.key,
        says=wanted.says,
        demands=wanted.demands,
        because=wanted.because,
        worker_id=worker_id if about_worker else None,
        state=MeasureState.PROVISIONAL if wanted.at_once else MeasureState.PROPOSED,
        from_on=case.today,
        debrief_id=case.given.debrief.id,
        proposed_by=worker_id,
        proposed_at=tx.now,
        owner_id=case.owner_id,
        decide_by=by,
        next_at=by,
    )


async def _told(tx: Tx, case: _Case, made: Measure) -> None:
    await events.log(
        tx,
        agency_id=made.agency_id,
        actor_id=made.proposed_by,
        verb="proposed",
        subject="measure",
        subject_id=made.id,
        visit_id=case.given.visit.id,
        details={"key": made.key, "state": made.state, "debrief_id": str(case.given.debrief.id)},
    )
    if made.owner_id is not None:
        priority = Priority.QUESTION if case.urgent else Priority.NEWS
        params = {**await about(tx, made), "because": case.behaviours}
        await tell_of(tx, made, [made.owner_id], "plan.proposed", params, priority=priority)


async def tell_of(
    tx: Tx, made: Measure, whom: Iterable[UUID], template: str, params: Mapping[str, object], *, priority: Priority
) -> None:
    """Say something of a measure; who only has to find somebody to decide it reads no case text, and no button."""
    managers = await managers_of(tx, made.family_id)
    told = frozenset(whom)
    least = {name: params[name] for name in ("ref", "by_at") if name in params}
    for audience, about_it, said in ((told & managers, template, params), (told - managers, NOBODY, least)):
        if audience:
            await tell(tx, audience, about_it, {**said}, priority=priority)


async def managers_of(tx: Tx, family_id: UUID) -> frozenset[UUID]:
    """Who manages a family: what is proposed there is theirs to decide, and nobody else's."""
    teams, _ = await circles.of_family(tx, family_id)
    return frozenset().union(*[await roles.with_role(tx, Role.MANAGER, team_id=each) for each in teams])


async def about(tx: Tx, made: Measure) -> dict[str, object]:
    """A measure as messages say it: the guidance's words in any chat, somebody's own only where case text may stand."""
    ref = await families.ref_of(tx, made.family_id)
    known = in_known_words(made, (await tx.guidance(made.agency_id)).guidance)
    return {
        "measure_id": str(made.id),
        "ref": ref,
        "says": made.says if known else None,
        "own_says": None if known else made.says,
        "variant": str(made.state),
        "by_at": iso(made.decide_by),
        "page": renewing.plan_page(ref),
        "page_label": "button.plan_page",
    }


async def came_from(tx: Tx, made: Measure) -> frozenset[UUID]:
    """Whoever was on the visits that it comes from."""
    return await measures.met_by(tx, [UUID(each) for each in made.because.debriefs])


async def barred_from(tx: Tx, made: Measure) -> frozenset[UUID]:
    """Who may not decide it: whoever was on the visits that it comes from, and whoever goes there next."""
    return await came_from(tx, made) | await coming.going_to(tx, made.family_id)


async def deciders(tx: Tx, made: Measure, *, step: int) -> frozenset[UUID]:
    """Who is asked to decide, round after round: its owner, then every manager of the family's teams."""
    teams, _ = await circles.of_family(tx, made.family_id)
    workers = await barred_from(tx, made)
    return await circle.to_ask(
        tx, made.agency_id, teams, made.family_id, workers=workers, owner_id=made.owner_id, step=step
    )
