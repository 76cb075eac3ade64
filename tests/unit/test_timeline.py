"""The whole timeline of one alert: everything in its order, from rows alone, for whoever may read it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from aiohttp import ClientSession
from sqlalchemy import select

from safety_service import api, web
from safety_service.actions import (
    alert_page,
    alerts,
    cases,
    delivering,
    exclusions,
    gaps,
    scene,
    starting,
    timeline,
    words,
)
from safety_service.actions.alert_page import AlertPage
from safety_service.actions.errors import NotFound
from safety_service.actions.words import Word
from safety_service.domain.alert import Alert
from safety_service.domain.effects import RaiseAlert
from safety_service.domain.ladder import freeze
from safety_service.domain.refusal import Refused
from safety_service.domain.timeline import Deed, Facts, WordSaid
from safety_service.domain.timeline_story import happened, told
from safety_service.domain.words import Found, Kind, KnownBy, Risk, Role
from safety_service.store import outbox, people, standing
from safety_service.store.alerts import AlertRow
from safety_service.store.clock import SetClock
from safety_service.store.database import Database
from safety_service.store.tables.system import event_log
from tests.http import application, browsing, paired, serving, signed_in
from tests.unit.test_domain_ladder import SAMPLE
from tests.world import World


async def silence(world: World) -> AlertRow:
    """Ann says that she goes in, says OK with a note, and is not heard any more."""
    row = await world.inside(minutes=90)
    await world.later(10)
    await world.do("Ann", words.ok, row.id, Word(note="the grandmother is here"))
    await world.later(30)
    await world.later(5.25)
    return await world.alert()


async def page(world: World, who: str | None, alert: AlertRow) -> str:
    async with world.database.transaction() as tx:
        return await timeline.of_alert(tx, None if who is None else await world.actor(tx, who), alert.id)


def story(text: str) -> list[str]:
    """The lines with a time of day."""
    part = text.partition("Every message")[0]
    return [line.strip() for line in part.splitlines() if line.startswith("  ") and line.strip()[2:3] == ":"]


def lines(text: str, *parts: str) -> list[str]:
    """Those that have all of these in them."""
    return [each for each in text.splitlines() if all(part in each for part in parts)]


async def refuse(world: World, who: str) -> None:
    """Everything that waits for this person is refused for good; the rest is taken."""
    async with world.database.transaction() as tx:
        for each in await outbox.lease(tx, ["telegram"], 1000, "test", timedelta(minutes=1), most=9):
            if each.person_id == world.ids[who]:
                await delivering.failed(tx, [(each, "the chat is gone")])
            else:
                await delivering.sent(tx, [(each, "1")])


async def test_it_tells_what_was_said_missed_told_and_done_in_order(world: World) -> None:
    alert = await silence(world)
    await world.later(5.25)
    await world.do("Dev", alerts.take, alert.id)
    await world.later(1)
    await world.do("Dev", alerts.resolve, alert.id, Found.SAFE, KnownBy.HEARD_VOICE, "was in the cellar")
    told_of = [each[10:] for each in story(await page(world, "Mia", alert)) if "To " not in each]
    expected = [
        "Ann (the worker) said: going in",
        "Ann (the worker) said: OK",
        "A word of Ann (the worker) was due. None came.",
        "ALERT 1 opened: missed check-in.",
        "Rung 1 (manager on duty) is told: Mia.",
        "Reached with “the alarm”: Mia (telegram)",
        "Nobody has taken it. Rung 2 (deputy on duty) is told: Dev.",
        "Reached with “the alarm”: Dev (telegram)",
        "Dev (manager) has it",
        "Dev (manager) closed it: safe, heard their voice",
    ]
    found = [next(at for at, line in enumerate(told_of) if line.startswith(each)) for each in expected]
    assert found == sorted(found), told_of
    times = [each[:8] for each in story(await page(world, "Mia", alert))]
    assert times == sorted(times)


async def test_the_head_says_when_it_was_due_who_has_it_and_how_long_that_took(world: World) -> None:
    alert = await silence(world)
    assert "Now: nobody has it" in await page(world, "Mia", alert)
    await world.later(1)
    await world.do("Mia", alerts.take, alert.id)
    said = await page(world, "Mia", alert)
    assert "Now: Mia (manager) has it" in said and "First taken after 1m15s." in said
    assert "Visit F-1: medium risk" in said and "Times are those of Europe/London" in said
    assert lines(said, "Ladder: 1 manager on duty, 5m", "3 everyone, again every 2m")


async def test_every_message_says_to_whom_when_by_which_channel_and_why_not(world: World) -> None:
    row = await world.inside()
    await world.later(30)
    world.clock.move(timedelta(minutes=5))
    await world.sweep()
    await refuse(world, "Mia")
    await world.sweep()
    alert = await world.alert()
    said = await page(world, "Mia", alert)
    assert lines(said, "Mia (manager) did not get “the alarm” by telegram: the chat is gone.")
    assert lines(said, "Nobody of them was reached. Rung 2 (deputy on duty) is told: Dev.")
    table = said.partition("Every message")[2]
    assert lines(table, "09:35:00", "Mia", "telegram", "the alarm", "never taken: the chat is gone")
    assert lines(table, "09:35:00", "Dev", "telegram", "the alarm", "still to go out")
    assert lines(table, "09:30:00", "Ann", "telegram", "all well?", "reached 09:30:00")
    await world.later(0.5)
    assert lines((await page(world, "Mia", alert)).partition("Every message")[2], "Dev", "reached 09:35:15")
    assert row.id == alert.alert.visit_id


async def test_a_message_that_may_have_arrived_twice_says_so(world: World) -> None:
    await world.inside()
    await world.later(30)
    world.clock.move(timedelta(minutes=5))
    await world.sweep()
    async with world.database.transaction() as tx:
        [out] = await outbox.lease(tx, ["telegram"], 10, "test", timedelta(minutes=1), most=1)
        await delivering.unknown(tx, [(out, "the line was cut", False)])
    world.clock.move(timedelta(seconds=10))
    await world.deliver()
    said = await page(world, "Mia", await world.alert())
    assert lines(said, "Mia", "the alarm", "reached 09:35:10, 2 tries, perhaps more than once")
    assert lines(said, "Reached with “the alarm”: Mia (telegram), at the 2. try.")


async def test_gaps_and_restarts_of_the_service_stand_in_between(world: World) -> None:
    alert = await silence(world)
    since = world.now
    await world.jump(12)
    async with world.database.transaction() as tx:
        await starting.note_start(tx, "host:1")
        await gaps.own_up(tx, since, tx.now, gaps.Cause.DOWN)
    said = await page(world, "Mia", alert)
    assert lines(said, f"{since:%H:%M:%S}", "THE SERVICE STOPPED WATCHING: it was not running.")
    assert lines(said, "Nobody was watched since", "(12m)") and lines(said, "The service was started.")


async def test_it_is_the_same_after_a_restart_for_it_is_made_of_rows(world: World, database_url: str) -> None:
    alert = await silence(world)
    before = await page(world, "Mia", alert)
    again = await Database.open(database_url, clock=SetClock(world.now))
    async with again.transaction() as tx:
        assert await timeline.of_alert(tx, await world.actor(tx, "Mia"), alert.id) == before
    await again.close()


# --- who may read it ---


async def test_a_worker_reads_their_own_only_when_it_is_over_and_colleagues_never(world: World) -> None:
    alert = await silence(world)
    with pytest.raises(Refused, match="after_it_is_over"):
        await page(world, "Ann", alert)
    with pytest.raises(NotFound):
        await page(world, "Ben", alert)
    await world.do("Mia", alerts.resolve, alert.id, Found.LATE, KnownBy.HEARD_VOICE)
    assert "closed it: only late" in await page(world, "Ann", alert)


async def test_a_worker_does_not_learn_of_open_duress_from_any_timeline(world: World) -> None:
    row = await world.inside()
    await world.later(35.25)
    missed = await world.alert()
    async with world.database.transaction() as tx:
        here = await scene.of_visit(tx, await world.visit(row.id))
        wanted = RaiseAlert(world.ids["Ann"], Kind.DURESS, tx.now, tx.now)
        duress = await cases.raise_on_visit(tx, here, wanted)
    with pytest.raises(NotFound):
        await page(world, "Ann", duress)
    assert "ALERT 2 opened: duress." in await page(world, "Mia", duress)
    await world.do("Mia", alerts.resolve, missed.id, Found.LATE, KnownBy.HEARD_VOICE)
    assert "duress" not in (await page(world, "Ann", missed)).casefold()


async def test_an_administrator_who_was_not_told_reads_no_case_text(world: World) -> None:
    async with world.database.transaction() as tx:
        await standing.remove(tx, world.agency_id, world.ids["Adam"])
        other = await people.add(tx, world.agency_id, "Amy", email="amy@example.org")
        world.ids["Amy"] = other.id
        await people.set_roles(tx, other.id, world.team_id, frozenset({Role.ADMINISTRATOR}))
    alert = await silence(world)
    await world.do("Mia", alerts.note, alert.id, "the neighbour was rung")
    whole, sealed = await page(world, "Mia", alert), await page(world, "Amy", alert)
    for secret in ("grandmother", "neighbour", "F-1"):
        assert secret in whole and secret not in sealed
    assert "Rung 1 (manager on duty) is told: Mia." in sealed


async def test_who_is_kept_off_and_who_is_elsewhere_do_not_find_it(world: World) -> None:
    alert = await silence(world)
    async with world.database.transaction() as tx:
        for who in ("Dev", "Adam"):
            await exclusions.add(tx, None, world.ids[who], worker_id=world.ids["Ann"], reason="former partner")
    for who in ("Dev", "Adam"):
        with pytest.raises(NotFound):
            await page(world, who, alert)


async def test_that_it_was_read_is_kept_and_is_no_part_of_it(world: World) -> None:
    alert = await silence(world)
    first = await page(world, "Mia", alert)
    assert await page(world, "Mia", alert) == first
    async with world.database.reading() as tx:
        reads = select(event_log).where(event_log.c.subject == "timeline", event_log.c.verb == "read")
        rows = (await tx.conn.execute(reads)).all()
    assert [(row.actor_id, row.alert_id, row.details["view"]) for row in rows] == [
        (world.ids["Mia"], alert.id, "with_text")
    ] * 2


# --- the ways in ---


async def test_it_is_a_page_for_whoever_may_and_is_saved_as_plain_text(world: World) -> None:
    alert = await silence(world)
    async with serving(application(world, web)) as base, browsing(base) as mia, browsing(base) as ann:
        await signed_in(world, mia, "Mia")
        await signed_in(world, ann, "Ann")
        async with mia.get(f"/alerts/{alert.id}/timeline") as answer:
            assert answer.status == 200 and answer.content_type == "text/html"
            shown = await answer.text()
        assert "ALERT 1: missed check-in" in shown and 'name="viewport"' in shown, "at a size that a phone can show"
        async with mia.get(f"/alerts/{alert.id}/timeline?as=text") as answer:
            assert answer.status == 200 and answer.content_type == "text/plain"
            assert (await answer.text()).startswith("ALERT 1: missed check-in")
        async with ann.get(f"/alerts/{alert.id}/timeline") as answer:
            assert answer.status == 409 and "once it is closed" in await answer.text()
        async with mia.get(f"/alerts/{world.team_id}/timeline") as answer:
            assert answer.status == 404


async def test_a_program_reads_the_same_text(world: World) -> None:
    alert = await silence(world)
    async with serving(application(world, api)) as base, ClientSession(base) as session:
        mia, ann = await paired(world, session, "Mia"), await paired(world, session, "Ann")
        status, answer = await mia.get(f"/alerts/{alert.id}/timeline")
        assert status == 200 and answer["text"].startswith("ALERT 1: missed check-in")
        status, problem = await ann.get(f"/alerts/{alert.id}/timeline")
        assert (status, problem["type"]) == (409, "urn:doorstep:problem:after_it_is_over")


# --- times ---


def test_the_night_on_which_clocks_go_back_names_both_times() -> None:
    opened = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    worker, zone = UUID(int=1), ZoneInfo("Europe/London")
    about = Alert(
        id=UUID(int=2),
        kind=Kind.SOS,
        worker_id=worker,
        visit_id=None,
        opened_at=opened,
        due_at=opened,
        ladder=freeze(Kind.SOS, Risk.HIGH, SAMPLE),
    )
    late = WordSaid(worker_id=worker, kind="ok", said_at=opened, heard_at=opened + timedelta(hours=1), via="api")
    later = Deed(at=opened + timedelta(hours=1), verb="some_new_verb", by=None, about=None)
    known: dict[str, Any] = {"names": {worker: "Ann"}, "posts": {}, "words": [late], "deeds": [later]}
    said = told(Facts(alert=about, agency="A", zone=zone, printed_at=opened, with_text=True, **known))
    assert [each for each in said.splitlines() if each.startswith("Sunday")] == [
        "Sunday 25 October 2026, BST",
        "Sunday 25 October 2026, GMT",
    ]
    assert said.count("01:30:00") == 4 and "the service some new verb" in said


async def test_of_messages_that_are_no_longer_among_the_latest_it_does_not_say_that_nobody_was_reached(
    world: World,
) -> None:
    alert = await silence(world)
    await world.later(6)
    shown = await world.do("Mia", alert_page.look, alert.id)
    assert isinstance(shown, AlertPage)
    told_to_dev = "Rung 2 (deputy on duty) is told: Dev."
    assert f"Nobody has taken it. {told_to_dev}" in [each.text for each in happened(shown.facts)]
    latest = replace(shown.facts, sendings=shown.facts.sendings[-1:])
    assert told_to_dev in [each.text for each in happened(latest)]
