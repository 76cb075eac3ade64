"""Nothing that no key opens stands between a cry for help and whoever comes, nor keeps them from the alert's page."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, text

from bots.dialogue.inbox import InboxWorker, take_in
from bots.dialogue.router import handle
from safety_service.actions import alert_page, alerts, kept_files, live, timeline, words
from safety_service.actions.alert_page import AlertPage
from safety_service.actions.kept_files import GIVE_UP, Spoken
from safety_service.actions.sweeping import sweep_alerts
from safety_service.actions.words import Position, Word
from safety_service.domain.refusal import Refused
from safety_service.domain.words import Found, Kind, KnownBy
from safety_service.store import kept_files as rows
from safety_service.store import people
from safety_service.store.kept_files import KeptFile
from safety_service.store.tables.visits import kept_file
from safety_service.store.unopened import UNREAD
from tests.danger import DURESS, agreed, inside_high
from tests.talk import Talk
from tests.unit.test_unreadable_rows import SPOILT, spoil, spoil_of, spoil_what_stands
from tests.world import World

SAID = b"OggS they are at the door"
SOURCE = "UPDATE kept_file SET source = :spoilt"
NOTE = "UPDATE alert SET note = :spoilt"


def spoken(number: int = 1, **more: object) -> Spoken:
    known = {"kind": "voice", "media_type": "audio/ogg", "size": len(SAID), "source": "f-1"}
    return Spoken(**{**known, "provider_id": f"telegram:{number}", **more})  # type: ignore[arg-type]


async def sent(
    world: World, who: str = "Ann", visit_id: UUID | None = None, number: int = 1, **more: object
) -> KeptFile:
    """Somebody sends a voice note."""
    await world.do(who, kept_files.note, spoken(number, **more), visit_id=visit_id)
    async with world.database.reading() as tx:
        newest = select(kept_file.c.id).order_by(kept_file.c.kept_at.desc(), kept_file.c.id.desc()).limit(1)
        found = await rows.load(tx, (await tx.conn.execute(newest)).scalar_one())
    assert found is not None
    return found


async def page_of(world: World, who: str, alert_id: UUID) -> AlertPage:
    """The alert's page, also as it looks again and again while it is open."""
    assert await world.do(who, alert_page.mark, alert_id)
    page = await world.do(who, alert_page.look, alert_id)
    assert isinstance(page, AlertPage)
    return page


# --- a voice note, of which no key opens where it is ---


async def test_who_sent_a_file_that_no_key_opens_is_heard_when_they_call_for_help(world: World) -> None:
    await agreed(world)
    talk = Talk(world)
    file = await sent(world)
    await spoil(world, SOURCE)
    await talk.says("Ann", "/sos")
    await talk.says("Ann", DURESS)
    assert {each.alert.kind for each in await world.alerts()} == {Kind.SOS, Kind.DURESS}
    told = {each.template for each in await world.deliver() if world.name(each.person_id) == "Mia"}
    assert told == {"alarm.sos", "alarm.duress"}
    for each in await world.alerts():
        assert [one.id for one in (await page_of(world, "Mia", each.id)).files] == [file.id]


@pytest.mark.parametrize("cry", ["sos", "ring_me"])
async def test_a_file_that_no_key_opens_keeps_no_call_for_help_from_climbing(world: World, cry: str) -> None:
    await world.do("Ann", getattr(words, cry), None, Word())
    await sent(world)
    await spoil(world, SOURCE)
    await world.later(8)
    (row,) = await world.alerts()
    assert (row.alert.kind, row.alert.rung) == (Kind(cry), row.alert.ladder.last)
    assert world.told("Dev", f"alarm.{cry}")


async def test_the_page_of_an_alert_about_a_visit_shows_a_file_that_no_key_opens(world: World) -> None:
    row = await world.inside()
    await world.do("Ann", words.sos, row.id, Word())
    file = await sent(world, visit_id=row.id)
    await spoil(world, SOURCE)
    assert [each.id for each in (await page_of(world, "Mia", (await world.alert()).id)).files] == [file.id]


async def test_a_file_from_before_the_door_of_a_visit_that_no_key_opens_is_on_the_page_of_a_later_call(
    world: World,
) -> None:
    row = await world.plan()
    file = await sent(world, visit_id=row.id, source=None, body=SAID)
    await spoil(world, "UPDATE visit SET address = :spoilt")
    await world.do("Ann", words.sos, None, Word())
    assert [each.id for each in (await page_of(world, "Mia", (await world.alert()).id)).files] == [file.id]
    assert (await world.do("Mia", kept_files.open_file, file.id))[1] == SAID


async def test_a_file_that_no_key_opens_is_put_off_alone_and_loudly_and_given_up_after_a_day(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    lost = await sent(world)
    await spoil(world, SOURCE)
    other = await sent(world, "Ben", number=2, source="f-2")
    with caplog.at_level(logging.ERROR):
        assert await to_fetch(world) == ["f-2"]
    assert str(lost.id) in caplog.text and str(other.id) not in caplog.text
    assert await to_fetch(world) == [], "not again in the same moment"
    world.clock.move(GIVE_UP + timedelta(minutes=1))
    assert await to_fetch(world) == ["f-2"]
    async with world.database.reading() as tx:
        found = await rows.load(tx, lost.id)
    assert found is not None and found.gone == "not_had"
    await world.deliver()
    assert world.told("Ann", "file.lost")


async def to_fetch(world: World) -> list[str | None]:
    async with world.database.transaction() as tx:
        return [each.source for each in await kept_files.to_fetch(tx, 10)]


# --- what was found, in words that no key opens ---


@pytest.mark.parametrize("with_visit", [True, False])
async def test_who_once_called_is_heard_again_whatever_was_noted_of_the_first_call(
    world: World, with_visit: bool
) -> None:
    await agreed(world)
    row = await world.inside()
    await world.do("Ann", words.sos, row.id if with_visit else None, Word())
    first = await world.alert()
    await world.do("Mia", alerts.resolve, first.id, Found.SAFE, KnownBy.HEARD_VOICE, "rang her")
    await spoil(world, NOTE)
    await world.do("Ann", words.sos, row.id if with_visit else None, Word())
    await Talk(world).says("Ann", DURESS)
    await world.later(8)
    found = {each.alert.kind: each.alert for each in await world.alerts()}
    assert found.keys() == {Kind.SOS, Kind.DURESS}
    assert all(each.rung == each.ladder.last for each in found.values())


async def test_an_alert_whose_note_no_key_opens_is_shown_and_closed_and_the_note_is_left_as_it_is(
    world: World,
) -> None:
    await world.do("Ann", words.sos, None, Word())
    first = await world.alert()
    await world.do("Mia", alerts.resolve, first.id, Found.SAFE, KnownBy.HEARD_VOICE, "rang her")
    await spoil(world, NOTE)
    await page_of(world, "Dev", first.id)
    await world.do("Dev", alerts.take, first.id, take_over=True)
    await world.do("Dev", alerts.resolve, first.id, Found.SAFE, KnownBy.SEEN)
    closed = (await world.alert()).alert
    assert not closed.open and closed.resolution is not None and closed.resolution.note == UNREAD
    async with world.database.reading() as tx:
        kept = (await tx.conn.execute(text("SELECT note FROM alert"))).scalar_one()
    assert kept == SPOILT, "whoever has the key can read it"


# --- a visit that no key opens, and words and deeds around an alert ---


async def test_an_alert_of_a_visit_that_no_key_opens_climbs_and_is_shown_taken_and_closed(world: World) -> None:
    await world.inside("Ann")
    await world.later(36)
    await spoil(world, "UPDATE visit SET address = :spoilt")
    await world.jump(5)
    async with world.database.transaction() as tx:
        await sweep_alerts(tx, 50)
    alert = await world.alert()
    assert (alert.alert.kind, alert.alert.rung) == (Kind.MISSED_CHECK_IN, 2)
    await world.deliver()
    (told,) = world.told("Dev", "alarm.missed_check_in")
    assert told.params["address"] == UNREAD and told.params["ref"] == "F-1", "what else is known is said"
    assert (await page_of(world, "Dev", alert.id)).params["address"] == UNREAD
    await world.do("Dev", alerts.take, alert.id)
    await world.do("Dev", alerts.resolve, alert.id, Found.LATE, KnownBy.HEARD_VOICE)
    assert not (await world.alert()).alert.open


async def test_ring_me_on_a_visit_that_no_key_opens_becomes_an_alert_when_nobody_rings(world: World) -> None:
    row = await world.inside("Ann")
    await world.do("Ann", words.ring_me, row.id, Word())
    await spoil(world, "UPDATE visit SET address = :spoilt")
    await world.later(3)
    assert (await world.alert()).alert.kind is Kind.RING_ME


@pytest.mark.parametrize("of", ["said.note", "said.position", "event_log.details"])
async def test_what_was_said_and_done_around_an_alert_keeps_nobody_from_its_page(world: World, of: str) -> None:
    row = await world.inside()
    place = Position(latitude=53.48, longitude=-2.24)
    await world.do("Ann", words.note, row.id, Word(note="he has gone out", position=place))
    await world.do("Ann", words.sos, row.id, Word())
    await spoil_what_stands(world, *of.split("."))
    alert = await world.alert()
    await page_of(world, "Mia", alert.id)
    story = await world.do("Mia", timeline.of_alert, alert.id)
    assert UNREAD in story if of == "said.note" else "he has gone out" in story
    assert "ALERT 1 opened" in story


async def test_a_position_that_no_key_opens_keeps_no_later_one_from_being_kept(world: World) -> None:
    row = await world.inside()
    place = Position(latitude=53.48, longitude=-2.24)
    assert await world.do("Ann", live.sample, row.id, Word(position=place))
    await spoil_what_stands(world, "said", "position", "WHERE position IS NOT NULL")
    world.clock.move(timedelta(seconds=30))
    assert not await world.do("Ann", live.sample, row.id, Word(position=place)), "too soon"
    world.clock.move(timedelta(seconds=30))
    assert await world.do("Ann", live.sample, row.id, Word(position=place))
    await world.do("Ann", words.sos, row.id, Word())
    await world.deliver()
    (told,) = world.told("Mia", "alarm.sos")
    assert told.params["last_position"]["latitude"] == 53.48


async def test_the_duress_word_is_heard_that_answers_a_question_which_no_key_opens(world: World) -> None:
    await agreed(world)
    row = await inside_high(world)
    await world.do("Ann", words.left, row.id, Word())
    await spoil(world, "UPDATE outbox SET params = :spoilt")
    async with world.database.transaction() as tx:
        payload: dict[str, Any] = {"kind": "text", "text": DURESS, "token": "", "position": None, "extra": {}}
        await take_in(tx, "telegram", "1", "chat-Ann", world.ids["Ann"], tx.now, payload)
    await InboxWorker(world.database, handle).drain()
    assert (await world.alert()).alert.kind is Kind.DURESS


# --- somebody whom no key opens ---


@pytest.mark.parametrize("column", ["name", "phone", "responder"])
async def test_somebody_whom_no_key_opens_is_heard_and_answered_and_watched(world: World, column: str) -> None:
    await agreed(world)
    row = await world.inside("Ann")
    await spoil_of(world, f"person SET {column} = :spoilt WHERE id", "Ann")
    talk = Talk(world)
    assert await talk.says("Ann", "ok"), "answered"
    assert (await world.visit(row.id)).visit.watch(world.ids["Ann"]).last_word_at == world.now
    await talk.says("Ann", "/sos")
    await talk.says("Ann", DURESS)
    assert {each.alert.kind for each in await world.alerts()} == {Kind.SOS, Kind.DURESS}
    await world.deliver()
    assert world.told("Mia", "alarm.sos") and world.told("Mia", "alarm.duress")


@pytest.mark.parametrize("column", ["name", "phone", "responder"])
async def test_a_manager_whom_no_key_opens_is_told_and_takes_it_and_closes_it(world: World, column: str) -> None:
    await spoil_of(world, f"person SET {column} = :spoilt WHERE id", "Mia")
    await world.do("Ann", words.sos, None, Word())
    await world.deliver()
    assert world.told("Mia", "alarm.sos")
    alert = await world.alert()
    await world.do("Mia", alerts.take, alert.id)
    await page_of(world, "Mia", alert.id)
    with pytest.raises(Refused, match="taken_already") as refused:
        await world.do("Dev", alerts.take, alert.id)
    assert refused.value.facts["owner"] == people.UNREAD
    await world.do("Mia", alerts.pass_on, alert.id, world.ids["Dev"])
    for each in ("Mia", "Dev"):
        await world.do(each, alerts.resolve, alert.id, Found.SAFE, KnownBy.SEEN)
    assert not (await world.alert()).alert.open
