"""Planning a visit: judge the risk, arm the watch, ask for a decision where policy wants one."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from safety_service.actions import circle, demands, readiness, visit_news
from safety_service.actions import scene as scenes
from safety_service.actions.access import may_plan_for
from safety_service.actions.actor import Actor
from safety_service.actions.apart import apart
from safety_service.actions.carrying import carry_out
from safety_service.actions.evidence import keep
from safety_service.actions.judging import judged
from safety_service.domain import visit as rules
from safety_service.domain.demands import counting, interval, to_confirm
from safety_service.domain.effects import DecisionWanted
from safety_service.domain.plan import Measure
from safety_service.domain.refusal import Refused
from safety_service.domain.risk import Because
from safety_service.domain.watch import level_of
from safety_service.domain.words import Risk, Role, Status
from safety_service.store import events, exclusions, families, measures, people, plans, roles, visits
from safety_service.store.database import Tx
from safety_service.store.ids import new_id
from safety_service.store.visits import VisitRow, Wanted

#: A manager who visits is a practitioner on that visit.
_GOES_OUT = frozenset({Role.PRACTITIONER, Role.MANAGER})
#: A visit longer than this is a mistake in its times.
LONGEST = timedelta(hours=24)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanRequest:
    """A visit as it is asked for. Times are aware UTC; positions are WGS-84 degrees."""

    family_ref: str
    starts_at: datetime
    ends_at: datetime
    address_text: str = ""
    latitude: float | None = None
    longitude: float | None = None
    purpose: str = ""
    check_in_every: timedelta | None = None
    #: Empty: the person who plans.
    workers: tuple[UUID, ...] = ()
    speaker_id: UUID | None = None
    answers: dict[str, Any] = field(default_factory=dict)
    travel: timedelta | None = None


async def plan_visit(tx: Tx, actor: Actor, request: PlanRequest) -> VisitRow:
    """Keep and arm a visit. Raises Refused when its times or people make no sense, or it lacks its strategies."""
    asked = await _as_last_time(tx, actor, completed(actor, request))
    family_id = await families.by_ref(tx, actor.agency_id, asked.family_ref)
    team_id = await _team_of(tx, actor, asked, family_id)
    risk, because = await judge_risk(tx, actor, asked)
    family_id = await families.ensure(tx, actor.agency_id, asked.family_ref)
    policy = await tx.policy()
    demanded = await longest_interval(tx, actor.agency_id, family_id, asked.starts_at)
    visit, _ = rules.plan(
        new_id(),
        asked.workers,
        risk=risk,
        starts_at=asked.starts_at,
        ends_at=asked.ends_at,
        interval=min((each for each in (asked.check_in_every, demanded) if each), default=None),
        travel=asked.travel or policy.words.travel,
        now=tx.now,
        policy=policy,
        speaker_id=asked.speaker_id,
    )
    row = VisitRow(
        visit=visit,
        agency_id=actor.agency_id,
        team_id=team_id,
        family_id=family_id,
        family_ref=asked.family_ref,
        purpose=asked.purpose,
        address={"text": asked.address_text, "latitude": asked.latitude, "longitude": asked.longitude},
        because=[{"key": each.key, "level": each.level, "says": each.says} for each in because],
        answers=asked.answers,
        created_at=tx.now,
        created_by=actor.person_id,
    )
    return await _keep(tx, actor, await held_against_plan(tx, row))


async def _keep(tx: Tx, actor: Actor, row: VisitRow) -> VisitRow:
    """Keep it, and say so to whoever is to know, or to decide."""
    await visits.insert_visit(tx, row)
    await hurry(tx, row.family_id, row.visit.starts_at)
    await _log(tx, actor, row)
    await apart(tx, visit_news.planned(tx, actor, row), None, "who goes was not told that a visit is planned for them")
    waits = row.visit.status is Status.WAITING
    effects = (DecisionWanted(),) if waits else ()
    await carry_out(tx, await scenes.of_visit(tx, row, with_people=waits), {}, effects)
    await readiness.tell_gaps(tx, row, "planned")
    tx.announce(f"board:{row.team_id}")
    tx.announce("sweep")
    return row


async def longest_interval(tx: Tx, agency_id: UUID, family_id: UUID, on: datetime) -> timedelta | None:
    """How rarely the family's plan lets be asked. P1: a plan that cannot be read refuses no visit."""
    demanded = demands.interval(tx, agency_id, family_id, on)
    return await apart(tx, demanded, None, "the interval that the family's plan demands is not known")


async def hurry(tx: Tx, family_id: UUID, starts_at: datetime) -> None:
    """What is undecided is to be decided before this visit begins."""
    await apart(tx, _hurried(tx, family_id, starts_at), None, "what is undecided at a family is not hurried")


async def _hurried(tx: Tx, family_id: UUID, starts_at: datetime) -> None:
    await plans.lock_family(tx, family_id)
    await measures.hurry(tx, family_id, max(starts_at, tx.now))


async def held_against_plan(tx: Tx, row: VisitRow) -> VisitRow:
    """The visit with what its family's plan demands; P1: where that cannot be told it waits, and is watched."""
    return await apart(tx, _held(tx, row), _undecided(row), "a visit is planned without a look at the family's plan")


async def _held(tx: Tx, row: VisitRow) -> VisitRow:
    return demands.held(row, await demands.look(tx, demands.offered(row)), await tx.policy())


def _undecided(row: VisitRow) -> VisitRow:
    """Nobody knows what it lacks: it is watched, and a manager decides."""
    return replace(row, visit=replace(row.visit, status=Status.WAITING))


async def looked_ahead(tx: Tx, actor: Actor, request: PlanRequest) -> tuple[Risk, tuple[Because, ...]]:
    """The risk before the visit is planned, for whoever plans it. That they read what is known of a family is kept."""
    family_id = await _known_to(tx, actor, request)
    if family_id is not None:
        await keep(tx, actor, actor.agency_id, "read", subject="family", subject_id=family_id, view="risk")
    return await judge_risk(tx, actor, request)


async def _known_to(tx: Tx, actor: Actor, request: PlanRequest) -> UUID | None:
    """The family that is asked for; None: there is none yet, or the actor is kept off it."""
    family_id = await families.by_ref(tx, actor.agency_id, families.tidy_ref(request.family_ref))
    return None if actor.person_id in await exclusions.excluded(tx, None, family_id) else family_id


async def judge_risk(tx: Tx, actor: Actor, request: PlanRequest) -> tuple[Risk, tuple[Because, ...]]:
    """The risk of a visit as it is asked for, with every true line; none from a family that the actor is kept off."""
    return await judged(
        tx,
        actor.agency_id,
        await _known_to(tx, actor, request),
        answers=request.answers,
        workers=frozenset(request.workers or (actor.person_id,)),
        starts_at=request.starts_at,
        ends_at=request.ends_at,
        planner=actor.name,
    )


@dataclass(frozen=True, slots=True)
class Demanded:
    """What the family's plan demands of a visit as it is asked for: what its planner confirms, and what is lacking."""

    #: By what the answer names it: the measure, and which of its demands.
    confirms: tuple[tuple[str, Measure, str], ...] = ()
    office: bool = False
    lacking: tuple[dict[str, Any], ...] = ()


async def demanded(tx: Tx, actor: Actor, request: PlanRequest) -> Demanded:
    """Before a visit is planned: what the plan will ask of it. Nothing, for whoever may not know of the family."""
    return await apart(tx, _demanded(tx, actor, request), Demanded(), "what the family's plan demands is not known")


async def _demanded(tx: Tx, actor: Actor, request: PlanRequest) -> Demanded:
    family_id = await _known_to(tx, actor, request)
    if family_id is None:
        return Demanded()
    zone = await circle.zone_of(tx, actor.agency_id)
    on = request.starts_at.astimezone(zone).date()
    held = counting(await measures.in_force(tx, family_id), on)
    risk, because = await judge_risk(tx, actor, request)
    figures = (await tx.policy()).level(level_of(risk))
    shortest = interval(held, on) or figures.interval
    offered = demands.Offered(
        agency_id=actor.agency_id,
        family_id=family_id,
        workers=frozenset(request.workers or (actor.person_id,)),
        answers=request.answers,
        starts_at=request.starts_at,
        ends_at=request.ends_at,
        interval=min(request.check_in_every or shortest, shortest),
        risk=risk,
        because=[{"key": each.key, "level": each.level} for each in because],
    )
    found = await demands.look(tx, offered)
    return Demanded(tuple(to_confirm(held, on)), any(each.demands.office for each in held), tuple(found.lacking))


async def who_hears(tx: Tx, row: VisitRow) -> list[str]:
    """The names of those who are asked to decide on a visit."""
    managers = await scenes.managers_now(tx, await scenes.of_visit(tx, row))
    return sorted(each.name for each in (await people.many(tx, managers)).values())


async def last_of_family(tx: Tx, actor: Actor, ref: str) -> VisitRow | None:
    """The last visit of this family that this person may know of: what "as last time" means."""
    family_id = await families.by_ref(tx, actor.agency_id, families.tidy_ref(ref))
    if family_id is None or actor.person_id in await exclusions.excluded(tx, None, family_id):
        return None
    managed = actor.teams(Role.MANAGER)
    wanted = Wanted(agency_id=actor.agency_id, family_id=family_id, worker_id=actor.person_id)
    if managed:
        wanted = replace(wanted, teams=managed)
    rows = await visits.listed(tx, wanted, 1)
    return rows[0] if rows and not rows[0].unread else None


async def recent_of_worker(tx: Tx, actor: Actor, limit: int = 8) -> list[VisitRow]:
    """The last visit to each of the families that this worker saw lately, newest first."""
    rows = await visits.listed(tx, Wanted(agency_id=actor.agency_id, worker_id=actor.person_id), limit * 6)
    latest: dict[UUID, VisitRow] = {}
    for row in rows:
        if not row.unread:
            latest.setdefault(row.family_id, row)
    return list(latest.values())[:limit]


def completed(actor: Actor, request: PlanRequest) -> PlanRequest:
    """The request with the ref tidied and workers filled in. Raises Refused for what makes no sense."""
    ref = families.tidy_ref(request.family_ref)
    if not ref:
        raise Refused("ref_wanted")
    if request.ends_at - request.starts_at > LONGEST:
        raise Refused("visit_too_long")
    workers = request.workers or (actor.person_id,)
    if len(set(workers)) < len(workers):
        # Else somebody goes alone, with a plan that says "a colleague".
        raise Refused("worker_twice")
    if request.speaker_id is not None and request.speaker_id not in workers:
        raise Refused("speaker_must_go")
    if request.answers.get("hostility") == "threat" and not str(request.answers.get("strategies") or "").strip():
        raise Refused("strategies_wanted")
    return replace(request, family_ref=ref, workers=workers)


async def _as_last_time(tx: Tx, actor: Actor, asked: PlanRequest) -> PlanRequest:
    """A new visit without an address goes where the last one went; one that is changed says itself where it goes."""
    if asked.address_text or asked.latitude is not None:
        return asked
    before = await last_of_family(tx, actor, asked.family_ref)
    if before is None:
        return asked
    place = before.address
    return replace(
        asked,
        address_text=place.get("text") or "",
        latitude=place.get("latitude"),
        longitude=place.get("longitude"),
    )


async def _team_of(tx: Tx, actor: Actor, asked: PlanRequest, family_id: UUID | None) -> UUID:
    """The team that the visit belongs to: one in which the first worker practises, the actor's own before others.

    Raises NotFound, Refused: whom the actor may not plan for, and who is kept off this family.
    """
    known = await people.many(tx, asked.workers)
    if any(each not in known or not known[each].active for each in asked.workers):
        raise Refused("worker_unknown")
    first = known[asked.workers[0]]
    practises = [team for team, held in first.roles.items() if held & _GOES_OUT]
    if not practises:
        raise Refused("no_team")
    team_id = min(practises, key=lambda team: (Role.MANAGER not in actor.roles.get(team, ()), team not in actor.roles))
    visiting = await roles.with_role(tx, Role.PRACTITIONER, team_id=team_id) | await roles.with_role(
        tx, Role.MANAGER, team_id=team_id
    )
    excluded = await exclusions.excluded(tx, None, family_id)
    may_plan_for(actor, team_id, frozenset(asked.workers), visiting, excluded)
    return team_id


async def _log(tx: Tx, actor: Actor, row: VisitRow) -> None:
    await events.log(
        tx,
        agency_id=row.agency_id,
        actor_id=actor.person_id,
        verb="planned",
        subject="visit",
        subject_id=row.id,
        visit_id=row.id,
        details={"risk": row.visit.risk, "because": row.because, "via": actor.via},
    )
