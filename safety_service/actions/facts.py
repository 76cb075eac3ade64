"""Risk facts by hand: each with source, review date and what the family was told; corrected and ended, never erased."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from uuid import UUID

from config.guidance import Guidance
from config.policy import Policy
from safety_service.actions import circle, families, renewing
from safety_service.actions.actor import Actor
from safety_service.actions.errors import NotFound
from safety_service.actions.evidence import keep
from safety_service.actions.families import Family, may_change, may_lower
from safety_service.domain.refusal import Refused
from safety_service.domain.review import near_enough
from safety_service.domain.risk import LOWERED, RAISED, Fact, counts_still
from safety_service.domain.words import ENDED
from safety_service.store import families as rows
from safety_service.store import people, risk_facts, visits
from safety_service.store.database import Tx
from safety_service.store.risk_facts import FactRow, corrected
from safety_service.store.visits import Wanted

TOLD = ("yes", "no", "not_yet")
#: How it is known; who exactly said it, and where, belongs into the words.
SOURCES = tuple("seen colleague family relative neighbour police school health housing agency paper other".split())
#: What is known, but counts for no risk line.
OTHER = "other"
LONGEST = 2000
#: Kinds that have an action of their own, or follow by themselves.
_NOT_BY_HAND = frozenset({RAISED, *LOWERED, "unreviewed_debrief"})


@dataclass(frozen=True, slots=True, kw_only=True)
class NewFact:
    """A fact as it is given. `told`: whether the family was told; if not, why not. `worker_id`: who was targeted."""

    kind: str
    on: date
    source: str
    says: str = ""
    review_on: date | None = None
    told: str = "not_yet"
    told_why: str = ""
    their_view: str = ""
    worker_id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FactView:
    """A fact as it is read. `past`: no line of the policy counts it now; `ended`; `stands_for`: what it corrects."""

    row: FactRow
    past: bool
    ended: bool
    corrected_by: UUID | None


async def of_family(tx: Tx, actor: Actor, ref: str) -> list[FactView]:
    """Every fact, the newest first, also what is past, ended or corrected. Raises NotFound."""
    return (await with_family(tx, actor, ref))[1]


async def with_family(tx: Tx, actor: Actor, ref: str) -> tuple[Family, list[FactView]]:
    """The same, and whose they are. Raises NotFound."""
    family = await families.known(tx, actor, ref)
    await families.log_read(tx, actor, family, "risk_fact")
    return family, await known_of(tx, family)


async def known_of(tx: Tx, family: Family) -> list[FactView]:
    """The same, for whoever has the family already."""
    today = await circle.today(tx, family.row.agency_id)
    policy = await tx.policy()
    found = await risk_facts.of_family(tx, family.id)
    better = {each.corrects_id: each.id for each in found if each.corrects_id is not None}
    return [
        FactView(
            row=each,
            past=_has_line(each, policy) and not _counts(each, policy, today),
            ended=each.ended_on is not None and each.ended_on <= today,
            corrected_by=better.get(each.id),
        )
        for each in found
    ]


async def one(tx: Tx, actor: Actor, fact_id: UUID) -> tuple[Family, FactView]:
    """One fact, and whose it is. Raises NotFound."""
    row = await risk_facts.load(tx, fact_id)
    if row is None:
        raise NotFound
    family = await families.by_id(tx, actor, row.family_id)
    await keep_fact(tx, actor, "read", row)
    return family, next(each for each in await known_of(tx, family) if each.row.id == fact_id)


async def add(tx: Tx, actor: Actor, ref: str, given: NewFact) -> FactRow:
    """Keep a fact. It counts from now on, for every visit that is planned.

    Raises NotFound; Refused: `not_your_role`, `fact_unknown`, `fact_in_future`, `source_wanted`, `told_why_wanted`,
    `review_too_far`.
    """
    family = await families.known(tx, actor, ref)
    may_change(actor, family)
    if given.source not in SOURCES:
        raise Refused("source_wanted")
    today = await circle.today(tx, actor.agency_id)
    _sensible(given, today, kinds(await tx.policy(), (await tx.guidance(actor.agency_id)).guidance))
    await _must_be_ours(tx, actor, given.worker_id)
    review_on = near_enough(given.review_on or today + (await tx.policy()).family.fact_review, today)
    made = await rows.add_fact(
        tx,
        family.id,
        given.kind,
        given.on,
        source=given.source,
        by=actor.person_id,
        worker_id=given.worker_id,
        says=cut(given.says) or None,
        review_on=review_on,
        told=given.told,
        told_why=cut(given.told_why) or None,
        their_view=cut(given.their_view) or None,
    )
    await keep_fact(tx, actor, "fact_added", made)
    await renewing.renew_family(tx, family.id, what=made.says or made.kind)
    return made


async def correct(tx: Tx, actor: Actor, fact_id: UUID, changes: Mapping[str, Any], why: str) -> FactRow:
    """A new fact stands in place of this one, which ends and stays readable.

    `changes`: kind, on, says, worker_id. Kind, day and person decide what counts: only a manager changes those.
    Raises NotFound; Refused: `reason_wanted`, `fact_ended`, `managers_only`, `never_your_own` and as `add`.
    """
    family, before = await _known(tx, actor, fact_id)
    after = replace(before, **{name: changes[name] for name in ("kind", "on", "says", "worker_id") if name in changes})
    if (after.kind, after.on, after.worker_id) != (before.kind, before.on, before.worker_id):
        await must_lower(tx, actor, family)
    today = await circle.today(tx, actor.agency_id)
    known = {*kinds(await tx.policy(), (await tx.guidance(actor.agency_id)).guidance), before.kind}
    _sensible(NewFact(kind=after.kind, on=after.on, source=before.source), today, known)
    await _must_be_ours(tx, actor, after.worker_id)
    await _end(tx, actor, before, today, why)
    made = await rows.add_fact(
        tx,
        family.id,
        after.kind,
        after.on,
        source=before.source,
        by=actor.person_id,
        review_on=before.review_on,
        corrects_id=before.id,
        **corrected(after),
    )
    await keep_fact(tx, actor, "fact_corrected", made, corrects=str(before.id))
    await renewing.renew_family(tx, family.id, what=made.says or made.kind)
    return made


async def end(tx: Tx, actor: Actor, fact_id: UUID, why: str) -> None:
    """It counts no more from today on. Raises NotFound; Refused: as `correct`."""
    family, row = await _known(tx, actor, fact_id)
    await must_lower(tx, actor, family)
    await _end(tx, actor, row, await circle.today(tx, actor.agency_id), why)
    await keep_fact(tx, actor, "fact_ended", row, why=why.strip())


async def tell_family(tx: Tx, actor: Actor, fact_id: UUID, told: str, why: str = "", view: str = "") -> None:
    """What the family was told of it, or why not, and what they say. Raises NotFound; Refused: as `add`."""
    _, row = await _known(tx, actor, fact_id)
    if told not in TOLD or (told == "no" and not why.strip()):
        raise Refused("told_why_wanted")
    await risk_facts.tell(tx, row.id, told=told, why=cut(why) or None, view=cut(view) or row.their_view)
    await keep_fact(tx, actor, "fact_told", row, told=told)


async def reviewed(tx: Tx, actor: Actor, fact_id: UUID, again_on: date) -> None:
    """It was looked at and stands; it is looked at again on that day.

    Raises NotFound; Refused: `until_past`, `review_too_far`.
    """
    _, row = await _known(tx, actor, fact_id)
    today = await circle.today(tx, actor.agency_id)
    if again_on <= today:
        raise Refused("until_past")
    await risk_facts.review(tx, row.id, near_enough(again_on, today))
    await keep_fact(tx, actor, "fact_reviewed", row, again_on=again_on.isoformat())


def kinds(policy: Policy, guidance: Guidance) -> frozenset[str]:
    """Kinds of fact that can be added by hand: those that lines of the policy count, and what behaviours become."""
    counted = {line.fact for line in policy.lines if line.fact}
    return (
        frozenset({*counted, *(each.fact for each in guidance.behaviours.values() if each.fact), OTHER}) - _NOT_BY_HAND
    )


async def _known(tx: Tx, actor: Actor, fact_id: UUID) -> tuple[Family, FactRow]:
    """The fact, locked, and its family, which the actor may write about. Raises NotFound, Refused."""
    row = await risk_facts.load(tx, fact_id, lock=True)
    if row is None:
        raise NotFound
    family = await families.by_id(tx, actor, row.family_id)
    may_change(actor, family)
    return family, row


async def must_lower(tx: Tx, actor: Actor, family: Family) -> None:
    """What makes a family count for less is for its managers, and never before their own visit. Raises Refused."""
    coming = await visits.listed(tx, Wanted(agency_id=actor.agency_id, family_id=family.id, live=True), 200)
    going = frozenset().union(*(each.workers for each in coming if each.visit.status not in ENDED))
    may_lower(actor, family, going)


async def _must_be_ours(tx: Tx, actor: Actor, worker_id: UUID | None) -> None:
    if worker_id is not None:
        found = (await people.many(tx, [worker_id])).get(worker_id)
        if found is None or found.agency_id != actor.agency_id:
            raise Refused("worker_unknown")


async def _end(tx: Tx, actor: Actor, row: FactRow, today: date, why: str) -> None:
    if not why.strip():
        raise Refused("reason_wanted")
    if not await risk_facts.end(tx, row.id, today, by=actor.person_id, why=cut(why)):
        raise Refused("fact_ended")


def _sensible(given: NewFact, today: date, known: frozenset[str] | set[str]) -> None:
    if given.kind not in known:
        raise Refused("fact_unknown")
    if given.on > today:
        raise Refused("fact_in_future")
    if given.told not in TOLD or (given.told == "no" and not given.told_why.strip()):
        raise Refused("told_why_wanted")


def _has_line(row: FactRow, policy: Policy) -> bool:
    return row.kind in LOWERED or any(line.fact == row.kind for line in policy.lines)


def _counts(row: FactRow, policy: Policy, today: date) -> bool:
    if row.kind in LOWERED:
        return row.ended_on is not None and row.ended_on > today
    return counts_still(Fact(row.kind, row.on, ended_on=row.ended_on), policy, today)


def cut(text: str) -> str:
    """What is kept of what somebody typed."""
    return text.strip()[:LONGEST]


async def keep_fact(tx: Tx, actor: Actor, verb: str, row: FactRow, **details: Any) -> None:
    """One entry in the evidence log about a fact."""
    about = {"family_id": str(row.family_id), "kind": row.kind, **details}
    await keep(tx, actor, actor.agency_id, verb, subject="risk_fact", subject_id=row.id, **about)
