"""The rota, people and the policy in a real browser: each job at both sizes, by keyboard alone, and without scripts."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest
from playwright.async_api import Browser, Page

from safety_service.actions import duty
from safety_service.actions import exclusions as keeping_off
from safety_service.domain.duty import Shift
from safety_service.domain.words import Role
from safety_service.store import exclusions, people, rota, standing
from tests.browser.catalogue import DESK, PHONE
from tests.browser.hand import Hand
from tests.browser.phone import PATIENCE, expect
from tests.browser.service import Service
from tests.http import sign_in_code
from tests.world import World

each_size = pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
POST = "manager_on_duty"
CSV = (
    "agency,team,name,email,phone,roles,supervisor_email,training\n"
    "Elmshire,North,Ines Roy,ines@example.org,,practitioner,mia@example.org,\n"
)


@asynccontextmanager
async def seen_by(world: World, browser: Browser, service: Service, who: str, **more: Any) -> AsyncIterator[Page]:
    """Somebody's browser, signed in a moment ago: nobody is asked again who they are."""
    context = await browser.new_context(**more)
    context.set_default_timeout(PATIENCE)
    await context.request.post(f"{service.base}/in/{await sign_in_code(world, who)}", max_redirects=0)
    page = await context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    await context.close()
    assert errors == []


async def shifts(world: World) -> list[Shift]:
    async with world.database.reading() as tx:
        return await rota.between(tx, [world.team_id], world.now, world.now + timedelta(days=60))


async def with_a_gap(world: World) -> None:
    """Mia is on until three this afternoon, and then nobody is until nine. Dev is the deputy all the while."""
    async with world.database.transaction() as tx:
        for each in await rota.between(tx, [world.team_id], world.now, world.now + timedelta(days=60)):
            if each.post == POST:
                await rota.remove(tx, each.id)
        for who, begins, ends in (("Mia", 0, 6), ("Mia", 12, 400)):
            starts_at = world.now + timedelta(hours=begins)
            made = rota.new_shift(world.team_id, POST, world.ids[who], starts_at, world.now + timedelta(hours=ends))
            await rota.add(tx, made, by=None)


def field(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M}"


async def filled(world: World) -> bool:
    """Whether somebody is on in the middle of the gap."""
    async with world.database.reading() as tx:
        return POST in await rota.on_duty(tx, world.team_id, world.now + timedelta(hours=9))


@each_size
async def test_a_gap_is_seen_and_filled(world: World, browser: Browser, service: Service, size: Any) -> None:
    await with_a_gap(world)
    async with seen_by(world, browser, service, "Mia", viewport=size) as page:
        await page.goto(f"{service.base}/rota")
        await expect(page.get_by_role("heading", name="Missing this week")).to_be_visible()
        hand = Hand(page)
        await hand.press(page.locator(".ds-gaps a").first)
        await expect(page.get_by_label("From", exact=True)).to_have_value(field(world.now + timedelta(hours=6)))
        await expect(page.get_by_label("To", exact=True)).to_have_value(field(world.now + timedelta(hours=12)))
        await hand.choose("Who", "Mia")
        await hand.button("Put them on")
        await expect(page.get_by_text("they are told")).to_be_visible()
        await expect(page.get_by_role("heading", name="Missing this week")).to_be_hidden()
    hand.did("Fill a gap in the rota")
    assert await filled(world)


async def test_a_gap_is_filled_by_keyboard_alone(world: World, browser: Browser, service: Service) -> None:
    await with_a_gap(world)
    async with seen_by(world, browser, service, "Mia", viewport=DESK) as page:
        await page.goto(f"{service.base}/rota")
        await tab_to(page, "a", "Nobody")
        await page.keyboard.press("Enter")
        await page.wait_for_url("**/on?*")
        await tab_to(page, "select", "", name="person")
        await page.keyboard.type("Dev")
        await tab_to(page, "button", "Put them on")
        await page.keyboard.press("Enter")
        await expect(page.get_by_text("they are told")).to_be_visible()
    assert await filled(world)


async def tab_to(page: Page, tag: str, words: str, *, name: str = "") -> None:
    """Press the tab key until this has the focus, which can be seen."""
    for _ in range(80):
        await page.keyboard.press("Tab")
        here = await page.evaluate(
            "() => { const e = document.activeElement, s = getComputedStyle(e);"
            " return [e.tagName.toLowerCase(), e.innerText || '', e.name || '',"
            " s.outlineStyle !== 'none' || s.boxShadow !== 'none'] }"
        )
        if here[0] == tag and words in here[1] and (not name or here[2] == name):
            assert here[3], f"nobody sees that {words or name} has the focus"
            return
    raise AssertionError(f"the tab key never comes to {words or name}")


@each_size
async def test_a_post_is_handed_over_and_taken(world: World, browser: Browser, service: Service, size: Any) -> None:
    async with seen_by(world, browser, service, "Mia", viewport=size) as page:
        await page.goto(f"{service.base}/duty")
        hand = Hand(page)
        await hand.choose("To whom", "Dev")
        await page.get_by_label("Until", exact=True).first.fill(field(world.now + timedelta(hours=4)))
        await hand.button("Ask them")
        await expect(page.get_by_text("You stay on until they say yes.").first).to_be_visible()
        hand.did("Hand one's post over")
    async with seen_by(world, browser, service, "Dev", viewport=size) as page:
        await page.goto(f"{service.base}/duty")
        hand = Hand(page)
        await hand.button("Yes, I take over")
        await expect(page.get_by_text("asks you to take over")).to_be_hidden()
        hand.did("Take a post over")
    async with world.database.reading() as tx:
        assert (await rota.on_duty(tx, world.team_id, world.now))[POST] == {world.ids["Dev"]}


@each_size
async def test_somebody_stands_in_and_leave_shows_as_a_gap(
    world: World, browser: Browser, service: Service, size: Any
) -> None:
    day = (world.now + timedelta(days=1)).date()
    async with seen_by(world, browser, service, "Mia", viewport=size) as page:
        await page.goto(f"{service.base}/rota")
        hand = Hand(page)
        await hand.link("Leave")
        await hand.choose("Who", "Mia")
        await page.get_by_label("First day").fill(f"{day}")
        await page.get_by_label("Last day").fill(f"{day}")
        await hand.button("Write it down")
        hand.did("Write down that somebody is away")
        await page.goto(f"{service.base}/rota?")
        await expect(page.locator(".ds-gap-slot", has_text="Nobody: Mia is on leave").first).to_be_visible()
        await hand.press(page.locator(f"section[id='{day}'] .ds-post a", has_text="on leave").last)
        await hand.choose("Who stands in", "Dev")
        await page.get_by_label("From", exact=True).fill(f"{day}T00:00")
        await page.get_by_label("To", exact=True).fill(f"{day + timedelta(days=1)}T00:00")
        await hand.button("Put them in")
        await expect(page.get_by_text("for Mia").first).to_be_visible()
        await expect(page.get_by_text("Mia is on leave")).to_be_hidden()
        hand.did("Put somebody in for another")


@each_size
async def test_a_week_is_repeated(world: World, browser: Browser, service: Service, size: Any) -> None:
    async with world.database.transaction() as tx:
        made = rota.new_shift(
            world.team_id, POST, world.ids["Dev"], world.now + timedelta(hours=1), world.now + timedelta(hours=9)
        )
        await rota.add(tx, made, by=None)
    before = len(await shifts(world))
    async with seen_by(world, browser, service, "Mia", viewport=size) as page:
        await page.goto(f"{service.base}/rota")
        hand = Hand(page)
        await hand.summary("Make the next weeks like this one")
        await hand.choose("For how many weeks", "4")
        await hand.button("Repeat this week")
        await expect(page.get_by_text("are like it now")).to_be_visible()
        hand.did("Repeat a week of the rota")
    assert len(await shifts(world)) == before + 4 * sum(
        each.starts_at.isocalendar()[1] == world.now.isocalendar()[1] and each.starts_at.date() >= world.now.date()
        for each in await shifts(world)
    )


@each_size
async def test_somebody_is_added_and_invited(world: World, browser: Browser, service: Service, size: Any) -> None:
    async with seen_by(world, browser, service, "Adam", viewport=size) as page:
        await page.goto(f"{service.base}/people")
        hand = Hand(page)
        await hand.link("Add somebody")
        await page.get_by_label("Name", exact=True).fill("Ines Roy")
        await page.get_by_label("E-mail address", exact=True).fill("ines@example.org")
        await hand.choose("Supervisor", "Mia")
        await hand.button("Add them")
        await hand.button("Invite: make a one-time code")
        code = await page.locator(".ds-code").first.inner_text()
        assert re.fullmatch("[a-z2-7]{26}", code)
        hand.did("Add somebody, and invite them")
        await page.go_back()
        assert code not in await page.content()


#: What stands before each cell of a table, and whether it is still a table to whoever hears it.
SAID = """
() => [...document.querySelectorAll('table.ds-stack td')]
  .map((each) => [getComputedStyle(each, '::before').content, each.getBoundingClientRect().height > 0])
"""


async def test_on_a_phone_each_cell_of_a_table_says_what_it_is(
    world: World, browser: Browser, service: Service
) -> None:
    await world.do("Adam", keeping_off.add, world.ids["Ben"], worker_id=world.ids["Ann"], reason="a cousin")
    async with seen_by(world, browser, service, "Adam", viewport=PHONE) as page:
        for path, heads in (("/people", {"May", "Reached by"}), ("/exclusions", {"Is kept off", "Since", "Reason"})):
            await page.goto(f"{service.base}{path}")
            said = await page.evaluate(SAID)
            assert said and {text.partition('"')[2].partition(":")[0] for text, shown in said if shown} == heads
            await expect(page.get_by_role("columnheader", name=min(heads), exact=True)).to_have_count(1)
            await expect(page.get_by_role("rowheader", name="Ben").first).to_be_visible()
    async with seen_by(world, browser, service, "Adam", viewport=DESK) as page:
        await page.goto(f"{service.base}/people")
        assert {text for text, _ in await page.evaluate(SAID)} == {"none"}


async def test_a_file_is_looked_at_and_brought_in_without_scripts(
    world: World, browser: Browser, service: Service
) -> None:
    async with seen_by(world, browser, service, "Adam", viewport=PHONE, java_script_enabled=False) as page:
        await page.goto(f"{service.base}/people")
        hand = Hand(page)
        await hand.link("Bring in a file")
        hand.pressed += 1
        wrong = CSV.replace("roles", "rolls")
        file: Any = {"name": "people.csv", "mimeType": "text/csv", "buffer": wrong.encode()}
        await page.get_by_label("The file (CSV, UTF-8)").set_input_files(file)
        await page.get_by_role("button", name="Look at it").click()
        await expect(page.get_by_text("Line 1: column 'rolls' is not known")).to_be_visible()
        await page.get_by_label("The file (CSV, UTF-8)").set_input_files(file | {"buffer": CSV.encode()})
        await hand.button("Look at it")
        await expect(page.get_by_text("1 would be added, 0 would be changed")).to_be_visible()
        await hand.button("Bring 1 row in")
        await expect(page.get_by_text("1 added, 0 changed")).to_be_visible()
        hand.did("Bring in a file of people")
    async with world.database.reading() as tx:
        assert await people.by_email(tx, world.agency_id, "ines@example.org") is not None


@each_size
async def test_what_somebody_may_do_is_changed(world: World, browser: Browser, service: Service, size: Any) -> None:
    async with seen_by(world, browser, service, "Adam", viewport=size) as page:
        await page.goto(f"{service.base}/people")
        hand = Hand(page)
        await hand.link("Ben")
        await hand.link("Change roles")
        await hand.press(page.get_by_label(re.compile("^Manager")))
        await hand.button("Keep it")
        await expect(page.get_by_text("practitioner, manager")).to_be_visible()
        hand.did("Change what somebody may do")
    async with world.database.reading() as tx:
        assert Role.MANAGER in (await people.get(tx, world.ids["Ben"])).roles[world.team_id]


@each_size
async def test_somebody_is_deactivated_after_what_follows_was_shown(
    world: World, browser: Browser, service: Service, size: Any
) -> None:
    await world.inside()
    async with seen_by(world, browser, service, "Adam", viewport=size) as page:
        await page.goto(f"{service.base}/people/{world.ids['Ann']}")
        hand = Hand(page)
        await hand.link("They work here no more: deactivate")
        await expect(page.get_by_text("1 visit is under way.")).to_be_visible()
        await hand.button("Deactivate Ann")
        await expect(page.get_by_text("Nothing speaks for them any more")).to_be_visible()
        hand.did("Deactivate somebody")
        await page.goto(f"{service.base}/people/{world.ids['Ben']}")
        await hand.summary("Their phone is lost")
        await hand.button("Ben's phone is lost: cut it off")
        await expect(page.get_by_text("Nothing reaches them any more")).to_be_visible()
        hand.did("Cut off a lost phone")


async def test_somebody_is_kept_off_a_family_and_put_on_the_standing_list_without_scripts(
    world: World, browser: Browser, service: Service
) -> None:
    async with seen_by(world, browser, service, "Adam", viewport=PHONE, java_script_enabled=False) as page:
        await page.goto(f"{service.base}/people/{world.ids['Rita']}")
        hand = Hand(page)
        await hand.link("Keep them off a colleague or a family")
        await page.get_by_label("or off a family").fill("F-9")
        await page.get_by_label("Why", exact=True).fill("Her sister lives there.")
        await hand.button("Keep them off")
        await expect(page.get_by_text("From now on they are kept off.")).to_be_visible()
        hand.did("Keep somebody off a family")
        await page.goto(f"{service.base}/standing")
        await hand.choose("Who", "Mia")
        await hand.button("Put them on it")
        await expect(page.get_by_role("link", name="Mia", exact=True)).to_be_visible()
        hand.did("Put somebody on the standing list")
    async with world.database.reading() as tx:
        assert [each.person_id for each in await exclusions.every(tx, world.agency_id)] == [world.ids["Rita"]]
        assert world.ids["Mia"] in await standing.of(tx, world.agency_id)


@each_size
async def test_a_policy_is_checked_and_put_in_force(
    world: World, browser: Browser, service: Service, size: Any
) -> None:
    async with seen_by(world, browser, service, "Adam", viewport=size) as page:
        await page.goto(f"{service.base}/policy")
        hand = Hand(page)
        await hand.link("Check a new text")
        await page.get_by_label("The text, in TOML").fill('[risk.high]\ngrace = "9h"')
        await page.get_by_role("button", name="Check it").click()
        await expect(page.get_by_text("line 2")).to_be_visible()
        await page.get_by_label("The text, in TOML").fill('[risk.high]\ngrace = "2m"')
        await hand.button("Check it again")
        await expect(page.get_by_role("heading", name="It can be used")).to_be_visible()
        await page.get_by_label("Why", exact=True).fill("after the review")
        await hand.button("Put it in force")
        await expect(page.get_by_text("Edition 2 is in force")).to_be_visible()
        hand.did("Check a policy and put it in force")
        await hand.link("Editions, and what changed")
        await hand.button("Compare")
        await expect(page.get_by_text("Edition 2 against edition 1")).to_be_visible()
        hand.did("Compare the last two editions of the policy")


async def test_the_policy_is_read_by_keyboard_alone(world: World, browser: Browser, service: Service) -> None:
    async with seen_by(world, browser, service, "Adam", viewport=DESK) as page:
        await page.goto(f"{service.base}/policy")
        await expect(page.get_by_text("deputy on duty after 2 minutes")).to_be_visible()
        await tab_to(page, "summary", "By night")
        await page.keyboard.press("Enter")
        await expect(page.get_by_text("What wakes people")).to_be_visible()


async def test_the_rota_is_as_whole_without_scripts(world: World, browser: Browser, service: Service) -> None:
    await world.do("Mia", duty.hand_over, POST, world.now + timedelta(hours=3), world.ids["Dev"])
    async with seen_by(world, browser, service, "Mia", viewport=PHONE, java_script_enabled=False) as page:
        await page.goto(f"{service.base}/rota")
        await expect(page.get_by_text("Dev was asked to take over")).to_be_visible()
        await page.get_by_role("link", name="Mon 16").click()
        await expect(page.get_by_role("heading", name="Monday 16 November")).to_be_in_viewport()
