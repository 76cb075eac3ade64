"""A row that no key opens takes no page from everybody: it is said to be unreadable."""

from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID

import pytest
from aiohttp import ClientSession
from sqlalchemy import text

from safety_service import web
from safety_service.actions import board_duty, exclusions, waking
from safety_service.actions.reached_by import PROVIDERS
from safety_service.store import people, rota, stamps
from tests import http
from tests.unit.visit_pages.forms import typed
from tests.world import World

SPOILT = b"nothing that a key opens"


@pytest.fixture
async def base(world: World) -> AsyncIterator[str]:
    async with http.serving(http.application(world, web)) as address:
        yield address


@pytest.fixture
async def browser(base: str) -> AsyncIterator[ClientSession]:
    async with http.browsing(base) as session:
        yield session


async def page(session: ClientSession, path: str) -> str:
    async with session.get(path) as answer:
        shown = await answer.text()
        assert answer.status == 200, (path, shown)
        return shown


async def spoil(world: World, statement: str, which: UUID | None = None) -> None:
    given = {"spoilt": SPOILT} if ":spoilt" in statement else {}
    if which is not None:
        statement += f" '{which.hex if world.database.dialect == 'sqlite' else which}'"
    async with world.database.transaction() as tx:
        await tx.conn.execute(text(statement), given)


async def unreadable(world: World, who: str) -> None:
    await spoil(world, "UPDATE person SET name = :spoilt WHERE id =", world.ids[who])


async def on_tonight(world: World, who: str) -> None:
    async with world.database.transaction() as tx:
        await stamps.stamp(tx, PROVIDERS, {"kinds": ["voice", "sms"]})
        post = "manager_on_duty"
        shift = rota.new_shift(world.team_id, post, world.ids[who], world.now, world.now + timedelta(days=1))
        await rota.add(tx, shift, by=None)


async def test_the_board_and_channels_come_although_whoever_is_on_cannot_be_read(
    world: World, browser: ClientSession
) -> None:
    await world.inside("Ann")
    await on_tonight(world, "Dev")
    await unreadable(world, "Dev")
    await http.signed_in(world, browser, "Mia")
    shown = await page(browser, "/board")
    assert "Ann" in shown and people.UNREAD in shown, "whom nothing wakes is said, without the name"
    await page(browser, "/channels")


@pytest.mark.parametrize("what", [(waking, "seen_by"), (board_duty, "_on_now")])
async def test_the_board_comes_although_duty_cannot_be_shown(
    world: World, browser: ClientSession, monkeypatch: pytest.MonkeyPatch, what: tuple[object, str]
) -> None:
    await world.inside("Ann")
    await http.signed_in(world, browser, "Mia")

    async def fails(*_: object) -> None:
        raise ValueError("a row that nobody foresaw")

    monkeypatch.setattr(*what, fails)
    assert "Ann" in await page(browser, "/board")


async def test_a_colleague_who_cannot_be_read_keeps_nobody_from_duty_leave_and_planning(
    world: World, browser: ClientSession
) -> None:
    await on_tonight(world, "Dev")
    await unreadable(world, "Dev")
    await http.signed_in(world, browser, "Mia")
    for path in ("/duty", f"/rota/{world.team_id}/leave", f"/rota/{world.team_id}", "/visits/new", "/account"):
        await page(browser, path)
    assert people.UNREAD in await page(browser, f"/rota/{world.team_id}/leave")


async def test_looking_for_somebody_leaves_out_whom_no_key_opens(world: World) -> None:
    await unreadable(world, "Dev")
    async with world.database.reading() as tx:
        assert [each.name for each in await people.find(tx, world.agency_id, "Ann")] == ["Ann"]
        assert not await people.find(tx, world.agency_id, "Somebody")


async def test_the_evidence_log_names_everybody_else(world: World, browser: ClientSession) -> None:
    await unreadable(world, "Dev")
    await http.signed_in(world, browser, "Mia")
    await page(browser, "/evidence")


async def test_an_exclusion_that_no_key_opens_holds_and_is_listed(world: World, browser: ClientSession) -> None:
    async with world.database.transaction() as tx:
        made = await exclusions.add(tx, None, world.ids["Ben"], worker_id=world.ids["Dev"], reason="kin")
    await spoil(world, "UPDATE exclusion SET reason = :spoilt")
    await unreadable(world, "Dev")
    await http.signed_in(world, browser, "Adam")
    assert people.UNREAD in await page(browser, "/exclusions")
    await page(browser, f"/people/{world.ids['Ann']}")
    async with world.database.reading() as tx:
        (found,) = await exclusions.of_agency(tx, None, world.agency_id)
    assert (found.row.id, found.reason) == (made, "The reason cannot be read.")


async def test_a_visit_that_no_key_opens_is_among_what_waits(world: World, browser: ClientSession) -> None:
    spoilt, whole = await world.plan("Ann", after=60), await world.plan("Ann", ref="F-2", after=180)
    await spoil(world, "UPDATE visit SET status = 'waiting'")
    await spoil(world, "UPDATE visit SET address = :spoilt WHERE id =", spoilt.id)
    await http.signed_in(world, browser, "Mia")
    shown = await page(browser, "/visits/waiting")
    assert str(whole.id) in shown and str(spoilt.id) in shown


async def test_a_day_at_the_end_of_the_calendar_is_refused_in_words(world: World, browser: ClientSession) -> None:
    await http.signed_in(world, browser, "Mia")
    for day in ("9999-12-31", "0001-01-01"):
        await page(browser, f"/rota/{world.team_id}?day={day}")
    for begins, ends in (("2030-01-01", "9999-12-31"), ("9999-12-31", "9999-12-31"), ("0001-01-01", "0001-01-01")):
        given = {"person": str(world.ids["Ann"]), "from": begins, "to": ends}
        async with browser.post(f"/rota/{world.team_id}/leave", data=given) as answer:
            shown = await answer.text()
            assert answer.status in (409, 422) and given["from"] in shown, shown
        if begins == "2030-01-01":
            assert "That is too long: 366 days at most." in shown


async def test_a_visit_is_not_changed_by_whoever_never_said_which_they_saw(
    world: World, browser: ClientSession
) -> None:
    row = await world.plan("Ann", after=60)
    await http.signed_in(world, browser, "Ann")
    given = typed(world)
    async with browser.post(f"/visits/{row.id}/change", data=given) as answer:
        assert answer.status == 200
    async with browser.post(f"/visits/{row.id}/change/check", data={"do": "plan"}) as answer:
        assert answer.status == 409 and "Somebody changed this meanwhile" in await answer.text()
