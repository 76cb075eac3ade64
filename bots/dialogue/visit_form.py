"""Planning a visit in the chat: a family that is known in a few taps, a new one question by question."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from bots.dialogue.forming import KEPT, Keeper, forget
from bots.dialogue.turn import Turn
from bots.dialogue.understanding import QuickVisit
from config.forms import VISIT, Step
from config.guidance import Guidance
from safety_service.actions import briefing, drafts, planning
from safety_service.actions.colleagues import colleagues
from safety_service.actions.drafts import Draft
from safety_service.actions.plan_answers import OF_THE_DAY, is_threat, kept_of, to_request
from safety_service.actions.planning import PlanRequest
from safety_service.domain.plan import Measure, confirms_in_known_words
from safety_service.domain.watch import level_of
from safety_service.domain.words import Risk, Role
from safety_service.store.visits import VisitRow

#: How many families are offered, and how many half hours.
FAMILIES = 6
HALF_HOURS = 3
CHANGE = "_change"


class VisitForm(Keeper):
    """`_risk`: as judged so far; `_threat`: whether strategies are asked for; `raise`: raised by hand."""

    form = VISIT

    async def options(self, turn: Turn, draft: Draft, step: Step) -> list[dict[str, Any]]:
        """Families seen lately, the next half hours, colleagues of one's teams."""
        if step.key == "ref":
            recent = await planning.recent_of_worker(turn.tx, turn.actor, FAMILIES)
            return [{"value": each.family_ref, "label": each.family_ref} for each in recent]
        if step.key == "starts":
            change = [{"value": CHANGE, "name": "button.change"}] if draft.answers.get(KEPT) else []
            return [*_starts(turn), *change]
        if step.key == "colleague":
            return await _colleagues(turn)
        if step.key == "arranged":
            confirms = (await planning.demanded(turn.tx, turn.actor, request_of(turn, draft.answers))).confirms
            guidance = (await turn.tx.guidance(turn.actor.agency_id)).guidance
            return _told_apart([_arranged(*each, guidance) for each in confirms], turn.frame.say)
        options = await super().options(turn, draft, step)
        raised = step.key == "confirm" and draft.answers["_risk"] == Risk.HIGH
        return [each for each in options if not (raised and each["value"] == "raise")]

    async def words(self, turn: Turn, draft: Draft, step: Step) -> dict[str, Any]:
        """At the start what is as last time; in the end the whole of it, with the risk and why."""
        answers = draft.answers
        if step.key == "starts":
            kept = answers.get(KEPT, ())
            last = {key: answers[key] for key in ("length", "purpose") if key in kept and answers.get(key)}
            return {"ref": answers["ref"], **last}
        if step.key != "confirm":
            return {}
        # What was judged before is not said again to somebody who was kept off the family meanwhile.
        risk, because = await planning.judge_risk(turn.tx, turn.actor, request_of(turn, answers))
        plan = await planning.demanded(turn.tx, turn.actor, request_of(turn, answers))
        longest = turn.policy.level(level_of(risk)).interval.total_seconds()
        return {
            **{key: answers[key] for key in ("ref", "starts", "length", "purpose")},
            "every": min(answers.get("every") or longest, longest),
            "risk": risk,
            "because": [each.says for each in because],
            "lacking": list(plan.lacking),
        }

    async def took(self, turn: Turn, draft: Draft, step: Step) -> Draft | None:
        """A known family brings last time's answers; a change forgets them; the risk is judged as soon as it can be."""
        if step.key == "ref":
            draft = await _as_last_time(turn, draft)
        elif step.key in ("starts", "confirm") and draft.answers[step.key] in (CHANGE, "change"):
            return _asked_anew(draft)
        elif step.key == "confirm" and draft.answers["confirm"] == "raise":
            draft = _without(draft, "confirm", {"raise": "yes"})
        return await _judged(turn, draft)

    async def finish(self, turn: Turn, draft: Draft) -> None:
        """Plan it. Planned is armed: from its start on somebody waits to hear."""
        row = await planning.plan_visit(turn.tx, turn.actor, request_of(turn, draft.answers))
        await drafts.end(turn.tx, draft)
        await turn.look()
        await offer_briefing(turn, row.family_ref)
        told = {**_door(turn, row), "length": draft.answers["length"]}
        if row.lacking:
            told |= {"variant": "lacking", "lacking": row.lacking}
            told["managers"] = await planning.who_hears(turn.tx, row)
        await turn.answer("form.visit.done", **told)


async def offer_briefing(turn: Turn, ref: str) -> None:
    """One tap to what there is to read before going, unless the speaker said they had, or is behind a door now."""
    page = None if turn.inside else await briefing.wanted(turn.tx, turn.actor, ref)
    if page is not None:
        await turn.answer("briefing.offer", ref=ref, page=page, page_label="button.read", phase=None)


def _door(turn: Turn, row: VisitRow) -> dict[str, Any]:
    """The new visit, with the door's buttons if it is the one that a word would be about."""
    here = turn.current is not None and turn.current.id == row.id
    return {**turn.about(row), "phase": turn.situation().get("phase") if here else None}


def quick(given: QuickVisit) -> dict[str, Any]:
    """What `/visit REF 45m every 15m` says, as answers."""
    answers: dict[str, Any] = {}
    if given.length is not None:
        answers["length"] = given.length.total_seconds()
    if given.every is not None:
        answers["every"] = given.every.total_seconds()
    if given.starts_at is not None or given.length is not None:
        answers["starts"] = "now" if given.starts_at is None else given.starts_at.isoformat()
    return answers


async def start_with(turn: Turn, ref: str, answers: Mapping[str, Any]) -> Draft:
    """A visit to this family: as last time, but for what is given."""
    draft = await drafts.begin(turn.tx, turn.actor, VISIT.name, drafts.NOTHING, {"ref": ref})
    begun = await _as_last_time(turn, draft)
    kept = [key for key in begun.answers.get(KEPT, ()) if key not in answers]
    whole = replace(begun, answers={**begun.answers, **answers, KEPT: kept})
    return await _judged(turn, whole)


async def _as_last_time(turn: Turn, draft: Draft) -> Draft:
    answers = draft.answers
    row = await planning.last_of_family(turn.tx, turn.actor, answers["ref"])
    if row is None:
        return draft
    # What last time's plan did not say is not asked this time either; "Change" asks it all.
    blank = {step.key: "" for step in VISIT.steps if step.key not in OF_THE_DAY | {"strategies"}}
    last = {**blank, **kept_of(row, turn.actor.person_id), "news": "none"}
    return replace(draft, answers={**answers, "ref": row.family_ref, **last, KEPT: sorted(last)})


def _asked_anew(draft: Draft) -> Draft:
    """Every question but whose visit it is, each with its earlier answer to choose again."""
    given = [each.key for each in VISIT.steps if each.key in draft.answers and each.key != "ref"]
    left = forget(draft, *(key for key in given if key not in ("starts", "confirm")))
    drop = ("starts", "confirm", KEPT)
    return replace(left, answers={key: value for key, value in left.answers.items() if key not in drop})


def _without(draft: Draft, key: str, more: dict[str, Any]) -> Draft:
    return replace(draft, answers={**{each: value for each, value in draft.answers.items() if each != key}, **more})


async def _judged(turn: Turn, draft: Draft) -> Draft:
    answers = draft.answers
    if not all(answers.get(key) for key in ("ref", "starts", "length")):
        return draft
    request = request_of(turn, answers)
    risk, because = await planning.looked_ahead(turn.tx, turn.actor, request)
    plan = await planning.demanded(turn.tx, turn.actor, request)
    threat = is_threat(answers, risk, because)
    judged = {
        "_risk": str(risk),
        "_threat": _yes(threat),
        "_office": _yes(plan.office),
        "_arrange": _yes(bool(plan.confirms)),
    }
    return replace(draft, answers={**answers, **judged})


def _yes(true: bool) -> str:
    return "yes" if true else "no"


def _arranged(key: str, measure: Measure, what: str, guidance: Guidance) -> dict[str, Any]:
    """What the planner confirms: in the guidance's words, or that somebody is rung. Own words may name anybody."""
    if what == "confirm":
        known = confirms_in_known_words(measure, guidance)
        return {"value": key, "label": measure.demands.confirm} if known else {"value": key, "name": "say.own_measure"}
    return {"value": key, "name": f"say.{what}"}


def _told_apart(options: list[dict[str, Any]], say: Callable[[str], str]) -> list[dict[str, Any]]:
    """Two measures may demand the same, or say it in their own words: their buttons are numbered."""
    texts = [each.get("label") or say(each["name"]) for each in options]
    counted: Counter[str] = Counter()
    for option, text in zip(options, texts, strict=True):
        counted[text] += 1
        if texts.count(text) > 1:
            option["label"] = f"{text} ({counted[text]})"
    return options


def request_of(turn: Turn, answers: Mapping[str, Any]) -> PlanRequest:
    """The answers as the action wants them."""
    return to_request(answers, turn.actor.person_id, turn.tx.now)


def _starts(turn: Turn) -> list[dict[str, Any]]:
    here = turn.tx.now.astimezone(turn.zone)
    past = timedelta(minutes=here.minute % 30, seconds=here.second, microseconds=here.microsecond)
    halves = [here - past + timedelta(minutes=30 * count) for count in range(1, HALF_HOURS + 1)]
    morning = (here + timedelta(days=1)).replace(hour=9, minute=0, second=0, microsecond=0)
    moments = [each.isoformat() for each in (*halves, morning)]
    return [{"value": each, "at": each} for each in ("now", *moments)]


async def _colleagues(turn: Turn) -> list[dict[str, Any]]:
    found = await colleagues(turn.tx, turn.actor, Role.PRACTITIONER, Role.MANAGER)
    return [{"value": str(each.id), "label": each.name} for each in found]
