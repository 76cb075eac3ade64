"""The chat page on a phone whose line comes and goes: it says plainly when nobody hears, and loses no word."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import APIResponse, Browser, Route

from safety_service.actions.telling import Priority, tell
from safety_service.store import conversation
from tests.browser.phone import Phone, expect
from tests.browser.service import Service
from tests.patience import until
from tests.world import World

NUMBER = "01632 960000"


@pytest.fixture
async def ann(world: World, browser: Browser, service: Service) -> AsyncIterator[Phone]:
    phone = await Phone.of(world, browser, service.base, "Ann")
    yield phone
    assert phone.errors == []


async def test_a_word_is_heard_once_and_answered_at_once(ann: Phone, service: Service) -> None:
    await ann.say("ok")
    await expect(ann.mine("ok")).to_have_count(1)
    await expect(ann.theirs("Kept.")).to_have_count(1)
    await expect(ann.unheard).to_be_hidden()
    assert service.ears.texts == ["ok"]


async def test_without_the_service_the_page_says_whom_to_ring_and_comes_back_by_itself(
    ann: Phone, service: Service
) -> None:
    await ann.say("one")
    await expect(ann.theirs("Kept.")).to_have_count(1)
    await service.stop()
    await expect(ann.unheard).to_be_visible()
    await expect(ann.unheard).to_contain_text(f"You are not being heard: ring {NUMBER}")
    assert await ann.unheard.get_by_role("link").get_attribute("href") == "tel:01632960000"

    await ann.say("two")
    await ann.say("three")
    await expect(ann.mine("two")).to_contain_text("not sent")
    await expect(ann.mine("three")).to_contain_text("not sent")

    await service.start()
    await expect(ann.unheard).to_be_hidden()
    await expect(ann.mine("not sent")).to_have_count(0)
    await expect(ann.theirs("Kept.")).to_have_count(3)
    assert service.ears.texts == ["one", "two", "three"]


async def test_a_line_that_died_without_a_word_is_noticed_and_made_anew(ann: Phone) -> None:
    await ann.page.clock.install()
    stalled: list[Route] = []

    async def stall(route: Route) -> None:
        stalled.append(route)

    async def half_a_minute_without_a_beat_opened_a_new_line() -> bool:
        await ann.page.clock.fast_forward(26_000)
        return bool(stalled)

    await ann.page.route("**/chat/events*", stall)
    # Again until it is so: what the old line had still under way may arrive after the clock was moved.
    await until(half_a_minute_without_a_beat_opened_a_new_line)
    await expect(ann.unheard).to_be_visible()
    await ann.page.unroute("**/chat/events*")
    await ann.page.clock.fast_forward(26_000)
    await expect(ann.unheard).to_be_hidden()


async def test_a_word_said_while_offline_counts_from_when_it_was_said(
    world: World, ann: Phone, service: Service
) -> None:
    await ann.page.clock.install()
    await ann.context.set_offline(True)
    await expect(ann.unheard).to_be_visible()
    await ann.say("ok")
    await ann.page.clock.fast_forward(4 * 60 * 1000)
    await ann.context.set_offline(False)
    await ann.page.clock.fast_forward(6 * 1000)
    await until(lambda: service.ears.heard)
    late = world.now - service.ears.heard[0].said_at
    assert 240 <= late.total_seconds() < 260


async def test_a_word_that_was_not_sent_outlives_the_page(ann: Phone, service: Service) -> None:
    await service.stop()
    await ann.say("kept through a reload")
    await expect(ann.mine("kept")).to_contain_text("not sent")
    await service.start()
    await ann.open("/chat")
    await until(lambda: service.ears.texts == ["kept through a reload"])
    await expect(ann.mine("kept")).to_have_count(1)
    await expect(ann.mine("not sent")).to_have_count(0)


async def test_an_answer_that_was_lost_on_the_way_does_not_double_the_word(ann: Phone, service: Service) -> None:
    lost: list[APIResponse] = []

    async def lose_the_first_answer(route: Route) -> None:
        if lost:
            await route.continue_()
            return
        lost.append(await route.fetch())
        await route.abort()

    await ann.page.route("**/chat/words", lose_the_first_answer)
    await ann.say("once")
    await until(lambda: lost)
    await expect(ann.mine("once")).to_have_count(1)
    await expect(ann.mine("not sent")).to_have_count(0)
    await expect(ann.unheard).to_be_hidden()
    assert service.ears.texts == ["once"]


async def test_two_tabs_show_the_same_and_say_nothing_twice(ann: Phone, service: Service) -> None:
    tab = await ann.context.new_page()
    await tab.goto(f"{service.base}/chat")
    await ann.say("from the first")
    await expect(tab.locator(".word.mine", has_text="from the first")).to_have_count(1)
    await expect(tab.locator(".word.theirs", has_text="Kept.")).to_have_count(1)
    await expect(ann.mine("from the first")).to_have_count(1)
    await service.stop()
    await ann.say("while away")
    await expect(ann.mine("while away")).to_contain_text("not sent")
    await service.start()
    await expect(ann.mine("not sent")).to_have_count(0)
    await expect(tab.locator(".word.mine", has_text="while away")).to_have_count(1)
    assert service.ears.texts == ["from the first", "while away"]


async def test_a_position_goes_by_a_tap(ann: Phone, service: Service) -> None:
    await ann.page.get_by_role("button", name="Position").click()
    await expect(ann.mine("My position")).to_have_count(1)
    await until(lambda: service.ears.heard)
    said = service.ears.heard[0]
    assert said.kind == "position" and said.position is not None
    assert (round(said.position.latitude, 4), round(said.position.longitude, 4)) == (51.5007, -0.1246)


async def test_a_phone_that_does_not_say_where_it_is_says_that(ann: Phone, service: Service) -> None:
    await ann.context.clear_permissions()
    await ann.page.get_by_role("button", name="Position").click()
    await expect(ann.page.get_by_text("This phone did not say where it is.")).to_be_visible()
    assert service.ears.heard == []


async def test_a_message_has_reached_when_the_page_shows_it(world: World, ann: Phone) -> None:
    async def reached() -> bool:
        async with world.database.reading() as tx:
            return [each.seen for each in await conversation.told(tx, world.ids["Ann"], None, 10)][-1]

    async with world.database.transaction() as tx:
        await tell(tx, [world.ids["Ann"]], "worker.read", {"at": world.now.isoformat()}, priority=Priority.QUESTION)
    await expect(ann.theirs("Read 09:00")).to_have_count(1)
    await until(reached)


async def test_a_dialogue_that_fails_loses_no_word(ann: Phone, service: Service) -> None:
    service.ears.broken = True
    await ann.say("kept")
    await expect(ann.mine("kept")).to_have_count(1)
    await expect(ann.mine("not sent")).to_have_count(0)
    service.ears.broken = False


async def test_signed_out_elsewhere_the_page_says_so(world: World, ann: Phone) -> None:
    tab = await ann.context.new_page()
    await tab.goto(f"{ann.base}/hello")
    await tab.get_by_role("button", name="Sign out").click()
    await expect(tab.get_by_text("You are signed out")).to_be_visible()
    await ann.say("hello?")
    await expect(ann.unheard).to_contain_text("You are signed out")
    await expect(ann.mine("hello?")).to_contain_text("not sent")
