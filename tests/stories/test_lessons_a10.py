"""What went wrong in services of this kind, told through ours from the worker's word to the last rung.

Each by its number in the hazard log (S1 to S15). Where one part alone can be shown to hold, its test stands beside that
part; here are those of which the whole has to hold together.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from safety_service.actions import alerts, sweeping, words
from safety_service.actions.words import Word
from safety_service.domain.refusal import Refused
from safety_service.domain.words import Found, Kind, KnownBy, State
from safety_service.store import outbox
from safety_service.store.database import Database
from safety_service.store.hot import InProcessHot
from safety_service.store.tables.alerts import alert
from safety_service.store.tables.alerts import outbox as outbox_rows
from safety_service.store.tables.visits import watch
from tests.world import MINUTE, World


async def silent(world: World) -> None:
    """Ann is inside and says nothing until she has missed her check-in."""
    await world.inside("Ann")
    await world.later(41)
    assert (await world.alert()).alert.kind is Kind.MISSED_CHECK_IN


async def test_2_a_word_that_the_code_does_not_know_cannot_be_kept_so_no_row_becomes_unreadable(world: World) -> None:
    """A renamed word made stored jobs unreadable, and they were deleted. Here the database refuses such a word."""
    await silent(world)
    for table, column in ((watch, "phase"), (watch, "stage"), (alert, "state"), (alert, "kind"), (alert, "doing")):
        with pytest.raises(IntegrityError):
            async with world.database.transaction() as tx:
                await tx.conn.execute(update(table).values({column: "renamed_meanwhile"}))
    await world.later(6)
    assert world.told("Dev", "alarm."), "and the ladder goes on"


@pytest.mark.parametrize(
    "evening",
    [
        datetime(2026, 11, 22, 0, 20, tzinfo=UTC),
        datetime(2027, 3, 28, 0, 20, tzinfo=UTC),
        datetime(2026, 10, 25, 0, 20, tzinfo=UTC),
    ],
    ids=["an ordinary night", "an hour is left out", "an hour comes twice"],
)
async def test_5_on_the_nights_on_which_the_clocks_change_silence_is_as_long_as_ever(
    world: World, evening: datetime
) -> None:
    world.clock.at = evening
    await world.inside("Ann", minutes=120)
    await world.later(34.75)
    assert await world.alerts() == [], "after dark: asked at 30 minutes, five more to answer"
    await world.later(0.5)
    assert (await world.alert()).alert.opened_at == evening + 35 * MINUTE


async def test_8_an_alarm_that_was_waiting_climbs_after_a_restart(world: World, database_url: str) -> None:
    await silent(world)
    told_before = len(world.told("Dev", "alarm."))
    again = await Database.open(database_url, clock=world.clock, hot=InProcessHot())
    try:
        restarted = World(again, world.agency_id, world.team_id, dict(world.ids))
        await restarted.later(6)
        assert len(restarted.told("Dev", "alarm.")) > told_before
        await restarted.later(10)
        assert restarted.told("Adam", "alarm."), "to the last rung, with nothing but the rows"
    finally:
        await again.close()


async def test_10_after_somebody_has_it_no_alarm_goes_out_to_anybody_not_even_one_that_was_waiting(
    world: World,
) -> None:
    await world.inside("Ann")
    await world.jump(41)
    await world.sweep()
    await world.jump(6)
    await world.sweep()
    async with world.database.reading() as tx:
        waiting = select(outbox_rows.c.id).where(
            outbox_rows.c.state == "pending", outbox_rows.c.template.like("alarm.%")
        )
        assert (await tx.conn.execute(waiting)).all(), "the chats are slow today"
    await world.do("Dev", alerts.take, (await world.alert()).id)
    world.sent.clear()
    await world.later(8)
    assert [each.template for each in world.sent if each.template.startswith("alarm.")] == []


async def test_11_a_yes_that_comes_with_the_end_does_not_open_it_again(world: World) -> None:
    await silent(world)
    alert_id = (await world.alert()).id
    await world.do("Mia", alerts.take, alert_id)

    async def late_yes() -> str:
        try:
            await world.do("Dev", alerts.take, alert_id, take_over=True)
        except Refused as why:
            return why.code
        return "has it"

    ended = world.do("Mia", alerts.resolve, alert_id, Found.SAFE, KnownBy.HEARD_VOICE)
    _, answered = await asyncio.gather(ended, late_yes(), return_exceptions=True)
    if answered == "has it":
        await world.do("Dev", alerts.resolve, alert_id, Found.SAFE, KnownBy.HEARD_VOICE)
    after = (await world.alert()).alert
    assert (after.state, after.next_at) == (State.RESOLVED, None)
    assert await late_yes() == "resolved_already"
    assert (await world.alert()).alert.state is State.RESOLVED


async def test_12_no_deadline_waits_in_what_may_be_lost(world: World) -> None:
    """Whatever is shared between processes is gone at each step; the watch and the ladder do not notice."""
    await world.inside("Ann")
    for _ in range(60):
        world.database.hot = InProcessHot()
        await world.later(1, step=1)
    assert world.told("Mia", "alarm.") and world.told("Dev", "alarm.") and world.told("Adam", "alarm.")


async def test_15_nobody_counts_as_told_while_no_channel_took_it(world: World) -> None:
    await world.inside("Ann")
    await world.jump(41)
    await world.sweep()
    first = (await world.alert()).alert
    for _ in range(3):
        async with world.database.transaction() as tx:
            for each in await outbox.lease(tx, ["telegram"], 100, "test", MINUTE, most=9):
                await outbox.record(tx, each.id, "failed", error="the channel is down")
        await world.jump(0.6)
        await world.sweep()
    climbed = (await world.alert()).alert
    assert climbed.rung > first.rung, "not reached hands on at once"
    async with world.database.reading() as tx:
        alarms = outbox_rows.c.template.like("alarm.%")
        reached = (await tx.conn.execute(select(outbox_rows.c.reached_at).where(alarms))).scalars().all()
    assert set(reached) == {None}
    assert climbed.state is State.OPEN


async def test_4_two_clocks_that_strike_at_once_raise_one_alarm(world: World) -> None:
    row = await world.inside("Ann")
    await world.jump(41)

    async def sweeps() -> None:
        async with world.database.transaction() as tx:
            await sweeping.sweep_watches(tx, 100)

    await asyncio.gather(*(sweeps() for _ in range(4)))
    assert (await world.alert()).alert.visit_id == row.id
    await world.sweep()
    sent = [each for each in await world.deliver() if each.template.startswith("alarm.")]
    assert len(sent) == len({(each.person_id, each.step) for each in sent})


async def test_6_what_was_being_sent_when_the_process_died_is_sent_again_and_says_so(world: World) -> None:
    row = await world.inside("Ann")
    await world.do("Ann", words.sos, row.id, Word())
    async with world.database.transaction() as tx:
        lost = await outbox.lease(tx, ["telegram"], 100, "died", MINUTE, most=9)
    assert lost
    world.clock.move(timedelta(minutes=1, seconds=1))
    async with world.database.transaction() as tx:
        again = await outbox.lease(tx, ["telegram"], 100, "lives", MINUTE, most=9)
    assert {each.id for each in lost} <= {each.id for each in again}
    assert all(each.maybe_sent for each in again if each.id in {one.id for one in lost})
