"""A worker's own debrief: answered part by part, given once, added to afterwards.

Part A is given as soon as it is answered: what follows from it cannot wait for the rest. Submitting is final.
"""

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from config.forms import Form
from config.forms_debrief import HARD, debrief_form, met, private
from config.guidance import Guidance
from safety_service.actions.actor import Actor
from safety_service.actions.debrief_asking import about, chased, edition_of, quiet_key, signals, start, visit_of
from safety_service.actions.debrief_urgent import log, pass_on, talks, tell_urgent
from safety_service.actions.errors import NotFound
from safety_service.actions.given import Given
from safety_service.actions.learning import follow
from safety_service.domain.debrief import difficult, severity
from safety_service.domain.refusal import Refused
from safety_service.domain.words import Outcome
from safety_service.store import debriefs, visits
from safety_service.store.database import Tx
from safety_service.store.debriefs import Debrief

__all__ = ["about", "answer", "form_of", "give_first_part", "keep", "own", "quiet_key", "start", "submit", "wanted_of"]


#: A worker who is inside or driving is not reminded: looked at again after this.
NOT_NOW = timedelta(minutes=15)


def page_of(row: Debrief) -> str:
    """Our own page, on which it is told."""
    return f"/debriefs/{row.id}/tell"


async def wanted_of(tx: Tx, actor: Actor) -> list[Debrief]:
    """What the actor has not told yet, the oldest first."""
    return await debriefs.open_of(tx, actor.person_id)


async def own(tx: Tx, actor: Actor, debrief_id: UUID) -> Debrief:
    """The actor's own debrief, given or not. Raises NotFound."""
    row = await debriefs.load(tx, debrief_id)
    if row is None or row.worker_id != actor.person_id:
        raise NotFound
    return row


async def of_visit(tx: Tx, actor: Actor, visit_id: UUID, worker_id: UUID | None) -> Debrief:
    """Which debrief of a visit is meant: one's own, else this worker's, else the only one there is.

    Whether the actor may read it is for whoever reads it. Raises NotFound.
    """
    found = await debriefs.all_of_visit(tx, visit_id)
    wanted = worker_id or actor.person_id
    chosen = [each for each in found if each.worker_id == wanted]
    if not chosen and worker_id is None and len(found) == 1:
        chosen = found
    if not chosen or chosen[0].agency_id != actor.agency_id:
        raise NotFound
    return chosen[0]


async def form_of(tx: Tx, row: Debrief) -> Form:
    """The whole form that this debrief is asked by."""
    return debrief_form((await edition_of(tx, row)).guidance)


async def answer(tx: Tx, actor: Actor, debrief_id: UUID, answers: Mapping[str, Any]) -> Debrief:
    """Keep answers as they are given, beside those that were given before.

    Raises NotFound; Refused `debrief_given`, `answer_unknown`.
    """
    return await keep(tx, actor, debrief_id, answers, keys=answers.keys())


async def keep(
    tx: Tx, actor: Actor, debrief_id: UUID, answers: Mapping[str, Any], *, keys: Collection[str] | None = None
) -> Debrief:
    """Keep these answers in place of those to the same questions (`keys`), or of all: one that is left out is gone.

    A hard visit is chased sooner; what is urgent reaches the managers at once. What was met stays met once part A is
    given. Raises NotFound; Refused `debrief_given`, `answer_unknown`.
    """
    before = await _own(tx, actor, debrief_id)
    return await _kept(tx, before, answers, keys)


async def _kept(tx: Tx, before: Debrief, answers: Mapping[str, Any], keys: Collection[str] | None) -> Debrief:
    guidance = (await edition_of(tx, before)).guidance
    _check(debrief_form(guidance), answers)
    after = _with(guidance, before, answers, keys)
    if before.next_at is not None and before.first_part_at is None:
        after = await chased(tx, after)
    await debriefs.save(tx, after)
    # That something was answered, not what; of part E not even that.
    await log(tx, after, "debrief_answered", keys=[each for each in answers if not private(each)])
    await tell_urgent(tx, guidance, before, after)
    if before.first_part_at is not None and after.answers.get("met") != before.answers.get("met"):
        # More was met than was told at the roadside: what follows from it does not wait for the rest either.
        found = met(guidance, after.answers).values()
        after = replace(after, severity=str(severity(str(after.answers.get("mood")), found)))
        await debriefs.save(tx, after)
        await follow(tx, await _given(tx, after, whole=False))
    return after


async def give_first_part(tx: Tx, actor: Actor, debrief_id: UUID) -> Debrief:
    """Part A is told: what follows from it follows now, the rest may wait. A second call changes nothing.

    Raises NotFound; Refused `debrief_given`, `debrief_unfinished`.
    """
    return await first_part(tx, await _own(tx, actor, debrief_id))


async def first_part(tx: Tx, before: Debrief, *, by_clock: bool = False) -> Debrief:
    """The same, where the clock does it: what was met is answered, and the rest of part A does not come."""
    if before.first_part_at is not None:
        return before
    edition, visit = await edition_of(tx, before), await visit_of(tx, before.visit_id)
    if not ready(before.answers):
        raise Refused("debrief_unfinished")
    mood, behaviours = str(before.answers["mood"]), met(edition.guidance, before.answers)
    if mood == "no_entry":
        await visits.set_outcome(tx, visit.id, Outcome.NO_ENTRY)
    given = replace(
        before,
        severity=str(severity(mood, behaviours.values())),
        first_part_at=tx.now,
        signals=await signals(tx, visit, before.worker_id, before.answers),
    )
    given = await chased(tx, given)
    await debriefs.save(tx, given)
    await log(tx, given, "debrief_first_part", by_clock=by_clock, severity=given.severity)
    await pass_on(tx, given)
    await follow(tx, await _given(tx, given, whole=False))
    return given


async def submit(tx: Tx, actor: Actor, debrief_id: UUID, answers: Mapping[str, Any]) -> Debrief:
    """The debrief is given: final, and chased no more. `answers` are kept beside those that were given before.

    Raises NotFound; Refused `debrief_given`, `debrief_unfinished`, `answer_unknown`.
    """
    before = await keep(tx, actor, debrief_id, answers, keys=answers.keys())
    if before.answers.get("mood") in HARD and "met" not in before.answers:
        before = await keep(tx, actor, debrief_id, {"met": []}, keys=("met",))
    guidance = (await edition_of(tx, before)).guidance
    if missing(guidance, before):
        raise Refused("debrief_unfinished")
    await first_part(tx, before)
    again = await debriefs.load(tx, before.id)
    assert again is not None
    public, hidden = _split(_everything(guidance, again))
    behaviours = met(guidance, public)
    given = replace(
        again,
        answers=public,
        private=hidden or None,
        severity=str(severity(str(public.get("mood")), behaviours.values())),
        state="submitted",
        submitted_at=tx.now,
        next_at=None,
        stage=None,
    )
    await debriefs.save(tx, given)
    await log(tx, given, "debriefed", severity=given.severity)
    await follow(tx, await _given(tx, given, whole=True))
    kept = await debriefs.load(tx, given.id)
    assert kept is not None
    return kept


def ready(answers: Mapping[str, Any]) -> bool:
    """Whether part A says enough for everything that follows from it."""
    mood = answers.get("mood")
    return mood in ("fine", "no_entry") or (mood in HARD and "met" in answers)


def more_to_tell(guidance: Guidance, row: Debrief) -> bool:
    """Whether the rest of the debrief is asked: mixed feelings alone need no more words."""
    return difficult(str(row.answers.get("mood")), met(guidance, row.answers).values())


def missing(guidance: Guidance, row: Debrief) -> dict[str, str]:
    """What has to be answered before this debrief can be submitted: the fault by key."""
    answers = {**row.answers, **(row.private or {})}
    asked = [each for each in debrief_form(guidance).steps if each.asked(answers)]
    return {each.key: "empty" for each in asked if not each.optional and answers.get(each.key) in (None, "", [], {})}


async def missing_with(tx: Tx, row: Debrief, answers: Mapping[str, Any]) -> dict[str, str]:
    """The same, with these answers beside those that are kept."""
    guidance = (await edition_of(tx, row)).guidance
    return missing(guidance, _with(guidance, row, answers, answers.keys()))


def _everything(guidance: Guidance, row: Debrief) -> dict[str, Any]:
    return debrief_form(guidance).given({**row.answers, **(row.private or {})})


def _check(form: Form, answers: Mapping[str, Any]) -> None:
    """Raises Refused: an answer to a question that is not asked, or that is none. Which ones, its facts name."""
    known = {each.key: each for each in form.steps}
    wrong = [
        key for key, value in answers.items() if key not in known or (value and known[key].fault(value) is not None)
    ]
    if wrong:
        raise Refused("answer_unknown", keys=wrong)


def _with(guidance: Guidance, before: Debrief, answers: Mapping[str, Any], keys: Collection[str] | None) -> Debrief:
    held = {**before.answers, **(before.private or {})}
    replaced = held.keys() if keys is None else keys
    merged = {**{key: value for key, value in held.items() if key not in replaced}, **answers}
    if before.first_part_at is not None:
        met_so_far = [*(before.answers.get("met") or ()), *(merged.get("met") or ())]
        merged = {**merged, "mood": before.answers.get("mood"), "met": list(dict.fromkeys(met_so_far))}
    public, hidden = _split(merged)
    wants = before.wants_to_talk or talks(guidance, hidden) or public.get("go_on") == "ring_me"
    return replace(before, answers=public, private=hidden or None, wants_to_talk=wants)


def _split(answers: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """What colleagues may read, and part E."""
    public = {key: value for key, value in answers.items() if not private(key)}
    return public, {key: value for key, value in answers.items() if private(key)}


async def _given(tx: Tx, row: Debrief, *, whole: bool) -> Given:
    edition = await edition_of(tx, row)
    answers = dict(row.answers)
    return Given(
        debrief=row,
        visit=await visit_of(tx, row.visit_id),
        edition=edition,
        answers=answers,
        behaviours=tuple(met(edition.guidance, answers)),
        whole=whole,
    )


async def _own(tx: Tx, actor: Actor, debrief_id: UUID) -> Debrief:
    row = await debriefs.load(tx, debrief_id, lock=True)
    if row is None or row.worker_id != actor.person_id:
        raise NotFound
    if row.state != "draft":
        raise Refused("debrief_given")
    return row
