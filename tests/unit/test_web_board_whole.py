"""The whole board: urgency, what is missing, who sees what, and what an open page is told."""

import json
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from aiohttp import ClientSession
from sqlalchemy import LargeBinary, bindparam, select, type_coerce, update

from safety_service import web
from safety_service.actions import alerts, reading, words
from safety_service.actions import board as boards
from safety_service.actions.words import Word
from safety_service.domain.words import Role
from safety_service.services import Health
from safety_service.store import exclusions, leave, people, rota, teams
from safety_service.store.errors import CannotKeep
from safety_service.store.tables.people import person
from safety_service.store.tables.system import event_log
from scheduler.auditor import Auditor
from tests.danger import agreed
from tests.http import application, browsing, serving, signed_in
from tests.world import World


class Office:
    """Browsers of several people, over one application."""

    def __init__(self, world: World, stack: AsyncExitStack) -> None:
        self.world, self._stack = world, stack
        self.base = ""

    async def opens(self, **settings: Any) -> None:
        """Serve the pages."""
        self.base = await self._stack.enter_async_context(serving(application(self.world, web, **settings)))

    async def browser(self, who: str) -> ClientSession:
        """Somebody's, signed in."""
        if not self.base:
            await self.opens()
        session = await self._stack.enter_async_context(browsing(self.base))
        await signed_in(self.world, session, who)
        return session


@pytest.fixture
async def office(world: World) -> AsyncIterator[Office]:
    async with AsyncExitStack() as stack:
        yield Office(world, stack)


async def board(browser: ClientSession, query: str = "") -> str:
    """What somebody reads on the board, less what is hidden and what passes with time."""
    async with browser.get(f"/board{query}") as answer:
        assert answer.status == 200
        main = (await answer.text()).partition("<main")[2].partition("</main>")[0]
    hidden = r'<(p|div)[^>]* hidden>.*?</\1>|<noscript>.*?</noscript>|<p id="state".*?</p>'
    return " ".join(re.sub(r"<[^>]+>", " ", re.sub(hidden, " ", main, flags=re.DOTALL)).split())


async def heard(answer: Any) -> dict[str, Any]:
    """The next event of an open board."""
    data = b""
    async for line in answer.content:
        if line.startswith(b"data: "):
            data = line.removeprefix(b"data: ")
        elif line == b"\n" and data:
            break
    told: dict[str, Any] = json.loads(data)
    return told


async def is_also(world: World, who: str, *roles: Role) -> None:
    async with world.database.transaction() as tx:
        await people.set_roles(tx, world.ids[who], world.team_id, frozenset(roles))


async def test_the_most_urgent_stands_first(office: Office) -> None:
    world = office.world
    await world.plan("Ben", ref="F-SOON", after=1)
    await world.inside("Ann", ref="F-ALERT", minutes=240)
    await world.do("Ann", words.sos, None, Word())
    seen = await board(await office.browser("Mia"))
    assert seen.index("Ann asked for help") < seen.index("F-ALERT") < seen.index("F-SOON")


async def test_who_where_with_whom_until_when_and_the_last_word(office: Office) -> None:
    world = office.world
    both = (world.ids["Ann"], world.ids["Ben"])
    row = await world.inside("Ann", ref="F-1", address="1 Elm Row", workers=both)
    place = words.Position(latitude=51.123456, longitude=-0.654321)
    await world.do("Ann", words.ok, row.id, Word(position=place))
    seen = await board(await office.browser("Mia"))
    for part in ("Ann", "with Ben", "F-1, 1 Elm Row", "Inside, until 09:45", "09:30 in 30 min", "09:00", "Medium"):
        assert part in seen, part
    assert "51.12" not in seen and "0.65" not in seen, "positions stand in alerts alone"


async def test_duress_says_first_what_must_not_be_done(office: Office) -> None:
    world = office.world
    await agreed(world)
    row = await world.inside("Ann")
    await world.do("Ann", words.ok, row.id, Word(phrase="harbour"))
    assert "Ann asked for help Do not ring or text Ann." in await board(await office.browser("Mia"))


async def test_a_manager_beside_a_worker_under_duress_sees_the_board_of_a_normal_day(office: Office) -> None:
    """P5, outside of the visit too: what lies open on the desk of whoever goes along says nothing."""
    world = office.world
    await is_also(world, "Mia", Role.MANAGER, Role.PRACTITIONER)
    await agreed(world)
    row = await world.inside("Ann", workers=(world.ids["Ann"], world.ids["Mia"]))
    mia = await office.browser("Mia")
    before = [await board(mia), await board(mia, "?all=1")]
    await world.do("Ann", words.ok, row.id, Word(phrase="harbour"))
    assert [each.alert.kind for each in await world.alerts()] == ["duress"]
    assert [await board(mia), await board(mia, "?all=1")] == before
    assert "Do not ring" in await board(await office.browser("Dev"))


async def test_whoever_goes_along_is_shown_no_open_alert_of_the_visit_of_whatever_kind(office: Office) -> None:
    """P5: duress takes in what is missed. Were misses shown on every other day, one that is not there would tell."""
    world = office.world
    await is_also(world, "Mia", Role.MANAGER, Role.PRACTITIONER)
    await world.inside("Ann", workers=(world.ids["Ann"], world.ids["Mia"]))
    await world.later(41)
    assert "missed_check_in" in {each.alert.kind for each in await world.alerts()}
    mia, dev = await office.browser("Mia"), await office.browser("Dev")
    for path, sees in ((mia, False), (dev, True)):
        assert ("Ann missed a check-in" in await board(path, "?all=1")) is sees
        async with path.get("/alerts") as answer:
            assert ("/alerts/" in (await answer.text()).partition("<main")[2].partition("</main>")[0]) is sees


async def test_on_ones_own_visit_no_row_speaks_of_an_alert(office: Office) -> None:
    """Whoever goes along may not act on it, and may have the page open beside the worker."""
    world = office.world
    await is_also(world, "Mia", Role.MANAGER, Role.PRACTITIONER)
    await world.plan("Ann", minutes=90, workers=(world.ids["Ann"], world.ids["Mia"]))
    await world.do("Ann", words.sos, (await world.do("Ann", reading.today))[0].id, Word())
    for who, rows in (("Mia", 0), ("Dev", 1)):
        async with (await office.browser(who)).get("/board") as answer:
            body = (await answer.text()).partition("<tbody")[2].partition("</tbody>")[0]
        assert body.count("Alert 1") == rows, who


async def test_inside_a_visit_a_managers_board_tells_nothing_until_they_ask(office: Office) -> None:
    world = office.world
    await is_also(world, "Mia", Role.MANAGER, Role.PRACTITIONER)
    await world.inside("Mia", ref="F-MINE")
    await world.inside("Ann", ref="F-HERS", address="1 Elm Row")
    await world.do("Ben", words.sos, None, Word())
    mia = await office.browser("Mia")
    quiet = await board(mia)
    assert "Ann" in quiet and "You are inside" in quiet
    for telling in ("F-HERS", "F-MINE", "Elm Row", "lert", "help", "Risk", "duty", "night"):
        assert telling not in quiet, telling
    whole = await board(mia, "?all=1")
    assert "F-HERS" in whole and "Ben asked for help" in whole


async def test_whoever_is_planned_and_not_watched_is_named(office: Office) -> None:
    world = office.world
    row = await world.plan("Ann", ref="F-1", minutes=90)
    mia, ben = await office.browser("Mia"), await office.browser("Ben")
    assert "not watched" not in await board(mia)
    await world.later(21)
    raised = await world.alert()
    await world.do("Mia", alerts.resolve, raised.id, "late", "heard_voice")
    assert (await world.visit(row.id)).visit.status == "not_begun"
    assert "Planned, and not watched Ann , F-1, 09:00 to 10:30: closed as not begun." in await board(mia)
    seen = await board(ben)
    assert "Planned, and not watched Ann , 09:00 to 10:30" in seen and "F-1" not in seen


async def test_a_post_that_nobody_holds_is_said_now_and_before(office: Office) -> None:
    world = office.world
    async with world.database.transaction() as tx:
        for each in await rota.between(tx, [world.team_id], tx.now, tx.now.replace(day=30)):
            until = tx.now.replace(hour=17) if each.post == "deputy_on_duty" else tx.now.replace(hour=9, minute=1)
            await rota.end(tx, each, until)
    await world.jump(2)
    mia = await office.browser("Mia")
    seen = await board(mia)
    assert "Nobody there now North: nobody as manager on duty, now to Tue 09:02." in seen
    assert "North: nobody as deputy on duty, 17:00 to Tue 09:02." in seen
    assert "Manager on duty Nobody" in seen and "Deputy on duty Dev" in seen
    ben = await board(await office.browser("Ben"))
    assert "duty" not in ben


async def test_a_rung_that_is_empty_for_one_visit_alone_is_said_with_the_visit(office: Office) -> None:
    world = office.world
    await is_also(world, "Mia", Role.MANAGER, Role.PRACTITIONER)
    await world.plan("Mia", ref="F-9", after=5)
    await world.inside("Ann", ref="F-1")
    seen = await board(await office.browser("Dev"))
    assert "North: nobody as manager on duty for Mia at F-9, now to 09:50." in seen
    assert "for Ann" not in seen


async def test_whoever_is_on_leave_fills_no_rung_for_a_visit(office: Office) -> None:
    """Of two on a post one is away and the other goes on the visit themself: nobody stands there."""
    world = office.world
    await is_also(world, "Mia", Role.MANAGER, Role.PRACTITIONER)
    async with world.database.transaction() as tx:
        until = tx.now + timedelta(days=1)
        shift = rota.new_shift(world.team_id, "manager_on_duty", world.ids["Dev"], tx.now, until)
        await rota.add(tx, shift, by=None)
    await world.plan("Mia", ref="F-9", after=5)
    dev = await office.browser("Dev")
    assert "for Mia at F-9" not in await board(dev)
    async with world.database.transaction() as tx:
        await leave.add(tx, world.ids["Dev"], tx.now, until, by=None)
    assert "North: nobody as manager on duty for Mia at F-9" in await board(dev)


async def test_teams_are_chosen_and_no_address_opens_anybody_elses(office: Office) -> None:
    world = office.world
    async with world.database.transaction() as tx:
        south = await teams.add(tx, world.agency_id, "South")
        east = await teams.add(tx, world.agency_id, "East")
        await people.set_roles(tx, world.ids["Mia"], south.id, frozenset({Role.MANAGER}))
        stranger = await people.add(tx, world.agency_id, "Eve", email="eve@example.org", phone="07700 900099")
        await people.set_roles(tx, stranger.id, east.id, frozenset({Role.PRACTITIONER}))
        sue = await people.add(tx, world.agency_id, "Sue", email="sue@example.org", phone="07700 900098")
        await people.set_roles(tx, sue.id, south.id, frozenset({Role.PRACTITIONER}))
    world.ids |= {"Eve": stranger.id, "Sue": sue.id}
    await world.inside("Ann", ref="F-NORTH")
    await world.inside("Sue", ref="F-SOUTH")
    await world.inside("Eve", ref="F-EAST")
    mia = await office.browser("Mia")
    both, one = await board(mia), await board(mia, f"?team={south.id}")
    assert "F-NORTH" in both and "F-SOUTH" in both and "All teams North South" in both
    assert "F-SOUTH" in one and "F-NORTH" not in one
    for query in ("", f"?team={east.id}", "?team=nonsense"):
        assert "F-EAST" not in await board(mia, query)
    assert "All teams" not in await board(await office.browser("Dev")), "who has one team has nothing to choose"


@pytest.mark.parametrize("off", ["worker", "family", "companion"])
async def test_what_somebody_is_kept_off_is_on_no_part_of_their_board(office: Office, off: str) -> None:
    world = office.world
    both = (world.ids["Ann"], world.ids["Ben"])
    row = await world.inside("Ann", ref="F-HID", workers=both)
    await world.do("Ann", words.sos, None, Word())
    mia, dev = await office.browser("Mia"), await office.browser("Dev")
    assert "Ann" in await board(mia)
    about: dict[str, UUID] = {
        "worker": {"worker_id": world.ids["Ann"]},
        "family": {"family_id": row.family_id},
        "companion": {"worker_id": world.ids["Ben"]},
    }[off]
    async with world.database.transaction() as tx:
        await exclusions.add(tx, world.agency_id, world.ids["Mia"], reason="a sister", by=None, **about)
    seen = await board(mia)
    assert "Ann" not in seen and "F-HID" not in seen and "Watched now: 0" in seen
    async with mia.get("/board/events") as line:
        told = await heard(line)
        assert told["alerts"] == [] and told["rows"] == {} and "Ann" not in json.dumps(told)
    assert "Ann asked for help" in await board(dev)


@pytest.mark.parametrize("who", ["Adam", "Rita"])
async def test_without_a_role_on_visits_there_is_no_board(office: Office, who: str) -> None:
    browser = await office.browser(who)
    for path in ("/board", "/board/events"):
        async with browser.get(path) as answer:
            assert answer.status == 403


async def test_when_the_watch_is_behind_the_board_says_so_and_why_to_those_who_look_after_others(
    office: Office,
) -> None:
    async def behind() -> Health:
        return Health(("2 alarms were not raised, for 31 s",))

    await office.opens(health=behind)
    await office.world.inside()
    mia, ben = await office.browser("Mia"), await office.browser("Ben")
    seen = await board(mia)
    assert "THE WATCH IS BEHIND Alarms may come late: 2 alarms were not raised, for 31 s." in seen
    seen = await board(ben)
    assert "THE WATCH IS BEHIND Do not rely on it now" in seen and "larm" not in seen
    async with mia.get("/board/events") as line:
        assert "2 alarms were not raised" in (await heard(line))["behind"]


async def test_an_overdue_alarm_that_nobody_raised_is_seen_on_the_board(office: Office) -> None:
    world = office.world
    await office.opens(health=Auditor(world.database, polls=False).health)
    await world.inside()
    await world.jump(90)
    assert "1 alarms were not raised" in await board(await office.browser("Mia"))


async def test_that_it_was_read_is_kept_once_for_a_page_and_not_for_what_keeps_it_live(office: Office) -> None:
    world = office.world
    await world.inside()
    mia = await office.browser("Mia")
    await board(mia)
    async with mia.get("/board/events") as line:
        await heard(line)
    async with world.database.reading() as tx:
        found = (await tx.conn.execute(select(event_log).where(event_log.c.subject == "board"))).all()
    assert [(each.actor_id, each.verb, each.details["count"]) for each in found] == [(world.ids["Mia"], "read", 1)]


async def test_the_board_is_shown_although_nothing_can_be_kept(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    async def full(*_: Any) -> None:
        raise CannotKeep("the disk is full")

    await office.world.inside()
    mia = await office.browser("Mia")
    monkeypatch.setattr(boards, "keep_reading", full)
    assert "Ann" in await board(mia)


async def test_a_name_that_no_key_opens_takes_nobody_else_off_the_board(office: Office) -> None:
    world = office.world
    await world.inside("Ann", ref="F-1")
    await world.inside("Ben", ref="F-2")
    async with world.database.transaction() as tx:
        spoilt = type_coerce(bindparam("spoilt", b"no token"), LargeBinary)
        await tx.conn.execute(update(person).where(person.c.id == world.ids["Ben"]).values(name=spoilt))
    seen = await board(await office.browser("Mia"))
    assert "Ann" in seen and "Somebody whose name cannot be read" in seen and "F-2" in seen


async def test_an_open_page_is_told_of_the_row_that_changed_and_of_no_other(office: Office) -> None:
    world = office.world
    await world.inside("Ann", ref="F-1")
    row = await world.inside("Ben", ref="F-2")
    mia = await office.browser("Mia")
    async with mia.get("/board/events") as line:
        first = await heard(line)
        assert len(first["rows"]) == 2 and len(first["order"]) == 2
        await world.jump(5)
        await world.ok(row, "Ben")
        told = await heard(line)
        assert len(told["order"]) == 2 and [*told["rows"]] == told["order"][1:]
        assert "Ben" in told["rows"][told["order"][1]]


async def test_a_page_that_shows_how_things_are_is_sent_no_rows_again(office: Office) -> None:
    await office.world.inside()
    mia = await office.browser("Mia")
    async with mia.get("/board") as answer:
        found = re.search(r'data-mark="(\w+)"', await answer.text())
    assert found is not None
    async with mia.get("/board/events", params={"mark": found[1]}) as line:
        told = await heard(line)
        assert "rows" not in told and "order" not in told and told["behind"] == ""
    async with mia.get("/board/events", headers={"Last-Event-ID": "of another time"}) as line:
        assert len((await heard(line))["rows"]) == 1


async def test_many_words_within_a_moment_are_one_event_that_says_the_last(office: Office) -> None:
    world = office.world
    row = await world.inside("Ann", minutes=90)
    mia = await office.browser("Mia")
    async with mia.get("/board/events") as line:
        await heard(line)
        for _ in range(20):
            await world.jump(1)
            await world.ok(row)
        (html,) = (await heard(line))["rows"].values()
        assert "09:50" in html, "twenty minutes on, in one go"
