"""P8: one person owns an alert; everyone told before hears who has it; anyone told may take over."""

import asyncio
from collections.abc import Awaitable, Callable
from uuid import UUID

import pytest

from safety_service.actions import alerts, by_link, taking, words
from safety_service.actions.words import Word
from safety_service.domain.refusal import Refused
from tests.world import World


async def climbed(world: World) -> UUID:
    await world.inside()
    await world.later(41)
    return (await world.alert()).id


async def cried(world: World) -> object:
    """A cry for help that belongs to no visit, whose lock would keep the two apart."""
    await world.do("Ann", words.sos, None, Word())
    return (await world.alert()).id


@pytest.mark.parametrize("opened", [climbed, cried])
async def test_two_say_yes_in_the_same_instant_and_one_has_it(
    world: World, opened: Callable[[World], Awaitable[object]]
) -> None:
    alert_id = await opened(world)
    said = await asyncio.gather(
        world.do("Mia", alerts.take, alert_id), world.do("Dev", alerts.take, alert_id), return_exceptions=True
    )
    refused = [each for each in said if isinstance(each, Refused)]
    assert len(refused) == 1 and refused[0].code == "taken_already"
    owner = world.name((await world.alert()).alert.owner_id)
    assert refused[0].facts["owner"] == owner


async def test_everyone_told_before_hears_who_has_it(world: World) -> None:
    alert_id = await climbed(world)
    await world.do("Dev", alerts.take, alert_id)
    await world.deliver()
    assert [each.params["by"] for each in world.told("Mia", "alert.taken")] == ["Dev"]
    assert [each.template for each in world.told("Ann", "worker.")] == ["worker.read"]


async def test_anyone_told_may_take_over_by_saying_so(world: World) -> None:
    alert_id = await climbed(world)
    await world.do("Dev", alerts.take, alert_id)
    with pytest.raises(Refused):
        await world.do("Mia", alerts.take, alert_id)
    await world.do("Mia", alerts.take, alert_id, take_over=True)
    assert (await world.alert()).alert.owner_id == world.ids["Mia"]


async def test_taking_it_twice_is_no_error(world: World) -> None:
    alert_id = await climbed(world)
    await world.do("Dev", alerts.take, alert_id)
    await world.do("Dev", alerts.take, alert_id)
    assert (await world.alert()).alert.owner_id == world.ids["Dev"]


async def test_the_same_tap_on_wake_the_next_climbs_once(world: World) -> None:
    await world.inside()
    await world.later(35.5)
    alert = await world.alert()
    for _ in range(2):
        await world.do("Mia", alerts.escalate, alert.id, alert.alert.step)
    await world.deliver()
    assert len(world.told("Dev", "alarm.")) == 1
    assert world.told("Adam", "alarm.") == []


async def test_of_a_link_a_text_message_and_the_chat_in_the_same_instant_one_has_it(world: World) -> None:
    alert_id = await climbed(world)
    async with world.database.transaction() as tx:
        links = await taking.links_for(tx, alert_id, [world.ids["Mia"], world.ids["Dev"]])
    assert len({each.url_path for each in links.values()}) == 2
    said = await asyncio.gather(
        world.do("Mia", by_link.take, alert_id),
        world.do("Dev", by_link.take, alert_id),
        world.do("Dev", alerts.take, alert_id),
        return_exceptions=True,
    )
    refused = [each for each in said if isinstance(each, Refused)]
    owner = world.name((await world.alert()).alert.owner_id)
    assert {each.code for each in refused} == {"taken_already"}
    assert {each.facts["owner"] for each in refused} == {owner}
