"""The debrief: wanted from out on, chased at the right hours, a wish to talk heard at once."""

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from config.guidance import Behaviour, parse_guidance
from config.policy import parse_policy
from safety_service.actions import debrief_chasing, planning, words
from safety_service.actions import debriefs as actions
from safety_service.actions.debrief_chasing import sweep_debriefs
from safety_service.actions.errors import NotFound
from safety_service.actions.planning import PlanRequest
from safety_service.actions.words import Word
from safety_service.domain.debrief import (
    Chase,
    Severity,
    difficult,
    facts,
    next_chase,
    quiet_question,
    severity,
    timetable,
)
from safety_service.domain.refusal import Refused
from safety_service.domain.words import Outcome, Risk
from safety_service.store import debriefs, families
from safety_service.store.debriefs import Debrief
from safety_service.store.visits import VisitRow
from tests.world import World

LONDON = ZoneInfo("Europe/London")
POLICY = parse_policy("").debrief
KNOWN = parse_guidance("").behaviours


async def out(world: World, *, ref: str = "F-1") -> VisitRow:
    """Ann was inside for ten minutes, is out and home."""
    row = await world.inside(ref=ref)
    world.clock.move(timedelta(minutes=10))
    await world.do("Ann", words.left, row.id, Word())
    await world.do("Ann", words.home, row.id, Word())
    return row


async def wanted(world: World) -> Debrief:
    async with world.database.reading() as tx:
        (row,) = await debriefs.open_of(tx, world.ids["Ann"])
    return row


async def sweep_at(world: World, at: datetime) -> list[str]:
    """Move to this moment, chase, and say what was told to whom."""
    world.clock.at = at
    async with world.database.transaction() as tx:
        await sweep_debriefs(tx, 100)
    return [f"{world.name(each.person_id)} {each.template}" for each in await world.deliver()]


async def test_out_asks_for_the_debrief_once(world: World) -> None:
    row = await out(world)
    await world.do("Ann", actions.wanted_of)
    async with world.database.transaction() as tx:
        await actions.start(tx, world.agency_id, row.id, world.ids["Ann"])
    assert (await wanted(world)).visit_id == row.id


async def test_a_quiet_visit_is_chased_in_office_hours_and_then_the_manager_hears(world: World) -> None:
    await out(world)
    await world.deliver()
    nine = world.now.replace(hour=9, minute=10)
    assert await sweep_at(world, nine.replace(hour=16, minute=59)) == []
    assert await sweep_at(world, nine.replace(hour=17, minute=0)) == ["Ann debrief.remind"]
    assert await sweep_at(world, nine.replace(hour=17, minute=1)) == []
    tomorrow = nine + timedelta(days=1)
    assert await sweep_at(world, tomorrow.replace(hour=10, minute=0)) == ["Ann debrief.remind"]
    assert await sweep_at(world, tomorrow.replace(hour=16, minute=0)) == ["Mia debrief.overdue"]
    assert await sweep_at(world, tomorrow + timedelta(days=5)) == []


async def test_a_hard_visit_that_is_not_told_is_chased_within_hours(world: World) -> None:
    await out(world)
    await world.deliver()
    asked_at = (await wanted(world)).asked_at
    await world.do("Ann", actions.answer, (await wanted(world)).id, {"mood": "bad"})
    assert await sweep_at(world, asked_at + timedelta(minutes=59)) == []
    assert await sweep_at(world, asked_at + timedelta(hours=1)) == ["Ann debrief.remind"]
    assert await sweep_at(world, asked_at + timedelta(hours=3)) == ["Ann debrief.remind"]
    assert await sweep_at(world, asked_at + timedelta(hours=4)) == ["Mia debrief.overdue"]
    await world.do("Ann", actions.answer, (await wanted(world)).id, {"seen": "no"})
    assert await sweep_at(world, asked_at + timedelta(hours=5)) == []


async def test_nobody_is_reminded_while_they_are_inside_or_perhaps_driving(world: World) -> None:
    await out(world)
    await world.do("Ann", actions.answer, (await wanted(world)).id, {"mood": "bad"})
    asked_at = (await wanted(world)).asked_at
    following = await world.inside(ref="F-2", minutes=120)
    assert await sweep_at(world, asked_at + timedelta(hours=1)) != ["Ann debrief.remind"]
    await world.do("Ann", words.left, following.id, Word())
    assert "Ann debrief.remind" not in await sweep_at(world, asked_at + timedelta(hours=1, minutes=20))
    await world.do("Ann", words.home, following.id, Word())
    assert "Ann debrief.remind" in await sweep_at(world, asked_at + timedelta(hours=1, minutes=40))


async def test_a_wish_to_talk_reaches_the_manager_at_once_and_once(world: World) -> None:
    await out(world)
    row = await wanted(world)
    await world.deliver()
    await world.do("Ann", actions.answer, row.id, {"mood": "bad", "support": ["talk"]})
    await world.do("Ann", actions.answer, row.id, {"support": ["time", "talk"]})
    told = [each for each in await world.deliver() if each.template == "debrief.talk"]
    assert [world.name(each.person_id) for each in told] == ["Mia"]
    assert told[0].params["worker"] == "Ann" and told[0].params["worker_phone"]


async def test_what_was_met_counts_for_the_next_visit(world: World) -> None:
    row = await out(world)
    debrief = await wanted(world)
    told = {"mood": "bad", "seen": "no", "go_on": "yes", "met": ["open_threat", "dog", "mixed"]}
    await world.do("Ann", actions.answer, debrief.id, told)
    await world.do("Ann", actions.give_first_part, debrief.id)
    async with world.database.reading() as tx:
        known = await families.facts(tx, row.family_id)
        given = await debriefs.load(tx, debrief.id)
    assert sorted((each.kind, each.on) for each in known) == [
        ("dog", date(2026, 11, 16)),
        ("open_threat", date(2026, 11, 16)),
        ("targeted", date(2026, 11, 16)),
    ]
    assert given is not None and (given.state, given.severity) == ("draft", "high")
    starts_at = world.now + timedelta(days=1)
    request = PlanRequest(family_ref="F-1", starts_at=starts_at, ends_at=starts_at + timedelta(minutes=30))
    risk, because = await world.do("Ben", planning.judge_risk, request)
    assert risk is Risk.HIGH and because[0].key == "open_threat"


async def test_no_entry_stands_on_the_visit(world: World) -> None:
    row = await out(world)
    await world.do("Ann", actions.submit, (await wanted(world)).id, {"mood": "no_entry"})
    assert (await world.visit(row.id)).visit.outcome is Outcome.NO_ENTRY


async def test_nobody_answers_for_another_and_what_is_given_is_given(world: World) -> None:
    await out(world)
    row = await wanted(world)
    with pytest.raises(NotFound):
        await world.do("Mia", actions.answer, row.id, {"mood": "fine"})
    await world.do("Ann", actions.submit, row.id, {"mood": "fine", "seen": "alone"})
    with pytest.raises(Refused, match="debrief_given"):
        await world.do("Ann", actions.answer, row.id, {"mood": "bad"})


async def test_a_debrief_that_cannot_be_chased_stops_no_other(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    await out(world)
    second = await world.inside("Ben", ref="F-2")
    await world.do("Ben", words.left, second.id, Word())
    await world.do("Ben", words.home, second.id, Word())
    chase: Any = debrief_chasing._chase

    async def failing(tx: Any, row: Debrief) -> None:
        if row.worker_id == world.ids["Ann"]:
            raise ValueError("odd row")
        await chase(tx, row)

    monkeypatch.setattr(debrief_chasing, "_chase", failing)
    assert await sweep_at(world, world.now.replace(hour=17, minute=0)) == ["Ben debrief.remind"]
    assert (await wanted(world)).next_at == world.now + actions.NOT_NOW
    assert "could not be chased" in caplog.text


def test_late_in_the_day_the_first_reminder_is_tomorrows() -> None:
    asked_at = datetime(2026, 7, 1, 18, 30, tzinfo=LONDON)
    times = timetable(asked_at, fine=True, zone=LONDON, policy=POLICY)
    assert next_chase(times, asked_at) == (Chase.REMIND_AGAIN, datetime(2026, 7, 2, 10, 0, tzinfo=LONDON))
    long_after = asked_at + timedelta(days=9)
    assert next_chase(times, long_after) == times[-1]
    assert next_chase(times, long_after, after=Chase.MANAGER) is None


def test_reminders_keep_their_local_hour_across_a_night_in_which_clocks_change() -> None:
    asked_at = datetime(2026, 10, 24, 18, 0, tzinfo=LONDON)
    times = timetable(asked_at, fine=True, zone=LONDON, policy=POLICY)
    assert [f"{at.astimezone(LONDON):%d %H:%M}" for _, at in times] == ["24 17:00", "25 10:00", "25 16:00"]


def behaviours(*keys: str) -> list[Behaviour]:
    return [KNOWN[key] for key in keys]


def test_how_hard_a_visit_was_follows_from_the_worst_that_was_met() -> None:
    assert severity("fine", []) is Severity.NONE
    assert severity("off", behaviours("mixed")) is Severity.LOW
    assert severity("bad", []) is Severity.MEDIUM
    assert severity("off", behaviours("argued", "mixed")) is Severity.MEDIUM
    assert severity("off", behaviours("veiled_threat", "dog")) is Severity.HIGH
    assert facts({key: KNOWN[key] for key in ("argued", "mixed", "hit")}) == {
        "argued": "confrontation",
        "hit": "violence",
    }


def test_mixed_feelings_alone_ask_for_no_more_and_never_count() -> None:
    assert not difficult("off", behaviours("mixed"))
    assert difficult("off", behaviours("agreed")) and difficult("bad", [])


def test_every_fourth_quiet_visit_is_asked_and_each_time_another_question() -> None:
    asked = [quiet_question(("a", "b"), before, 4) for before in range(12)]
    assert asked == [None, None, None, "a", None, None, None, "b", None, None, None, "a"]
    assert quiet_question((), 3, 4) is None


async def test_the_rest_of_a_hard_debrief_is_chased_and_then_the_manager_hears(world: World) -> None:
    await out(world)
    row = await wanted(world)
    await world.do("Ann", actions.answer, row.id, {"mood": "bad", "seen": "no", "go_on": "yes", "met": ["argued"]})
    await world.do("Ann", actions.give_first_part, row.id)
    await world.deliver()
    given_at = world.now
    assert await sweep_at(world, given_at + timedelta(hours=23)) == []
    assert await sweep_at(world, given_at + timedelta(days=1)) == ["Ann debrief.rest"]
    assert await sweep_at(world, given_at + timedelta(days=2)) == ["Ann debrief.rest"]
    assert await sweep_at(world, given_at + timedelta(days=3)) == ["Mia debrief.rest_overdue"]
    assert await sweep_at(world, given_at + timedelta(days=9)) == []


async def test_what_was_met_counts_although_the_worker_was_called_away_in_the_middle(world: World) -> None:
    visit = await out(world)
    row = await wanted(world)
    await world.do("Ann", actions.answer, row.id, {"mood": "bad", "seen": "no", "go_on": "yes", "met": ["open_threat"]})
    await world.deliver()
    await sweep_at(world, row.asked_at + timedelta(hours=1))
    async with world.database.reading() as tx:
        assert {each.kind for each in await families.facts(tx, visit.family_id)} == {"open_threat", "targeted"}


async def test_part_a_wants_what_was_met_and_the_whole_wants_every_answer(world: World) -> None:
    await out(world)
    row = await wanted(world)
    await world.do("Ann", actions.answer, row.id, {"mood": "bad", "seen": "no"})
    with pytest.raises(Refused, match="debrief_unfinished"):
        await world.do("Ann", actions.give_first_part, row.id)
    with pytest.raises(Refused, match="debrief_unfinished"):
        await world.do("Ann", actions.submit, row.id, {"met": ["argued"], "go_on": "yes"})
    for nonsense in ({"met": ["dragon"]}, {"child_dragon": "yes"}, {"happened": "x" * 2001}):
        with pytest.raises(Refused, match="answer_unknown"):
            await world.do("Ann", actions.answer, row.id, nonsense)
    assert dict((await wanted(world)).answers) == {"mood": "bad", "seen": "no"}


async def test_what_was_met_stays_met_once_part_a_is_given(world: World) -> None:
    await out(world)
    row = await wanted(world)
    await world.do("Ann", actions.answer, row.id, {"mood": "bad", "seen": "no", "go_on": "yes", "met": ["argued"]})
    await world.do("Ann", actions.give_first_part, row.id)
    await world.do("Ann", actions.keep, row.id, {"mood": "fine", "met": ["dog"], "happened": "He shouted."})
    after = (await wanted(world)).answers
    assert (after["mood"], after["met"], after["happened"]) == ("bad", ["argued", "dog"], "He shouted.")
