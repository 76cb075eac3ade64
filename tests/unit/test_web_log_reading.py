"""Reading many debriefs one after the other, and looking for the same again tomorrow."""

import re
from datetime import timedelta
from html import unescape
from typing import Any
from uuid import UUID

import pytest
from aiohttp import ClientSession
from yarl import URL

from safety_service import web
from safety_service.actions import debrief_log, exclusions, filters
from safety_service.actions.debrief_log import Search
from safety_service.actions.errors import NotFound
from safety_service.store import saved_filters
from tests.debriefs import given
from tests.http import application, browsing, serving, signed_in
from tests.world import World


async def three(world: World) -> list[UUID]:
    """Three debriefs, the oldest first; the middle one is of a hard visit."""
    made = []
    for number, severity in enumerate(("none", "medium", "none")):
        behaviours = ["argued"] if severity == "medium" else []
        made.append(
            await given(world, "Ann", ref=f"F-{number}", severity=severity, behaviours=behaviours, after=number)
        )
        world.clock.move(timedelta(minutes=30))
    return made


async def beside(world: World, who: str, wanted: Search, debrief_id: UUID) -> tuple[UUID | None, UUID | None]:
    async def look(tx: Any, actor: Any) -> tuple[UUID | None, UUID | None]:
        logged, _, _ = await debrief_log.may_read(tx, actor, debrief_id)
        return await debrief_log.beside(tx, actor, wanted, logged)

    return await world.do(who, look)


async def test_from_one_to_the_next_in_the_order_of_the_list(world: World) -> None:
    first, hard, last = await three(world)
    assert await beside(world, "Mia", Search(), last) == (None, hard)
    assert await beside(world, "Mia", Search(), hard) == (last, first)
    assert await beside(world, "Mia", Search(), first) == (hard, None)


async def test_the_next_one_is_the_next_of_what_is_looked_for(world: World) -> None:
    first, hard, last = await three(world)
    assert await beside(world, "Mia", Search(severities=frozenset({"medium"})), last) == (None, hard)
    assert await beside(world, "Mia", Search(behaviour="argued"), first) == (hard, None)
    assert await beside(world, "Mia", Search(family_ref="F-0"), last) == (None, first)
    worded = await given(world, "Ann", ref="F-9", answers={"happened": "They shouted"}, after=200)
    assert await beside(world, "Mia", Search(text="shouting"), last) == (worded, None)


async def test_nobody_is_led_to_what_they_are_kept_off(world: World) -> None:
    first, hard, last = await three(world)
    await world.do("Adam", exclusions.add, world.ids["Mia"], family_ref="F-1", reason="a cousin")
    assert await beside(world, "Mia", Search(), last) == (None, first)
    assert await beside(world, "Mia", Search(), first) == (last, None)
    assert await beside(world, "Dev", Search(), first) == (hard, None)


async def page(browser: ClientSession, path: str) -> str:
    async with browser.get(URL(path, encoded=True)) as answer:
        return await answer.text()


async def test_a_review_leads_on_to_the_next_and_comes_to_the_list_in_the_end(world: World) -> None:
    for ref in ("F-1", "F-2"):
        await given(world, "Ann", ref=ref, severity="medium", behaviours=["argued"], after=int(ref[-1]) * 40)
        world.clock.move(timedelta(minutes=1))
    async with serving(application(world, web)) as base, browsing(base) as mia:
        await signed_in(world, mia, "Mia")
        text = await page(mia, "/log?reviewed=no")
        there = re.findall(r'href="(/log/[^"]+)" data-row', text)
        assert len(there) == 2 and all(each.endswith("?reviewed=no") for each in there)
        path = unescape(there[0])
        assert f'href="{there[1]}"' in await page(mia, path)
        review = path.replace("?", "/review?")
        async with mia.post(review, data={"note": "Read", "do": "next"}, allow_redirects=False) as answer:
            assert answer.headers["Location"] == unescape(there[1])
        review = unescape(there[1]).replace("?", "/review?")
        async with mia.post(review, data={"note": "Read", "do": "next"}) as answer:
            assert answer.url.path_qs == "/log?reviewed=no" and "Nothing found" in await answer.text()


async def test_a_filter_is_kept_used_and_let_go_and_nobody_else_sees_it(world: World) -> None:
    await given(world, "Ann", ref="F-7", answers={"happened": "the terrier"})
    async with serving(application(world, web)) as base, browsing(base) as mia, browsing(base) as dev:
        await signed_in(world, mia, "Mia")
        await signed_in(world, dev, "Dev")
        async with mia.post("/log/filters", data={"name": "Dogs", "q": "terrier"}, allow_redirects=False) as answer:
            kept = answer.headers["Location"]
        assert "terrier" not in kept
        text = await page(mia, kept)
        assert "Dogs" in text and "F-7" in text and f'{kept.partition("?")[2]}" data-row' in text
        assert "Dogs" not in await page(dev, "/log") and 'value="terrier"' not in await page(dev, kept)
        drop = f"/log/filters/{kept.partition('=')[2]}/drop"
        async with dev.post(drop) as answer:
            assert answer.status == 404
        async with mia.post(drop) as answer:
            assert answer.status == 200 and "Dogs" not in await answer.text()


@pytest.mark.parametrize(
    ("fields", "says"),
    [({"name": " ", "q": "terrier"}, "what to call it"), ({"name": "Dogs"}, "Look for something first")],
)
async def test_a_filter_needs_a_name_and_something_to_look_for(world: World, fields: dict[str, str], says: str) -> None:
    async with serving(application(world, web)) as base, browsing(base) as mia:
        await signed_in(world, mia, "Mia")
        async with mia.post("/log/filters", data=fields) as answer:
            assert answer.status == 409 and says in await answer.text()


async def test_so_many_filters_and_no_more(world: World) -> None:
    for number in range(filters.MOST):
        await world.do("Mia", filters.keep_filter, "log", f"F {number}", {"q": "terrier"})
    with pytest.raises(Exception, match="filters_full"):
        await world.do("Mia", filters.keep_filter, "log", "One more", {"q": "terrier"})
    async with world.database.transaction() as tx:
        first = (await saved_filters.of_person(tx, world.ids["Mia"], "log"))[0]
    with pytest.raises(NotFound):
        await world.do("Dev", filters.drop, first.id)


async def test_an_address_with_nonsense_in_it_is_read_as_if_it_said_nothing(world: World) -> None:
    await given(world, "Ann")
    async with serving(application(world, web)) as base, browsing(base) as mia:
        await signed_in(world, mia, "Mia")
        for query in ("from=9999-12-31&to=9999-12-31", "team=x&kept=y&cursor=z", "severity=worse&reviewed=perhaps"):
            async with mia.get(f"/log?{query}") as answer:
                assert answer.status == 200


@pytest.mark.parametrize("seldom", [0, 300])
@pytest.mark.parametrize("behaviour", ["argued", "confrontation", "weapon"])
async def test_what_was_met_is_found_in_the_same_way_however_rare_it_is(
    world: World, monkeypatch: pytest.MonkeyPatch, seldom: int, behaviour: str
) -> None:
    monkeypatch.setattr("safety_service.store.debrief_log.SELDOM", seldom)
    _, hard, _ = await three(world)
    group = (await _guidance(world)).behaviours["argued"].group
    wanted = group if behaviour == "confrontation" else behaviour
    found = await world.do("Mia", debrief_log.look, Search(behaviour=wanted))
    assert [each.id for each in found.rows] == ([] if behaviour == "weapon" else [hard])
    assert [each.id for each in (await world.do("Ann", debrief_log.look, Search(behaviour=wanted))).rows] == [
        each.id for each in found.rows
    ]
    assert not (await world.do("Ben", debrief_log.look, Search(behaviour=wanted))).rows


async def _guidance(world: World) -> Any:
    async with world.database.reading() as tx:
        return (await tx.guidance(world.agency_id)).guidance
