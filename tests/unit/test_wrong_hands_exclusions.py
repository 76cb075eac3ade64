"""Kept off a worker or a family: on no rung, in no list, behind no button, and told no more from that moment on."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from safety_service import web
from safety_service.actions import (
    alerts,
    decisions,
    exclusions,
    exports,
    families,
    items,
    planning,
    reading,
    rings,
    timeline,
    words,
)
from safety_service.actions.errors import NotFound
from safety_service.actions.words import Word
from safety_service.domain.refusal import Refused
from safety_service.domain.words import Decided, Found, KnownBy, News, State
from safety_service.store import families as family_rows
from safety_service.store import items as item_rows
from safety_service.store.items import Item
from safety_service.store.tables.alerts import outbox
from safety_service.store.visits import Wanted
from safety_service.web import metrics
from tests import http
from tests.world import World

BOTH = pytest.mark.parametrize("off", ["worker", "family"])


async def keep_off(world: World, who: str, off: str) -> None:
    """An administrator keeps them off Ann, or off the family F-1."""
    about: dict[str, Any] = {"worker_id": world.ids["Ann"]} if off == "worker" else {"family_ref": "F-1"}
    await world.do("Adam", exclusions.add, world.ids[who], **about, reason="they were married")


async def not_there(world: World, who: str, *calls: tuple[Any, ...]) -> None:
    """Each of these answers as if there were nothing."""
    for action, *args in calls:
        with pytest.raises(NotFound):
            await world.do(who, action, *args)


@BOTH
async def test_the_rung_passes_and_nothing_of_it_reaches_them(world: World, off: str) -> None:
    await keep_off(world, "Mia", off)
    row = await world.inside("Ann")
    await world.do("Ann", words.sos, row.id, Word())
    await world.later(10)
    alert = (await world.alert()).alert
    assert world.ids["Mia"] not in alert.told
    assert world.ids["Dev"] in alert.told
    assert world.told("Mia") == []


@BOTH
async def test_every_way_to_it_answers_as_if_it_were_not_there(world: World, off: str) -> None:
    row = await world.inside("Ann")
    await world.do("Ann", words.sos, row.id, Word())
    await world.do("Ann", words.ring_me, row.id, Word())
    alert = (await world.alert()).id
    await keep_off(world, "Mia", off)
    since, until = world.now - timedelta(days=1), world.now + timedelta(days=1)
    await not_there(
        world,
        "Mia",
        (reading.alert, alert),
        (reading.alarm_of, alert),
        (timeline.of_alert, alert),
        (alerts.take, alert),
        (alerts.news, alert, News.STILL_TRYING),
        (alerts.note, alert, "x"),
        (alerts.escalate, alert),
        (alerts.pass_on, alert, world.ids["Dev"]),
        (alerts.resolve, alert, Found.SAFE, KnownBy.SEEN),
        (reading.visit, row.id),
        (decisions.decide, row.id, Decided.GO_AHEAD, "fine"),
    )
    assert (await world.do("Mia", reading.alerts_of)).rows == []
    assert await world.do("Mia", reading.board) == []
    assert (await world.do("Mia", reading.visits_of, Wanted(agency_id=world.agency_id))).rows == []
    for what in ("visits", "alerts"):
        assert (await world.do("Mia", exports.export, what, world.agency_id, since, until)).rows == []
    with pytest.raises(Refused, match="not_to_them"):
        await world.do("Dev", alerts.pass_on, await taken_by(world, "Dev", alert), world.ids["Mia"])


async def taken_by(world: World, who: str, alert: UUID) -> UUID:
    """Somebody has it."""
    await world.do(who, alerts.take, alert)
    return alert


async def test_nothing_of_a_family_is_read_found_or_filled_in_for_them(world: World) -> None:
    await world.plan("Ann", address="1 Elm Row")
    await world.do("Mia", families.change, "F-1", 1, {"name": "Smith"})
    await keep_off(world, "Mia", "family")
    await not_there(world, "Mia", (families.read, "F-1"), (families.make, "F-1"))
    assert await world.do("Mia", families.find, "F-1") == await world.do("Mia", families.find, "Smith") == []
    assert await world.do("Mia", planning.last_of_family, "F-1") is None
    assert await world.do("Mia", planning.demanded, _asked(world)) == planning.Demanded()
    with pytest.raises(NotFound):
        await world.plan("Mia", ref="F-1")


def _asked(world: World) -> planning.PlanRequest:
    return planning.PlanRequest(
        family_ref="F-1", starts_at=world.now, ends_at=world.now + timedelta(minutes=30), address_text="x"
    )


@BOTH
async def test_a_worker_who_is_asked_to_be_rung_is_not_rung_by_them(world: World, off: str) -> None:
    await keep_off(world, "Mia", off)
    row = await world.inside("Ann")
    await world.do("Ann", words.ring_me, row.id, Word())
    sent = await world.deliver()
    (asked,) = {each.params["ring_id"] for each in sent if each.template == "ring.wanted"}
    assert world.told("Mia") == []
    await not_there(world, "Mia", (rings.answer, UUID(str(asked)), "spoke"))


@BOTH
async def test_who_has_an_alert_and_is_kept_off_then_has_it_no_more(world: World, off: str) -> None:
    row = await world.inside("Ann", minutes=30)
    await world.later(60)
    alert = (await world.alerts())[0]
    await world.do("Mia", alerts.take, alert.id)
    await keep_off(world, "Mia", off)
    before = len(world.told("Mia"))
    await world.sweep()
    after = (await world.alerts())[0].alert
    assert (after.state, after.owner_id) == (State.OPEN, None)
    await world.later(10)
    assert len(world.told("Mia")) == before
    assert world.told("Dev", "alert.lapsed")
    await world.do("Ann", words.ok, row.id, Word())
    await world.do("Dev", alerts.take, alert.id)
    await world.do("Dev", alerts.resolve, alert.id, Found.LATE, KnownBy.HEARD_VOICE)
    await world.deliver()
    assert len(world.told("Mia")) == before, "nothing of it, to the end"


@BOTH
async def test_what_was_on_its_way_to_them_stays_unsaid(world: World, off: str) -> None:
    row = await world.inside("Ann")
    await world.do("Ann", words.sos, row.id, Word())
    await keep_off(world, "Mia", off)
    async with world.database.reading() as tx:
        query = select(outbox.c.template, outbox.c.state).where(outbox.c.person_id == world.ids["Mia"])
        waiting = (await tx.conn.execute(query)).all()
    assert waiting and {each.state for each in waiting} == {"dropped"}
    await world.deliver()
    assert world.told("Mia") == []


async def test_what_is_about_others_still_reaches_them(world: World) -> None:
    await keep_off(world, "Mia", "worker")
    row = await world.inside("Ben", ref="F-2")
    await world.do("Ben", words.sos, row.id, Word())
    await world.later(1)
    assert world.told("Mia", "alarm.sos")
    alert = (await world.alert()).id
    assert (await world.do("Mia", alerts.take, alert)).alert.owner_id == world.ids["Mia"]
    await world.do("Adam", exclusions.add, world.ids["Mia"], family_ref="F-3", reason="neighbours")
    assert (await world.alert()).alert.owner_id == world.ids["Mia"], "an exclusion about something else"


async def test_what_they_are_kept_off_does_not_push_the_rest_off_the_list(world: World) -> None:
    await world.plan("Ann", ref="F-1")
    await world.plan("Ann", ref="F-2", after=200)
    async with world.database.transaction() as tx:
        off = await family_rows.by_ref(tx, world.agency_id, "F-1")
        other = await family_rows.by_ref(tx, world.agency_id, "F-2")
        for family, count in ((off, 5), (other, 1), (None, 1)):
            for _ in range(count):
                await item_rows.add(tx, _item(world, family, tx.now))
    await keep_off(world, "Mia", "family")
    shown = await world.do("Mia", items.of_teams, 3)
    assert [each.family_id for each in shown] == [other, None]
    assert len(await world.do("Dev", items.of_teams, 200)) == 7


def _item(world: World, family: UUID | None, now: Any) -> Item:
    return Item(
        id=UUID(int=0),
        agency_id=world.agency_id,
        team_id=world.team_id,
        family_id=family,
        kind="action",
        body={"text": "x"},
        opened_at=now,
    )


async def test_an_exclusion_that_has_ended_holds_no_more(world: World) -> None:
    await keep_off(world, "Mia", "worker")
    (one,) = await world.do("Adam", exclusions.of_agency, world.agency_id)
    await world.do("Adam", exclusions.end, world.agency_id, one.row.id)
    row = await world.inside("Ann")
    await world.do("Ann", words.sos, row.id, Word())
    assert world.ids["Mia"] in (await world.alert()).alert.told


async def test_the_boards_live_line_says_nothing_of_what_one_is_kept_off(world: World) -> None:
    await keep_off(world, "Mia", "worker")
    async with http.serving(http.application(world, web)) as base, http.browsing(base) as browser:
        await http.signed_in(world, browser, "Mia")
        async with browser.get("/board/events") as line:
            first = (await line.content.readuntil(b"}\n\n")).decode()
            row = await world.inside("Ann", address="1 Elm Row")
            await world.do("Ann", words.sos, row.id, Word())
            second = (await line.content.readuntil(b"}\n\n")).decode()
        async with browser.get("/board") as answer:
            shown = await answer.text()
        for each in (first, second, shown):
            assert not [word for word in ("Ann", "Elm", "F-1", "asked for help", str(row.id)) if word in each]


async def test_the_figures_name_nobody(world: World) -> None:
    row = await world.inside("Ann", address="1 Elm Row")
    await world.do("Ann", words.sos, row.id, Word())
    app = http.application(world, web)
    app.router.add_routes(metrics.routes)
    async with http.serving(app) as base, http.browsing(base) as anybody, anybody.get("/metrics") as answer:
        figures = await answer.text()
    assert "doorstep_alerts_open" in figures
    named = ("Ann", "Mia", "Elm", "F-1", str(row.id), str(world.ids["Ann"]))
    assert not [word for word in named if word in figures]
