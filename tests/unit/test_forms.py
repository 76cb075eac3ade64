"""Forms as data: what is asked next, what is no answer, and drafts that survive everything."""

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import text

from config.forms import FORMS, RESOLVE, VISIT, Form, Kind, Step
from config.forms_debrief import CHAT
from safety_service.actions import drafts as own_drafts
from safety_service.store import drafts
from safety_service.store.clock import SetClock
from safety_service.store.database import Database
from safety_service.store.drafts import NOTHING
from tests.world import World


def walked(form: Form, answers: dict[str, Any]) -> list[str]:
    """The keys that are asked, in order, when everything is answered like this."""
    given: dict[str, Any] = {key: value for key, value in answers.items() if key.startswith("_")}
    asked = []
    while (step := form.next_step(given)) is not None:
        asked.append(step.key)
        given[step.key] = answers.get(step.key, "")
    return asked


def test_a_quiet_debrief_has_two_questions_and_a_hard_one_at_most_seven() -> None:
    assert walked(CHAT, {"mood": "fine"}) == ["mood", "seen"]
    assert walked(CHAT, {"mood": "fine", "_quiet": "yes"}) == ["mood", "seen", "quiet"]
    assert walked(CHAT, {"mood": "no_entry"}) == ["mood"]
    assert walked(CHAT, {"mood": "bad"}) == ["mood", "seen", "go_on", "met"]
    grave = {"mood": "bad", "_violent": "yes", "_grave": "yes"}
    assert walked(CHAT, grave) == ["mood", "seen", "go_on", "met", "hurt", "tell_now"]
    assert walked(CHAT, {**grave, "_words": "yes"})[-1] == "happened"


def test_how_it_is_known_is_asked_in_words_only_when_it_is_known_another_way() -> None:
    assert walked(RESOLVE, {"found": "safe", "known_by": "seen"}) == ["found", "known_by"]
    assert walked(RESOLVE, {"found": "safe", "known_by": "other"}) == ["found", "known_by", "note"]


def test_a_threat_is_never_planned_without_asking_for_strategies() -> None:
    assert "strategies" not in walked(VISIT, {"hostility": "some"})
    given = {step.key: "x" for step in VISIT.steps if step.key not in ("strategies", "confirm")}
    step = VISIT.next_step({**given, "_threat": "yes"})
    assert step is not None and step.key == "strategies" and not step.optional


def test_the_step_before_is_the_last_that_was_asked() -> None:
    before = CHAT.step_before("hurt", {"mood": "bad", "seen": "no", "met": []})
    assert before is not None and before.key == "met"
    assert CHAT.step_before("mood", {}) is None


def test_answers_to_questions_that_have_no_point_any_more_are_left_out() -> None:
    answers = {"mood": "fine", "seen": "no", "met": ["argued"], "happened": "", "_shown": [], "go_on": "yes"}
    assert CHAT.given(answers) == {"mood": "fine", "seen": "no"}


@pytest.mark.parametrize(
    ("step", "value", "fault"),
    [
        (Step(key="a", kind=Kind.CHOICE, options=("x",)), "x", None),
        (Step(key="a", kind=Kind.CHOICE, options=("x",)), "y", "unknown"),
        (Step(key="a", kind=Kind.CHOICE, options=("x",), typed=True), "y", None),
        (Step(key="a", kind=Kind.CHOICE, options=("x",)), " ", "empty"),
        (Step(key="a", kind=Kind.CHOICE, options=("x",)), 3, "empty"),
        (Step(key="a", kind=Kind.MANY, options=("x", "y")), ["y", "x"], None),
        (Step(key="a", kind=Kind.MANY, options=("x", "y")), [], "empty"),
        (Step(key="a", kind=Kind.MANY, options=("x", "y"), optional=True), [], None),
        (Step(key="a", kind=Kind.MANY, options=("x", "y")), ["z"], "unknown"),
        (Step(key="a", kind=Kind.TEXT), "words", None),
        (Step(key="a", kind=Kind.TEXT), "  ", "empty"),
        (Step(key="a", kind=Kind.TEXT, optional=True), "", None),
        (Step(key="a", kind=Kind.TEXT), "x" * 2001, "too_long"),
        (Step(key="a", kind=Kind.TIME), "now", None),
        (Step(key="a", kind=Kind.TIME), "2026-07-01T10:00:00+01:00", None),
        (Step(key="a", kind=Kind.TIME), "2026-07-01T10:00:00", "no_time"),
        (Step(key="a", kind=Kind.TIME), "soon", "no_time"),
        (Step(key="a", kind=Kind.DURATION), 900.0, None),
        (Step(key="a", kind=Kind.DURATION), 0, "no_duration"),
        (Step(key="a", kind=Kind.DURATION), "900", "no_duration"),
        (Step(key="a", kind=Kind.PLACE), {"text": "4 Hill Road"}, None),
        (Step(key="a", kind=Kind.PLACE), {"latitude": 50.9, "longitude": -1.4}, None),
        (Step(key="a", kind=Kind.PLACE), {"latitude": 50.9}, "no_place"),
        (Step(key="a", kind=Kind.PLACE), "there", "no_place"),
    ],
)
def test_what_is_no_answer_is_said_and_why(step: Step, value: Any, fault: str | None) -> None:
    assert step.fault(value) == fault


def test_conditions_speak_of_questions_that_come_before() -> None:
    for form in FORMS.values():
        seen: set[str] = set()
        for step in form.steps:
            assert all(key in seen or key.startswith("_") for key in step.when), (form.name, step.key)
            assert step.key not in seen
            seen.add(step.key)


async def test_a_draft_survives_the_service_and_its_answers_are_sealed(world: World, database_url: str) -> None:
    async with world.database.transaction() as tx:
        ann = await world.actor(tx, "Ann")
        draft = await own_drafts.begin(tx, ann, "visit", NOTHING, {"address": {"text": "4 Hill Road"}})
        await own_drafts.save(tx, replace(draft, step="purpose", seq=4))
    reopened = await Database.open(database_url, clock=SetClock(world.now))
    async with reopened.reading() as tx:
        kept = await drafts.latest(tx, world.ids["Ann"])
        raw = (await tx.conn.execute(text("SELECT answers FROM draft"))).scalar_one()
    await reopened.close()
    assert kept is not None and (kept.id, kept.step, kept.seq) == (draft.id, "purpose", 4)
    assert kept.answers == {"address": {"text": "4 Hill Road"}}
    assert b"Hill" not in bytes(raw)


async def test_there_is_one_draft_of_a_form_about_a_thing_and_nobody_elses_is_found(world: World) -> None:
    async with world.database.transaction() as tx:
        ann, ben = await world.actor(tx, "Ann"), await world.actor(tx, "Ben")
        first = await own_drafts.begin(tx, ann, "visit", NOTHING, {"ref": "F-1"})
        again = await own_drafts.begin(tx, ann, "visit", NOTHING, {})
        assert again.id == first.id and again.answers == {}
        assert await own_drafts.load(tx, ben, first.id) is None
        assert await own_drafts.latest(tx, ben) is None
        await own_drafts.end(tx, first)
        assert await own_drafts.of(tx, ann, "visit", NOTHING) is None
