"""The rota on both databases, and what people do with their duty in chat: cover, hand over, take back."""

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest

from safety_service.actions import duty
from safety_service.actions import rota as running
from safety_service.actions.errors import NotFound
from safety_service.domain.duty import Shift
from safety_service.domain.refusal import Refused
from safety_service.domain.words import Role
from safety_service.store import agencies, channels, exclusions, people, rota
from safety_service.store.database import Database
from tests.world import World, build

HOUR = timedelta(hours=1)
POST = "manager_on_duty"


@pytest.fixture
async def world(database: Database) -> World:
    """Mia is the manager on duty and Dev the deputy, for a month. Zoe is another manager."""
    world = await build(database)
    async with database.transaction() as tx:
        zoe = await people.add(tx, world.agency_id, "Zoe", email="zoe@example.org")
        await people.set_roles(tx, zoe.id, world.team_id, frozenset({Role.MANAGER}))
        await channels.link(tx, zoe.id, "telegram", "chat-Zoe")
    world.ids["Zoe"] = zoe.id
    return world


async def on(world: World, at: datetime | None = None, post: str = POST) -> list[str]:
    async with world.database.reading() as tx:
        held = await rota.on_duty(tx, world.team_id, at or world.now)
    return sorted(world.name(each) for each in held.get(post, frozenset()))


async def until(world: World, who: str) -> datetime | None:
    async with world.database.reading() as tx:
        return await rota.on_until(tx, world.ids[who], world.now)


async def told(world: World, who: str) -> list[str]:
    await world.deliver()
    return [each.template for each in world.told(who, "duty.")]


async def put(world: World, who: str, start: float, end: float, covers: str | None = None, post: str = POST) -> UUID:
    async with world.database.transaction() as tx:
        added = await running.add(
            tx,
            None,
            world.team_id,
            post,
            world.ids[who],
            starts_at=world.now + start * HOUR,
            ends_at=world.now + end * HOUR,
            covers_id=None if covers is None else world.ids[covers],
        )
    return added.shift.id


async def test_whoever_is_on_the_rota_now_is_on_duty(world: World) -> None:
    assert await on(world) == ["Mia"]
    assert await on(world, post="deputy_on_duty") == ["Dev"]
    await put(world, "Zoe", 1, 2)
    assert await on(world, world.now + HOUR) == ["Mia", "Zoe"]
    assert await on(world, world.now + timedelta(days=30)) == []


async def test_cover_on_the_rota_puts_one_on_and_the_other_off_while_it_runs(world: World) -> None:
    await put(world, "Zoe", 1, 3, covers="Mia")
    assert [await on(world, world.now + hours * HOUR) for hours in (0.5, 1, 2.9, 3)] == [
        ["Mia"],
        ["Zoe"],
        ["Zoe"],
        ["Mia"],
    ]
    assert await until(world, "Mia") == world.now + HOUR


async def test_a_deactivated_person_is_not_on_duty_and_covers_nobody(world: World) -> None:
    await put(world, "Zoe", 0, 3, covers="Mia")
    async with world.database.transaction() as tx:
        await people.save(tx, replace(await people.get(tx, world.ids["Zoe"]), active=False))
    assert await on(world) == ["Mia"]


async def test_shifts_that_cannot_be_are_refused_with_the_reason(world: World) -> None:
    for start, end, who, covers, post, why in (
        (2.0, 1.0, "Zoe", None, POST, "ends_before_start"),
        (-3.0, -1.0, "Zoe", None, POST, "until_past"),
        (0.0, 24 * 200.0, "Zoe", None, POST, "shift_too_long"),
        (0.0, 1.0, "Zoe", None, "manager", "post_unknown"),
        (0.0, 1.0, "Zoe", "Zoe", POST, "cover_yourself"),
        (0.0, 1.0, "Zoe", "Dev", POST, "not_on_duty"),
    ):
        with pytest.raises(Refused, match=why):
            await put(world, who, start, end, covers, post)
    world.ids["nobody known"] = uuid4()
    with pytest.raises(NotFound):
        await put(world, "nobody known", 0, 1)


async def test_what_is_odd_about_a_shift_is_said_with_it(world: World) -> None:
    async with world.database.transaction() as tx:
        await channels.end_all(tx, world.ids["Zoe"])
        ends_at = tx.now + HOUR
        odd = await running.add(
            tx, None, world.team_id, "night_on_duty", world.ids["Zoe"], starts_at=tx.now, ends_at=ends_at
        )
        good = await running.add(tx, None, world.team_id, POST, world.ids["Dev"], starts_at=tx.now, ends_at=ends_at)
    assert odd.in_no_ladder and odd.unreachable
    assert not good.in_no_ladder and not good.unreachable


async def test_a_shift_is_taken_off_by_its_id_and_the_gap_is_said(world: World) -> None:
    async with world.database.transaction() as tx:
        before = await running.coming(tx, None, world.team_id)
        assert before.gaps == []
        (mias,) = [each for each in before.shifts if each.post == POST]
        await running.remove(tx, None, mias.id)
        with pytest.raises(NotFound):
            await running.remove(tx, None, mias.id)
        after = await running.coming(tx, None, world.team_id)
    assert [(gap.post, gap.starts_at, gap.ends_at) for gap in after.gaps] == [
        (POST, world.now, world.now + timedelta(days=7))
    ]


async def test_practitioners_read_who_is_on_and_leave_the_rota_alone(world: World) -> None:
    (manager, deputy) = sorted(await world.do("Ann", duty.who_is_on), key=lambda each: each.post, reverse=True)
    assert (manager.post, [each.name for each in manager.people]) == (POST, ["Mia"])
    assert (deputy.post, [each.name for each in deputy.people]) == ("deputy_on_duty", ["Dev"])
    with pytest.raises(Refused, match="managers_only"):
        await world.do("Ann", running.coming, world.team_id)
    with pytest.raises(Refused, match="managers_only"):
        await world.do("Ann", duty.cover, POST, world.now + HOUR, world.ids["Mia"])


async def test_a_post_that_nobody_holds_is_shown_empty(world: World) -> None:
    world.clock.move(timedelta(days=31))
    assert [(each.post, each.people) for each in await world.do("Ann", duty.who_is_on)] == [
        ("deputy_on_duty", ()),
        (POST, ()),
    ]


async def test_a_manager_stands_in_at_once_and_the_other_is_told(world: World) -> None:
    await world.do("Zoe", duty.cover, POST, world.now + 2 * HOUR, world.ids["Mia"])
    assert await on(world) == ["Zoe"]
    assert await told(world, "Mia") == ["duty.covered"]
    world.clock.move(2 * HOUR)
    assert await on(world) == ["Mia"]


async def offer(world: World, hours: float = 2) -> Shift:
    return await world.do("Mia", duty.hand_over, POST, world.now + hours * HOUR, world.ids["Zoe"])


async def test_the_giver_stays_on_until_the_other_accepts(world: World) -> None:
    offered = await offer(world)
    assert await on(world) == ["Mia"]
    assert await told(world, "Zoe") == ["duty.offered"]
    world.clock.move(HOUR / 2)
    await world.do("Zoe", duty.accept, offered.id)
    assert await on(world) == ["Zoe"]
    assert await told(world, "Mia") == ["duty.accepted"]
    world.clock.move(1.5 * HOUR)
    assert await on(world) == ["Mia"]


async def test_an_offer_that_is_declined_or_too_old_leaves_the_giver_on(world: World) -> None:
    declined = await offer(world)
    await world.do("Zoe", duty.decline, declined.id)
    assert await told(world, "Mia") == ["duty.declined"]
    with pytest.raises(Refused, match="offer_gone"):
        await world.do("Zoe", duty.accept, declined.id)
    old = await offer(world, hours=1)
    world.clock.move(HOUR)
    with pytest.raises(Refused, match="offer_gone"):
        await world.do("Zoe", duty.accept, old.id)
    assert await on(world) == ["Mia"]


async def test_an_offer_is_accepted_once_and_only_by_whom_it_was_made_to(world: World) -> None:
    offered = await offer(world)
    with pytest.raises(NotFound):
        await world.do("Dev", duty.accept, offered.id)
    await world.do("Zoe", duty.accept, offered.id)
    with pytest.raises(Refused, match="offer_gone"):
        await world.do("Zoe", duty.accept, offered.id)


async def test_a_post_that_is_given_back_is_held_by_the_first_alone(world: World) -> None:
    await world.do("Zoe", duty.accept, (await offer(world)).id)
    world.clock.move(HOUR / 2)
    back = await world.do("Zoe", duty.hand_over, POST, world.now + HOUR, world.ids["Mia"])
    assert await on(world) == ["Zoe"]
    await world.do("Mia", duty.accept, back.id)
    assert await on(world) == ["Mia"]


async def test_giving_a_post_back_leaves_the_givers_own_shift_alone(world: World) -> None:
    await put(world, "Zoe", 0, 4)
    await world.do("Zoe", duty.accept, (await offer(world)).id)
    back = await world.do("Zoe", duty.hand_over, POST, world.now + HOUR, world.ids["Mia"])
    await world.do("Mia", duty.accept, back.id)
    assert await on(world) == ["Mia", "Zoe"]


async def test_taking_a_post_back_leaves_nobody_out_even_after_the_own_shift_has_ended(world: World) -> None:
    async with world.database.transaction() as tx:
        for shift in await rota.between(tx, [world.team_id], tx.now, tx.now + HOUR):
            await rota.remove(tx, shift.id)
    await put(world, "Mia", 0, 1)
    await world.do("Zoe", duty.accept, (await offer(world, hours=4)).id)
    world.clock.move(2 * HOUR)
    await world.do("Mia", duty.cover, POST, world.now + 2 * HOUR, world.ids["Zoe"])
    assert await on(world) == ["Mia"]


async def test_duty_is_handed_to_managers_whom_something_reaches(world: World) -> None:
    later = world.now + HOUR
    for to, why in (("Mia", "cover_yourself"), ("Ann", "not_to_them")):
        with pytest.raises(Refused, match=why):
            await world.do("Mia", duty.hand_over, POST, later, world.ids[to])
    async with world.database.transaction() as tx:
        await channels.end_all(tx, world.ids["Zoe"])
    with pytest.raises(Refused, match="not_reachable"):
        await offer(world)
    with pytest.raises(Refused, match="not_on_duty"):
        await world.do("Zoe", duty.hand_over, POST, later, world.ids["Dev"])
    for ends_at, why in ((world.now, "until_past"), (world.now + timedelta(days=15), "until_too_far")):
        with pytest.raises(Refused, match=why):
            await world.do("Mia", duty.hand_over, POST, ends_at, world.ids["Dev"])


async def test_of_whom_one_is_shown_nothing_one_learns_nothing_by_standing_in_or_handing_over(world: World) -> None:
    """Not even their name: another agency's people, and whom one is kept off."""
    async with world.database.transaction() as tx:
        other = await agencies.add(tx, "Oakshire", office_phone="")
        world.ids["Olga"] = (await people.add(tx, other.id, "Olga", email="olga@example.org")).id
        await exclusions.add(
            tx, world.agency_id, world.ids["Mia"], worker_id=world.ids["Zoe"], reason="were married", by=None
        )
    for who in ("Olga", "Zoe"):
        for action in (duty.cover, duty.hand_over):
            with pytest.raises(NotFound):
                await world.do("Mia", action, POST, world.now + HOUR, world.ids[who])
