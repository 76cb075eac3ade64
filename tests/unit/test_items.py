"""Open items: they stay open, are asked after, and are closed only by those concerned, with what became of them."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from safety_service.actions import exclusions, items
from safety_service.actions.errors import NotFound
from safety_service.domain.refusal import Refused
from safety_service.store import families, people
from safety_service.store.items import Item
from tests.talk import Talk
from tests.world import World


async def opened(world: World, **more: Any) -> Item:
    async with world.database.transaction() as tx:
        family_id = await families.ensure(tx, world.agency_id, "F-1")
        about: dict[str, Any] = {"family_id": family_id, "worker_id": world.ids["Ann"], "kind": "assessment_gap"}
        return await items.open_item(
            tx, agency_id=world.agency_id, team_id=world.team_id, text="The rooms upstairs", **{**about, **more}
        )


async def chased(world: World) -> list[str]:
    async with world.database.transaction() as tx:
        await items.chase_items(tx, 10)
    return sorted(f"{world.name(each.person_id)} {each.template}" for each in await world.deliver())


async def supervises(world: World, who: str | None) -> None:
    async with world.database.transaction() as tx:
        ann = await people.get(tx, world.ids["Ann"])
        await people.save(tx, replace(ann, supervisor_id=None if who is None else world.ids[who]))


async def test_an_item_is_asked_after_on_its_day_and_again_until_somebody_says_what_became_of_it(world: World) -> None:
    row = await opened(world, due_on=date(2026, 11, 18), owner_id=world.ids["Ben"])
    assert await chased(world) == []
    world.clock.at = world.now.replace(day=18, hour=9, minute=0)
    assert await chased(world) == ["Ben item.due", "Dev item.due", "Mia item.due"]
    assert await chased(world) == []
    world.clock.move(timedelta(days=7))
    assert len(await chased(world)) == 3
    with pytest.raises(Refused, match="item_note_wanted"):
        await world.do("Ben", items.close_item, row.id, "  ")
    await world.do("Ben", items.close_item, row.id, "Seen on the 20th, with the health visitor.")
    world.clock.move(timedelta(days=30))
    assert await chased(world) == []
    with pytest.raises(Refused, match="item_closed"):
        await world.do("Mia", items.close_item, row.id, "Again")
    kept = await world.do("Mia", items.read_item, row.id)
    assert (kept.closed_by, kept.closed_note) == (world.ids["Ben"], "Seen on the 20th, with the health visitor.")


async def test_who_may_read_and_close_it(world: World) -> None:
    row = await opened(world)
    assert (await world.do("Rita", items.read_item, row.id)).body["text"] == "The rooms upstairs"
    with pytest.raises(Refused, match="managers_only"):
        await world.do("Rita", items.close_item, row.id, "Done")
    for stranger in ("Ben", "Adam"):
        with pytest.raises(NotFound):
            await world.do(stranger, items.read_item, row.id)
    await world.do("Mia", items.close_item, row.id, "Done")


async def test_who_is_kept_off_the_family_neither_sees_nor_hears_of_it(world: World) -> None:
    row = await opened(world, owner_id=world.ids["Ben"])
    await world.do("Adam", exclusions.add, world.ids["Ben"], family_ref="F-1", reason="a cousin")
    await world.do("Adam", exclusions.add, world.ids["Mia"], family_ref="F-1", reason="a neighbour")
    for who in ("Ben", "Mia"):
        with pytest.raises(NotFound):
            await world.do(who, items.close_item, row.id, "Done")
        assert await world.do(who, items.mine) == []
        assert await world.do(who, items.of_teams) == []
    world.clock.move(timedelta(days=8))
    assert await chased(world) == ["Dev item.due"]


async def test_who_is_kept_off_a_worker_no_longer_sees_what_that_worker_wished_for(world: World) -> None:
    await supervises(world, "Mia")
    row = await opened(world, kind="supervision", family_id=None, owner_id=world.ids["Mia"])
    assert [each.id for each in await world.do("Mia", items.mine)] == [row.id]
    await world.do("Adam", exclusions.add, world.ids["Mia"], worker_id=world.ids["Ann"], reason="a former partner")
    assert await world.do("Mia", items.mine) == []
    assert [each.id for each in await world.do("Ann", items.mine)] == [row.id]


async def test_a_wish_goes_along_to_whoever_supervises_now(world: World) -> None:
    await supervises(world, "Mia")
    row = await opened(world, kind="supervision", family_id=None, owner_id=world.ids["Mia"])
    await supervises(world, "Dev")
    assert await world.do("Mia", items.mine) == []
    with pytest.raises(NotFound):
        await world.do("Mia", items.read_item, row.id)
    assert (await world.do("Dev", items.read_item, row.id)).id == row.id
    world.clock.move(timedelta(days=8))
    assert await chased(world) == ["Dev item.due"]
    await supervises(world, None)
    world.clock.move(timedelta(days=8))
    assert await chased(world) == ["Ann item.due"]


async def test_what_belongs_into_supervision_is_for_the_worker_and_nobody_else_of_the_team(world: World) -> None:
    row = await opened(world, kind="supervision", family_id=None)
    assert [each.id for each in await world.do("Ann", items.mine)] == [row.id]
    assert await world.do("Mia", items.of_teams) == []
    with pytest.raises(NotFound):
        await world.do("Mia", items.read_item, row.id)


async def test_the_same_question_is_open_once_and_each_violence_by_itself(world: World) -> None:
    first = await opened(world, kind="open_question", key="too_scared")
    assert (await opened(world, kind="open_question", key="too_scared")).id == first.id
    assert (await opened(world, kind="open_question", key="blaming")).id != first.id
    violence = await opened(world, kind="risk_assessment")
    assert (await opened(world, kind="risk_assessment")).id != violence.id


async def test_the_chat_names_the_reference_and_offers_our_page(world: World) -> None:
    row = await opened(world, kind="risk_assessment")
    world.clock.move(timedelta(days=7))
    await chased(world)
    shown = (await Talk(world).screen("Ann"))[-1]
    assert shown.text == (
        "Still open (F-1), since Mon 16 Nov 09:00: put what happened into the assessment of risk.\n"
        "Say what became of it on our own page."
    )
    assert shown.button("Open our page").url == f"https://doorstep.example/items/{row.id}"
