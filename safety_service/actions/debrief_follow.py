"""What follows from a debrief for the family and the worker: what was met is recorded, facts are known, items open."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from config.forms_debrief import grave, met
from config.guidance import Behaviour
from safety_service.actions.given import Given
from safety_service.actions.items import open_item
from safety_service.domain.debrief import facts
from safety_service.store import agencies, debriefs, families, items, people, risk_facts
from safety_service.store.database import Tx
from safety_service.store.debriefs import Debrief, Met

#: A threat or violence was aimed at this worker, whoever goes there with them.
TARGETED = "targeted"
#: Not seen at two visits one after the other.
UNSEEN = "unseen_twice"
#: Recorded only when all that has to be weighed before was weighed.
RESISTANT = "resistant"
#: A fact that a worker moved out of their private part, in words.
OTHER = "other"
#: A gap whose owner is not known here is the worker's own, and due after this at the latest.
DUE_WITHIN = timedelta(days=14)


async def record(tx: Tx, given: Given) -> None:
    """What was met, a row each, and the risk facts that follow: once, however often it is called."""
    known = await debriefs.met_in(tx, given.debrief.id)
    found = met(given.edition.guidance, given.answers)
    fresh = {key: each for key, each in found.items() if key not in known}
    on = await _day(tx, given)
    rows = [Met(kind=key, group=each.group, severity=each.severity, on=on) for key, each in fresh.items()]
    await debriefs.add_met(tx, given.debrief, rows)
    for kind in dict.fromkeys(facts(fresh).values()):
        await _fact_once(tx, given, kind, on)
    if grave(fresh.values()):
        await _fact_once(tx, given, TARGETED, on, worker_id=given.debrief.worker_id)
    if not given.whole:
        await _seen(tx, given, on)
    await _assessment(tx, given, found)


async def open_items(tx: Tx, given: Given) -> None:
    """What stays open: gaps, questions nobody could answer; and what moves out of part E."""
    if not given.whole:
        return
    await _gaps(tx, given)
    await _questions(tx, given)
    await _resistant(tx, given)
    moved = str((given.debrief.private or {}).get("fact") or "").strip()
    if moved:
        on = await _day(tx, given)
        await families.add_fact(
            tx,
            given.visit.family_id,
            OTHER,
            on,
            source="debrief",
            by=given.debrief.worker_id,
            says=moved,
            debrief_id=given.debrief.id,
        )


async def _assessment(tx: Tx, given: Given, found: Mapping[str, Behaviour]) -> None:
    """G6: it stays open until somebody confirms that it was done, and where."""
    serious = [each for each in found.values() if grave([each])]
    there = await items.of_debrief(tx, given.debrief.id)
    if serious and "risk_assessment" not in {each.kind for each in there}:
        text = ", ".join(each.says for each in serious)
        await _open(tx, given, "risk_assessment", "", text, family=True, behaviours=[*found])


async def _gaps(tx: Tx, given: Given) -> None:
    """G5: what could not be checked, with why, another source, what is done about it, by whom, until when."""
    guidance = given.edition.guidance
    for area in given.answers.get("areas") or ():
        gap = given.answers.get(f"gap_{area}") or {}
        sources = [guidance.says("sources", str(each)) for each in gap.get("source") or ()]
        about = {"why": gap.get("why"), "source": ", ".join(sources), "action": gap.get("action")}
        owner, due = await _owner(tx, given, gap), await _due(tx, given, gap)
        await _open(
            tx,
            given,
            "assessment_gap",
            str(area),
            guidance.says("areas", area),
            family=True,
            owner=owner,
            due=due,
            **about,
        )


async def _questions(tx: Tx, given: Given) -> None:
    """G2: what is not known stays open until it is; the supervisor is asked to ask, too."""
    guidance = given.edition.guidance
    asked = [key for key in guidance.child if f"child_{key}" in given.answers]
    for key in asked:
        if given.answers[f"child_{key}"] == "not_known":
            await _open(tx, given, "open_question", key, guidance.says("child", key), family=True)
    for key in guidance.quiet:
        if given.answers.get(f"quiet_{key}") == "not_known":
            await _open(tx, given, "open_question", key, guidance.says("quiet", key), family=True)
    if asked:
        text = " ".join(guidance.says("child", key) for key in asked)
        await _open(tx, given, "supervision", "child", text, family=True)


async def _seen(tx: Tx, given: Given, on: date) -> None:
    """Not seen twice, one visit after the other: a signal by itself, whatever else was told."""
    if not _unseen(given.answers):
        return
    before = await debriefs.given_before(tx, given.visit.family_id, given.debrief, 10)
    told = [each for each in before if each.answers.get("seen") != "not_due"]
    if told and _unseen(told[0].answers) and _last_visit_unseen(told):
        await _fact_once(tx, given, UNSEEN, on)
        text = given.edition.guidance.says("areas", "child_alone")
        await _open(tx, given, "open_question", "child_alone", text, family=True)


def _last_visit_unseen(told: list[Debrief]) -> bool:
    """On a joint visit it is enough that one of them saw the child."""
    return all(_unseen(each.answers) for each in told if each.visit_id == told[0].visit_id)


def _unseen(answers: Mapping[str, Any]) -> bool:
    return answers.get("seen") == "no" or answers.get("mood") == "no_entry"


async def _resistant(tx: Tx, given: Given) -> None:
    """G7: not before all of it was weighed, and their disagreement stands in their own words."""
    needed = set(given.edition.guidance.asked("resistant"))
    weighed = needed and needed <= set(given.answers.get("resistant") or ())
    if weighed and str(given.answers.get("account") or "").strip():
        await _fact_once(tx, given, RESISTANT, await _day(tx, given), their_view=given.answers["account"])


async def _fact_once(tx: Tx, given: Given, kind: str, on: date, *, worker_id: UUID | None = None, **more: Any) -> None:
    """Two workers who tell of the same visit do not make two facts of it."""
    told = {each.id for each in await debriefs.all_of_visit(tx, given.visit.id)}
    for each in await risk_facts.of_family(tx, given.visit.family_id):
        if each.kind == kind and each.worker_id == worker_id and each.debrief_id in told:
            return
    await families.add_fact(
        tx,
        given.visit.family_id,
        kind,
        on,
        source="debrief",
        by=given.debrief.worker_id,
        worker_id=worker_id,
        debrief_id=given.debrief.id,
        **more,
    )


async def _open(
    tx: Tx,
    given: Given,
    kind: str,
    key: str,
    text: str,
    *,
    family: bool,
    owner: UUID | None = None,
    due: date | None = None,
    **body: Any,
) -> None:
    await open_item(
        tx,
        agency_id=given.visit.agency_id,
        team_id=given.visit.team_id,
        family_id=given.visit.family_id if family else None,
        kind=kind,
        key=key,
        text=text,
        body={name: value for name, value in body.items() if value},
        worker_id=given.debrief.worker_id,
        debrief_id=given.debrief.id,
        owner_id=owner or given.debrief.worker_id,
        due_on=due,
        by=given.debrief.worker_id,
    )


async def _owner(tx: Tx, given: Given, gap: Mapping[str, Any]) -> UUID:
    """Whoever was named, where they are of this agency; else the worker."""
    try:
        named = UUID(str(gap.get("owner") or ""))
    except ValueError:
        return given.debrief.worker_id
    known = (await people.many(tx, [named])).get(named)
    mine = known is not None and known.agency_id == given.visit.agency_id
    return named if mine else given.debrief.worker_id


async def _due(tx: Tx, given: Given, gap: Mapping[str, Any]) -> date:
    try:
        return date.fromisoformat(str(gap.get("due") or ""))
    except ValueError:
        return await _day(tx, given) + DUE_WITHIN


async def _day(tx: Tx, given: Given) -> date:
    """The visit's local day."""
    agency = await agencies.get(tx, given.visit.agency_id)
    return given.debrief.asked_at.astimezone(ZoneInfo(agency.timezone)).date()
