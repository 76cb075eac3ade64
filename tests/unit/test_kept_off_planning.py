"""Who is kept off a family reads no line of its risk or plan where visits are planned, also if they go there."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta

import pytest
from aiohttp import ClientSession

from safety_service import api, web
from safety_service.actions import exclusions, reading, words
from safety_service.actions.words import Word
from safety_service.domain.words import Risk
from safety_service.store import families
from safety_service.store.visits import VisitRow
from tests.guidance.at_plans import told, trained
from tests.http import Program, application, browsing, paired, serving, signed_in
from tests.talk import Talk, with_page
from tests.world import World

THREAT = "Open threat on"
PLAIN = {"news": "none", "joint": "alone", "transport": "car", "exit": "two_ways"}


@dataclass
class Going:
    """Ben, who goes to a family of which a threat is known."""

    world: World
    row: VisitRow
    browser: ClientSession
    program: Program


@pytest.fixture
async def going(world: World) -> AsyncIterator[Going]:
    await known_to_be_violent(world)
    row = await world.plan("Ben", after=120, minutes=30)
    async with serving(application(world, web, api)) as base, browsing(base) as browser:
        await signed_in(world, browser, "Ben")
        yield Going(world, row, browser, await paired(world, browser, "Ben"))


async def known_to_be_violent(world: World) -> None:
    async with world.database.transaction() as tx:
        family_id = await families.ensure(tx, world.agency_id, "F-1")
        await families.add_fact(tx, family_id, "open_threat", tx.now.date(), source="debrief", by=None)


async def kept_off(world: World, who: str = "Ben") -> None:
    await world.do("Adam", exclusions.add, world.ids[who], family_ref="F-1", reason="a cousin")


async def read_by(going: Going) -> dict[str, str]:
    """The visit as Ben has it: by a program, on its page, and before he changes it."""
    path = f"/visits/{going.row.id}"
    found = {"program": json.dumps(await going.program.get(path))}
    async with going.browser.get(path) as answer:
        found["page"] = f"{answer.status} {await answer.text()}"
    starts = (going.world.now + timedelta(hours=3)).strftime("%Y-%m-%dT%H:%M")
    typed = {"starts": starts, "length": "30", "address": "1 Elm Row", "purpose": "plan", "hostility": "none", **PLAIN}
    async with going.browser.post(f"{path}/change", data=typed) as answer:
        found["change"] = f"{answer.status} {answer.url.path} {await answer.text()}"
    return found


@pytest.mark.parametrize("off", [False, True])
async def test_of_a_visit_of_ones_own(going: Going, off: bool) -> None:
    if off:
        await kept_off(going.world)
    found = await read_by(going)
    assert found["program"].startswith("[200") and found["page"].startswith("200")
    assert f"200 /visits/{going.row.id}/change/check" in found["change"]
    assert {name: THREAT in text for name, text in found.items()} == dict.fromkeys(found, not off)
    kept = await going.world.visit(going.row.id)
    assert kept.visit.risk is Risk.HIGH and kept.because, "the visit is as risky as it was, and watched as such"


async def test_of_a_plan_that_was_begun_in_the_chat_before(world: World) -> None:
    before = await world.plan("Ben", answers={**PLAIN, "hostility": "none"})
    await world.do("Ben", words.cancel, before.id, Word())
    await known_to_be_violent(world)
    await with_page(world, "Ben")
    talk = Talk(world)
    talk.channel = "webchat"
    await talk.says("Ben", "/visit F-1 45m")
    await talk.says("Ben", "door")
    (sure,) = await talk.says("Ben", "done")
    assert THREAT in sure.text
    await kept_off(world)
    await talk.says("Ben", "/visit")
    (again,) = await talk.presses("Ben", "Go on")
    assert THREAT not in again.text and "Lacking" not in again.text


@pytest.mark.parametrize("off", [False, True])
async def test_of_what_a_new_plan_demands_of_their_visit(world: World, off: bool) -> None:
    await trained(world, "Ann", "Ben")
    row = await world.plan("Ben", after=600)
    if off:
        await kept_off(world)
    await told(world, "open_threat")
    await world.deliver()
    assert (await world.visit(row.id)).lacking, "two people"
    assert bool(world.told("Ben", "plan.demanded")) is not off
    assert bool((await world.do("Ben", reading.visit, row.id)).lacking) is not off
