"""An alarm's link: opening it does nothing, its button takes the alert, and it is nobody else's."""

import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from uuid import UUID

import pytest
from aiohttp import ClientSession
from sqlalchemy import select

from safety_service import web
from safety_service.actions import alerts, exclusions, own_channels, people, words
from safety_service.actions.taking import link_for
from safety_service.actions.words import Word
from safety_service.domain.words import Found, KnownBy, State
from safety_service.guesses import WRONG
from safety_service.store import alert_links, channels, housekeeping
from safety_service.store.tables.alerts import alert_link
from safety_service.store.tables.system import event_log
from tests.http import application, browsing, serving
from tests.world import World


class Phones:
    """Browsers that nobody has signed in with, and links to the one alert."""

    def __init__(self, world: World, base: str, stack: AsyncExitStack) -> None:
        self.world, self._base, self._stack = world, base, stack

    async def link(self, who: str) -> str:
        alert_id = (await self.world.alert()).id
        async with self.world.database.transaction() as tx:
            return (await link_for(tx, alert_id, self.world.ids[who])).url_path

    async def browser(self) -> ClientSession:
        return await self._stack.enter_async_context(browsing(self._base))

    async def opens(self, path: str) -> str:
        async with (await self.browser()).get(path) as answer:
            return f"{answer.status} {await answer.text()}"

    async def presses(self, path: str, do: str, **headers: str) -> str:
        async with (await self.browser()).post(path, data={"do": do}, headers=headers) as answer:
            return f"{answer.status} {await answer.text()}"


@asynccontextmanager
async def phones_of(world: World) -> AsyncIterator[Phones]:
    async with AsyncExitStack() as stack:
        base = await stack.enter_async_context(serving(application(world, web)))
        yield Phones(world, base, stack)


@pytest.fixture
async def phones(world: World) -> AsyncIterator[Phones]:
    """Ann is inside, was to say OK, and did not: Mia and Dev have been told."""
    await world.inside(address="1 Elm Row")
    await world.later(76)
    async with phones_of(world) as made:
        yield made


async def state(world: World) -> tuple[State, str]:
    alert = (await world.alert()).alert
    return alert.state, world.name(alert.owner_id)


async def test_opening_it_takes_nothing_and_shows_no_address(world: World, phones: Phones) -> None:
    path = await phones.link("Dev")
    for _ in range(2):
        text = await phones.opens(path)
        assert text.startswith("200") and "Nobody has this yet" in text and "Ann" in text and "07700 900000" in text
        assert "Elm Row" not in text and "F-1" not in text
    assert await state(world) == (State.OPEN, "nobody")


async def test_its_button_takes_the_alert_and_then_everything_can_be_read(world: World, phones: Phones) -> None:
    path = await phones.link("Dev")
    text = await phones.presses(path, "take")
    assert await state(world) == (State.TAKEN, "Dev")
    assert text.startswith("200") and "You have this" in text and "1 Elm Row" in text and "What to say to 999" in text
    assert "listen for the agreed words" in text
    await world.deliver()
    assert [each.params["by"] for each in world.told("Mia", "alert.taken")] == ["Dev"]


async def test_the_first_yes_wins_and_the_second_reads_who_has_it(world: World, phones: Phones) -> None:
    await phones.presses(await phones.link("Dev"), "take")
    text = await phones.presses(await phones.link("Mia"), "take")
    assert "Dev has this since" in text and "Elm Row" not in text
    assert await state(world) == (State.TAKEN, "Dev")
    text = await phones.presses(await phones.link("Mia"), "take-over")
    assert "You have this" in text
    assert await state(world) == (State.TAKEN, "Mia")


async def test_news_and_waking_the_next_go_by_the_link(world: World, phones: Phones) -> None:
    path = await phones.link("Dev")
    await phones.presses(path, "take")
    await world.later(5)
    assert "Noted." not in await phones.opens(path)
    assert "Noted." in await phones.presses(path, "trying")
    assert "Noted." in await phones.presses(path, "rung-999")
    alert = (await world.alert()).alert
    assert alert.next_at == world.now + alert.ladder.news_within
    await world.deliver()
    assert [each.template for each in world.told("Mia", "alert.news")] == [
        "alert.news_still_trying",
        "alert.news_police_rung",
    ]
    assert "You have this" in await phones.presses(path, "wake")
    assert (await world.alert()).alert.step == alert.step + 1


async def test_closing_it_is_not_for_a_link(world: World, phones: Phones) -> None:
    path = await phones.link("Dev")
    await phones.presses(path, "take")
    assert (await phones.presses(path, "resolve")).startswith("404")
    assert (await phones.presses(path, "")).startswith("404")
    assert await state(world) == (State.TAKEN, "Dev")


async def test_when_it_is_closed_the_page_says_what_was_found_and_nothing_of_the_case(
    world: World, phones: Phones
) -> None:
    path = await phones.link("Dev")
    await phones.presses(path, "take")
    alert_id = (await world.alert()).id
    await world.do("Mia", alerts.resolve, alert_id, Found.SAFE, KnownBy.SEEN)
    text = await phones.opens(path)
    assert "is closed" in text and "afe" in text and "Elm Row" not in text and "Ann" not in text
    assert "is closed" in await phones.presses(path, "take")
    assert (await world.alert()).alert.state is State.RESOLVED


async def test_whoever_is_kept_off_the_worker_gets_nothing_by_a_link_they_were_sent_before(
    world: World, phones: Phones
) -> None:
    path = await phones.link("Dev")
    await world.do("Adam", exclusions.add, world.ids["Dev"], worker_id=world.ids["Ann"], reason="former partner")
    assert (await phones.opens(path)).startswith("404")
    assert (await phones.presses(path, "take")).startswith("404")
    assert await state(world) == (State.OPEN, "nobody")


async def test_nobody_takes_their_own_alert_by_a_link(world: World, phones: Phones) -> None:
    path = await phones.link("Ann")
    assert (await phones.opens(path)).startswith("409")
    assert (await phones.presses(path, "take")).startswith("409")
    assert await state(world) == (State.OPEN, "nobody")


async def test_a_link_of_somebody_who_left_leads_nowhere(world: World, phones: Phones) -> None:
    path = await phones.link("Dev")
    async with world.database.transaction() as tx:
        await people.deactivate(tx, None, world.ids["Dev"])
    assert (await phones.opens(path)).startswith("404")
    assert (await phones.presses(path, "take")).startswith("404")


async def test_a_link_lives_a_day_and_a_repeated_alarm_makes_it_live_on(world: World, phones: Phones) -> None:
    path = await phones.link("Dev")
    world.clock.move(timedelta(hours=20))
    assert await phones.link("Dev") == path, "a repeat carries the same link"
    world.clock.move(timedelta(hours=20))
    assert (await phones.opens(path)).startswith("200")
    world.clock.move(timedelta(hours=4, seconds=1))
    assert (await phones.opens(path)).startswith("404")
    assert (await phones.presses(path, "take")).startswith("404")
    assert await phones.link("Dev") != path


async def test_a_link_on_a_lost_phone_is_ended_and_stays_so(world: World, phones: Phones) -> None:
    path = await phones.link("Dev")
    async with world.database.transaction() as tx:
        await people.unlink(tx, None, world.ids["Dev"])
    assert (await phones.opens(path)).startswith("404")
    assert await phones.link("Dev") != path
    assert (await phones.presses(path, "take")).startswith("404")


async def test_another_sites_page_presses_nothing(world: World, phones: Phones) -> None:
    path = await phones.link("Dev")
    for headers in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
        assert (await phones.presses(path, "take", **headers)).startswith("403")
    assert await state(world) == (State.OPEN, "nobody")
    # What browsers send with a form of a page that hands on no address.
    assert "You have this" in await phones.presses(path, "take", Origin="null", **{"Sec-Fetch-Site": "same-origin"})


async def test_the_address_is_told_to_nobody_and_kept_nowhere(
    world: World, phones: Phones, caplog: pytest.LogCaptureFixture
) -> None:
    path = await phones.link("Dev")
    code = path.rpartition("/")[2]
    assert re.fullmatch(r"[a-z2-7]{26}", code)
    async with (await phones.browser()).get(path) as answer:
        assert answer.headers["Referrer-Policy"] == "no-referrer" and answer.headers["Cache-Control"] == "no-store"
        assert "Set-Cookie" not in answer.headers
    await phones.presses(path, "take")
    async with world.database.reading() as tx:
        kept = [dict(row._mapping) for row in await tx.conn.execute(select(alert_link))]
        logged = [dict(row._mapping) for row in await tx.conn.execute(select(event_log))]
    assert code not in str(kept) and code not in str(logged) and code not in caplog.text


async def test_wrong_links_are_counted_and_keep_nobody_from_taking_with_theirs(world: World, phones: Phones) -> None:
    path = await phones.link("Dev")
    for _ in range(WRONG):
        assert (await phones.opens("/take/" + "a" * 26)).startswith("404")
    assert (await phones.opens("/take/" + "a" * 26)).startswith("429")
    await phones.presses(path, "take")
    assert await state(world) == (State.TAKEN, "Dev")


async def test_what_is_done_by_a_link_is_kept_as_such(world: World, phones: Phones) -> None:
    path = await phones.link("Dev")
    await phones.opens(path)
    await phones.presses(path, "take")
    async with world.database.reading() as tx:
        dev = event_log.c.actor_id == world.ids["Dev"]
        rows = (await tx.conn.execute(select(event_log).where(dev).order_by(event_log.c.id))).all()
        links = (await tx.conn.execute(select(alert_link.c.used_at))).scalars().all()
    assert [(row.verb, row.details["via"]) for row in rows] == [
        ("link_opened", "link"),
        ("took", "link"),
        ("read", "link"),
    ]
    assert links == [world.now]


async def test_with_danger_the_page_gives_no_number_of_whoever_may_be_watched(world: World) -> None:
    await world.do("Ann", words.sos, None, Word())
    async with phones_of(world) as phones:
        text = await phones.opens(await phones.link("Dev"))
        assert "07700 900000" in text and "Do not ring" not in text
        await hush(world, (await world.alert()).id)
        path = await phones.link("Mia")
        for text in (await phones.opens(path), await phones.presses(path, "take")):
            assert "Do not ring or text Ann" in text and "tel:" not in text


async def hush(world: World, alert_id: UUID) -> None:
    """Make it a duress alert: how one comes about is tested elsewhere."""
    from sqlalchemy import update

    from safety_service.store.tables.alerts import alert

    async with world.database.transaction() as tx:
        await tx.conn.execute(update(alert).where(alert.c.id == alert_id).values(kind="duress", open_key="hushed"))


async def test_a_flood_of_links_costs_no_statement_a_person(world: World, phones: Phones) -> None:
    alert_id = (await world.alert()).id
    async with world.database.transaction() as tx:
        made = await alert_links.of_people(tx, alert_id, [world.ids[each] for each in ("Mia", "Dev", "Adam")])
        again = await alert_links.of_people(tx, alert_id, [world.ids[each] for each in ("Mia", "Dev", "Adam")])
    assert made.keys() == again.keys() and {each.id for each in made.values()} == {each.id for each in again.values()}


async def test_ending_a_channel_ends_the_links_that_were_sent_to_it(world: World, phones: Phones) -> None:
    async with world.database.transaction() as tx:
        made = await channels.link(tx, world.ids["Dev"], "sms", "+447700900003")
        await channels.prove(tx, made.id, "active")
    path = await phones.link("Dev")
    await world.do("Dev", own_channels.end, made.id)
    assert (await phones.opens(path)).startswith("404")


async def test_links_that_are_long_over_are_removed(world: World, phones: Phones) -> None:
    await phones.link("Dev")
    world.clock.move(timedelta(days=5))
    await phones.link("Mia")
    world.clock.move(timedelta(days=4))
    async with world.database.transaction() as tx:
        assert (await housekeeping.tidy(tx))["links"] == 1
        kept = (await tx.conn.execute(select(alert_link.c.person_id))).scalars().all()
    assert kept == [world.ids["Mia"]]
