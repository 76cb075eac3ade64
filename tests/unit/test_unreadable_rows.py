"""A row that no key opens (spoilt, or sealed with a key that this process lacks) harms nobody but itself."""

from collections.abc import Awaitable, Callable, Collection
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text

from bots.dialogue.inbox import InboxWorker, act_on, take_in
from bots.dialogue.incoming import Incoming
from bots.dialogue.render import render
from bots.dialogue.router import handle
from safety_service.actions import alerts, courses, gap_telling, gaps, meetings, sweeping, telling, words
from safety_service.actions.courses import Direction
from safety_service.actions.fact_reviews import chase_facts
from safety_service.actions.plan_chases import chase_courses, chase_measures, chase_reviews
from safety_service.actions.sweeping import sweep_alerts
from safety_service.actions.words import Word
from safety_service.domain.alert import Alert, Step
from safety_service.domain.climb import deadline
from safety_service.domain.course import CourseKind
from safety_service.domain.gathering import Call
from safety_service.domain.gathering import Kind as Meeting
from safety_service.domain.words import Kind, Phase, Risk, Status
from safety_service.store import outbox, people, visits
from safety_service.store.database import Database, Tx
from tests import debriefs
from tests.danger import DURESS, agreed, inside_high
from tests.guidance.at_plans import told
from tests.talk import Talk
from tests.world import MINUTE, World, build

SPOILT = b"nothing that a key opens"


@pytest.fixture
async def world(database: Database) -> World:
    return await build(database)


async def spoil(world: World, statement: str) -> None:
    async with world.database.transaction() as tx:
        await tx.conn.execute(text(statement), {"spoilt": SPOILT})


async def test_a_visit_that_no_key_opens_is_told_as_unwatched_and_keeps_no_other_from_being_watched(
    world: World,
) -> None:
    await world.inside("Ann", address="spoilt")
    async with world.database.transaction() as tx:
        await tx.conn.execute(text("UPDATE visit SET address = :spoilt"), {"spoilt": SPOILT})
    await world.inside("Ben", ref="F-2")
    await world.jump(36)
    await world.sweep()
    kinds = {world.name(each.alert.worker_id): each.alert.kind for each in await world.alerts()}
    assert kinds == {"Ann": Kind.UNWATCHED, "Ben": Kind.MISSED_CHECK_IN}
    assert {each.template for each in await world.deliver()} == {"alarm.unwatched", "alarm.missed_check_in"}


async def test_an_alert_that_cannot_climb_is_told_as_unwatched_and_keeps_no_other_from_climbing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await world.inside("Ann")
    await world.later(36)
    ann = await world.alert()

    def fails(alert: Alert, *args: Any, **kwargs: Any) -> Step:
        if alert.id == ann.id:
            raise ValueError("a row that nobody foresaw")
        return deadline(alert, *args, **kwargs)

    monkeypatch.setattr(sweeping, "deadline", fails)
    await world.jump(5)
    async with world.database.transaction() as tx:
        await sweep_alerts(tx, 50)
    told = {each.alert.kind for each in await world.alerts()}
    assert told == {Kind.MISSED_CHECK_IN, Kind.UNWATCHED}
    await world.inside("Ben", ref="F-2")
    await world.later(36)
    found = {(world.name(each.alert.worker_id), each.alert.kind): each.alert for each in await world.alerts()}
    assert found["Ann", Kind.UNWATCHED].rung >= 1
    assert ("Ben", Kind.MISSED_CHECK_IN) in found


async def test_a_message_that_no_key_opens_keeps_no_other_from_going_out(world: World) -> None:
    await world.inside("Ann")
    await world.jump(36)
    await world.sweep()
    await spoil(world, "UPDATE outbox SET params = :spoilt")
    await world.inside("Ben", ref="F-2")
    await world.jump(36)
    await world.sweep()
    taken = await world.deliver()
    assert "Ben" in {each.params.get("worker") for each in taken if each.template == "alarm.missed_check_in"}
    assert await tried(world) == 1
    assert await tried(world) == 1, "not again in the same moment"
    await world.jump(1)
    assert await tried(world) == 2


async def tried(world: World) -> int:
    """Look for messages to send: those that no key opens are not among them. Gives how often one was tried by now."""
    waiting = text("SELECT max(attempts) FROM outbox WHERE state = 'pending'")
    async with world.database.transaction() as tx:
        assert await outbox.lease(tx, ["telegram"], 1000, "test", MINUTE, most=9) == []
        return int((await tx.conn.execute(waiting)).scalar_one())


@pytest.mark.parametrize("at_once", [True, False])
async def test_a_word_that_no_key_opens_is_given_up_and_keeps_nobody_from_being_heard(
    world: World, caplog: pytest.LogCaptureFixture, at_once: bool
) -> None:
    async with world.database.transaction() as tx:
        known: dict[str, Any] = {
            "person_id": world.ids["Ann"],
            "chat": "chat-Ann",
            "provider_id": "lost",
            "text": "hello",
        }
        word = Incoming(channel="telegram", kind="text", said_at=tx.now, **known)
        await take_in(tx, "telegram", "lost", word.chat, word.person_id, tx.now, word.payload())
    await spoil(world, "UPDATE inbox SET payload = :spoilt")
    talk = Talk(world)
    if at_once:
        async with world.database.transaction() as tx:
            await act_on(tx, "telegram", word.chat, handle)
    await InboxWorker(world.database, handle).drain()
    assert await talk.failed() == ["KeysDoNotOpen"] and "given up" in caplog.text
    assert (await talk.screen("Ann"))[-1].template == "reply.failed", "whoever said it hears so"
    async with world.database.transaction() as tx:
        word = replace(word, provider_id="heard", text="/sos")
        await take_in(tx, "telegram", "heard", word.chat, word.person_id, tx.now, word.payload())
    await InboxWorker(world.database, handle).drain()
    assert (await world.alert()).alert.kind is Kind.SOS


async def test_agreed_words_that_no_key_opens_keep_no_alarm_from_going_out(world: World) -> None:
    await agreed(world, code="Is the blue file in?")
    row = await world.inside("Ann")
    await spoil(world, "UPDATE phrase SET words = :spoilt")
    await world.jump(36)
    await world.sweep()
    assert "alarm.missed_check_in" in {each.template for each in await world.deliver()}
    await world.do("Ann", words.sos, row.id, Word())
    assert {each.alert.kind for each in await world.alerts()} == {Kind.MISSED_CHECK_IN, Kind.SOS}


async def test_a_worker_is_heard_from_a_visit_that_no_key_opens_from_begin_to_home(world: World) -> None:
    row = await world.plan("Ann", minutes=60)
    await spoil(world, "UPDATE visit SET address = :spoilt, because = :spoilt, answers = :spoilt")
    talk = Talk(world)
    for text_, phase in (("in", Phase.INSIDE), ("ok", Phase.INSIDE), ("+15", Phase.INSIDE), ("out", Phase.HOME)):
        world.clock.move(5 * MINUTE)
        await talk.says("Ann", text_)
        async with world.database.reading() as tx:
            (watch,) = (await visits.opened(tx, [row.id]))[row.id].visit.watches
        assert (watch.phase, watch.last_word_at) == (phase, world.now), text_
    await talk.says("Ann", "home")
    assert not await world.alerts()
    async with world.database.reading() as tx:
        kept = (await tx.conn.execute(text("SELECT address FROM visit"))).scalar_one()
    assert kept == SPOILT, "nothing was written over what somebody with the key can read"


@pytest.mark.parametrize("with_visit", [True, False])
async def test_a_cry_for_help_is_heard_from_a_visit_that_no_key_opens(world: World, with_visit: bool) -> None:
    await agreed(world)
    row = await world.inside("Ann")
    await spoil(world, "UPDATE visit SET address = :spoilt")
    await world.do("Ann", words.sos, row.id if with_visit else None, Word())
    await Talk(world).says("Ann", DURESS)
    assert {(each.alert.kind, each.alert.visit_id) for each in await world.alerts()} == {
        (Kind.SOS, None),
        (Kind.DURESS, None),
    }
    assert {each.template for each in await world.deliver() if world.name(each.person_id) == "Mia"} == {
        "alarm.sos",
        "alarm.duress",
    }
    for each in await world.alerts():
        await world.do("Mia", alerts.take, each.id)


async def test_a_debrief_that_no_key_opens_keeps_nobody_from_being_heard(world: World) -> None:
    """Of an older visit, and of the colleague on this one."""
    await debriefs.given(world, "Ben", ref="F-9", after=700, whole=False)
    ann, ben = world.ids["Ann"], world.ids["Ben"]
    row = await world.plan("Ann", workers=(ann, ben))
    talk = Talk(world)
    for each in ("Ann", "Ben"):
        await world.do(each, words.begin, row.id, Word())
    await talk.says("Ann", "out")
    await spoil(world, "UPDATE debrief SET answers = :spoilt")
    for text_, phase in (("out", Phase.HOME), ("home", Phase.DONE)):
        assert await talk.says("Ben", text_), "answered"
        assert (await world.visit(row.id)).visit.watch(ben).phase is phase
    await talk.says("Ben", "/sos")
    assert (await world.alert()).alert.kind is Kind.SOS


@pytest.mark.parametrize("cry", ["sos", DURESS, "/sos"])
async def test_a_form_that_no_key_opens_keeps_nobody_from_being_heard_and_is_begun_again(
    world: World, cry: str
) -> None:
    await agreed(world)
    await world.plan("Ann", after=30)
    talk = Talk(world)
    await talk.says("Ann", "/visit")
    await talk.says("Ann", "F-7")
    await spoil(world, "UPDATE draft SET answers = :spoilt")
    assert await talk.presses("Ann", talk.new[-1].labels[0]), "an old button is answered"
    assert await talk.sends("Ann", "voice"), "what is no text, too"
    assert await talk.says("Ann", "/visit"), "it begins again"
    await spoil(world, "UPDATE draft SET answers = :spoilt")
    await talk.says("Ann", cry)
    assert (await world.alert()).alert.kind is (Kind.DURESS if cry == DURESS else Kind.SOS)


async def spoil_of(world: World, what: str, who: str) -> None:
    theirs = f"UPDATE {what} = '{world.ids[who]}'"
    await spoil(world, theirs.replace("-", "") if world.database.dialect == "sqlite" else theirs)


CHANNELS, NAME = "channel SET address = :spoilt WHERE person_id", "person SET name = :spoilt WHERE id"


@pytest.mark.parametrize(("what", "who"), [(CHANNELS, "Dev"), (NAME, "Mia")])
async def test_somebody_on_a_rung_whom_no_key_opens_keeps_no_alarm_from_the_others(
    world: World, what: str, who: str
) -> None:
    await world.inside("Ann")
    await spoil_of(world, what, "Mia")
    await world.later(38)
    assert (await world.alert()).alert.kind is Kind.MISSED_CHECK_IN
    await world.deliver()
    assert world.told(who, "alarm.missed_check_in"), "where nothing reaches Mia, the next rung hears"


async def test_a_worker_whom_no_key_opens_is_told_of_all_the_same(world: World) -> None:
    await world.inside("Ann", address="1 Elm Row")
    await spoil_of(world, NAME, "Ann")
    await world.later(38)
    assert (await world.alert()).alert.kind is Kind.MISSED_CHECK_IN
    (told,) = world.told("Mia", "alarm.missed_check_in")
    assert (told.params["worker"], told.params["worker_phone"]) == (people.UNREAD, None)
    assert told.params["address"] == "1 Elm Row", "what else is known is said"
    text = render(told.template, told.params, channel="webchat", ceiling="case", zone=ZoneInfo("Europe/London")).text
    assert f"{people.UNREAD}, alone." in text and "Cannot reach them? Ring 999." in text


async def test_a_worker_and_a_visit_that_no_key_opens_are_told_of_as_unwatched(world: World) -> None:
    await world.inside("Ann")
    await spoil_of(world, NAME, "Ann")
    await spoil(world, "UPDATE visit SET address = :spoilt")
    await world.later(38)
    assert (await world.alert()).alert.kind is Kind.UNWATCHED
    assert world.told("Mia", "alarm.unwatched")


async def test_agreed_words_that_no_key_opens_are_asked_for_and_then_somebody_rings(world: World) -> None:
    await agreed(world, code="Is the blue file in?")
    row = await inside_high(world)
    await spoil(world, "UPDATE phrase SET words = :spoilt")
    out = await world.do("Ann", words.left, row.id, Word())
    assert out.own_word_wanted and out.kept_back, "no stranger is let out without a word"
    for again in (True, False):
        (question,) = [each for each in await world.deliver() if each.template == "ask.own_word"]
        four = question.params["four"]
        assert len(set(four)) == 4, "something to tap"
        out = await world.do("Ann", words.left, row.id, Word(phrase=four[0]))
        assert (out.own_word_wanted, out.kept_back) == (again, True)
    assert "ring.wanted" in {each.template for each in await world.deliver()}
    assert (await world.visit(row.id)).visit.watch(world.ids["Ann"]).phase is Phase.INSIDE


@pytest.mark.parametrize("phrase", [None, "tulip"])
async def test_agreed_words_that_no_key_opens_keep_back_no_word_that_asks_for_none(
    world: World, phrase: str | None
) -> None:
    await agreed(world)
    row = await world.inside("Ann")
    await spoil(world, "UPDATE phrase SET words = :spoilt")
    await world.do("Ann", words.note, row.id, Word(note="They are at the table"))
    await world.do("Ann", words.ok, row.id, Word(phrase=phrase))
    longer = await world.do("Ann", words.extend, row.id, Word(phrase=phrase), 5 * MINUTE)
    assert not longer.kept_back
    out = await world.do("Ann", words.left, row.id, Word(phrase=phrase))
    assert out.visit is not None and out.visit.visit.watch(world.ids["Ann"]).phase is Phase.HOME


async def test_whoever_cannot_be_told_of_a_gap_keeps_nobody_from_being_watched_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await world.inside("Ann")
    await world.inside("Ben", ref="F-2")
    for each in ("Mia", "Adam", "Ann"):
        await spoil_of(world, CHANNELS, each)
    tell = telling.tell

    async def fails(tx: Tx, person_ids: Collection[UUID], template: str, *args: Any, **kwargs: Any) -> int:
        if template == "gap.administrator" or world.ids["Ann"] in person_ids:
            raise ValueError("a row that nobody foresaw")
        return await tell(tx, person_ids, template, *args, **kwargs)

    monkeypatch.setattr(gap_telling, "tell", fails)
    async with world.database.transaction() as tx:
        assert await gaps.own_up(tx, world.now - timedelta(minutes=9), world.now, gaps.Cause.DOWN) == 2
    told_of = []
    for _ in range(4):
        async with world.database.transaction() as tx:
            told_of.append(await gaps.tell_owed(tx, 50))
    assert told_of == [1, 2, 1, 0], "the agency's managers, two workers, the agency's administrators"
    assert {world.name(each.person_id) for each in await world.deliver() if each.template == "gap.worker"} == {"Ben"}


async def test_a_measure_that_no_key_opens_keeps_nobody_from_planning_a_visit_nor_from_being_watched_on_it(
    world: World,
) -> None:
    await told(world, "open_threat")
    await spoil(world, "UPDATE measure SET says = :spoilt")
    row = await world.plan("Ben", after=30)
    assert row.visit.status is Status.WAITING, "nobody knows what it lacks: a manager decides"
    assert row.visit.risk is Risk.HIGH, "what is known of the risk counts all the same"
    await world.do("Ben", words.begin, row.id, Word())
    assert (await world.visit(row.id)).visit.watch(world.ids["Ben"]).phase is Phase.INSIDE


async def test_a_measure_that_no_key_opens_keeps_no_other_from_being_asked_about(world: World) -> None:
    await told(world, "argued")
    await told(world, "argued", ref="F-2")
    await spoil(world, "UPDATE measure SET says = :spoilt WHERE family_id = (SELECT id FROM family WHERE ref = 'F-1')")
    await world.jump(24 * 60 * 6)
    async with world.database.transaction() as tx:
        await chase_measures(tx, 20)
    await world.deliver()
    assert {each.params["ref"] for each in world.told("Mia", "plan.undecided")} == {"F-2"}
    async with world.database.transaction() as tx:
        assert await chase_measures(tx, 20) == 0, "not again in the same moment"


async def test_a_fact_that_no_key_opens_is_asked_about_all_the_same_and_judged_by(world: World) -> None:
    await told(world, "open_threat")
    await spoil(world, "UPDATE risk_fact SET says = :spoilt")
    world.clock.move(timedelta(days=250))
    async with world.database.transaction() as tx:
        assert await chase_facts(tx, 20)
    await world.deliver()
    assert world.told("Mia", "facts.review")
    assert (await world.plan("Ben")).visit.risk is Risk.HIGH


async def spoil_what_stands(world: World, table: str, column: str, where: str = "") -> None:
    """Spoil rows of a table that refuses to be changed."""
    change = f"UPDATE {table} SET {column} = :spoilt {where}"
    sqlite = world.database.dialect == "sqlite"
    off = f"DROP TRIGGER {table}_refuses_update" if sqlite else f"ALTER TABLE {table} DISABLE TRIGGER ALL"
    await spoil(world, off)
    await spoil(world, change)


#: Of two families, the rows of one.
OF_F_1 = "WHERE family_id = (SELECT id FROM family WHERE ref = 'F-1')"


async def asked_about(world: World, chase: Callable[[Tx, int], Awaitable[int]], template: str) -> list[str]:
    """Which families' managers are asked now."""
    async with world.database.transaction() as tx:
        await chase(tx, 20)
    await world.deliver()
    return sorted(each.params["ref"] for each in world.told("Mia", template))


async def test_a_plan_that_no_key_opens_keeps_no_other_from_being_looked_at_again(world: World) -> None:
    for ref in ("F-1", "F-2"):
        await told(world, "open_threat", ref=ref)
    await spoil_what_stands(world, "plan_version", "why", OF_F_1)
    world.clock.move(timedelta(days=30))
    assert await asked_about(world, chase_reviews, "plan.review") == ["F-1", "F-2"], "its day to look again is known"


async def test_a_direction_that_no_key_opens_keeps_no_other_from_being_renewed(world: World) -> None:
    for ref in ("F-1", "F-2"):
        await told(world, "argued", ref=ref)
        until = world.now.date() + timedelta(days=10)
        direction = Direction(kind=CourseKind.WITH_MEASURES, reason="we agreed it", until_on=until)
        await world.do("Mia", courses.for_family, ref, direction)
    await spoil_what_stands(world, "course", "reason", OF_F_1)
    world.clock.move(timedelta(days=5))
    assert await asked_about(world, chase_courses, "plan.course_ends") == ["F-1", "F-2"]


async def test_a_meeting_that_no_key_opens_is_asked_about_all_the_same(world: World) -> None:
    await told(world, "open_threat")
    call = Call(
        kind=Meeting.RISK,
        meets_at=world.now + timedelta(days=2),
        why="It grew worse",
        share_what="That we met",
        share_how="Ann tells them",
        share_when="On Monday",
    )
    await world.do("Mia", meetings.call, "F-1", call)
    await spoil(world, "UPDATE meeting SET body = :spoilt")
    world.clock.move(timedelta(days=3))
    assert await asked_about(world, meetings.chase, "meeting.overdue") == ["F-1"]
