"""Of all that is due at once, what is most urgent is done first."""

from datetime import timedelta

import pytest
from sqlalchemy import update

from safety_service.actions import sweeping, words
from safety_service.actions.sweeping import sweep_alerts, sweep_watches
from safety_service.actions.words import Word
from safety_service.domain.words import Kind
from safety_service.store.tables.alerts import alert
from safety_service.store.tables.visits import watch
from tests.storm import storm
from tests.world import MINUTE, World

SECOND = timedelta(seconds=1)


async def test_a_cry_for_help_climbs_before_a_storm_of_other_alerts_that_were_due_earlier(world: World) -> None:
    await storm(world, 6)
    await world.sweep()
    await world.do("Ben", words.sos, None, Word())
    await world.deliver()
    await world.jump(6)
    async with world.database.transaction() as tx:
        # A second before it.
        due = {"due_now": tx.now - 2 * SECOND, "next_at": tx.now - 2 * SECOND, "reach_by": None}
        await tx.conn.execute(update(alert).values(due))
        later = {"due_now": tx.now - SECOND, "next_at": tx.now - SECOND}
        await tx.conn.execute(update(alert).where(alert.c.kind == Kind.SOS).values(later))
    before = {each.id: each.alert for each in await world.alerts()}
    async with world.database.transaction() as tx:
        assert await sweep_alerts(tx, 1) == 1
    changed = [each.alert.kind for each in await world.alerts() if each.alert != before[each.id]]
    assert changed == [Kind.SOS]


async def test_who_nobody_was_told_of_goes_before_those_who_are_missed_once_more_and_they_before_questions(
    world: World,
) -> None:
    old = await storm(world, 3)
    await world.sweep()
    await world.deliver()
    await world.jump(200)
    new, asked = await world.inside("Ann"), await world.inside("Ben", ref="F-2")
    due = [*((each.id, 9, 9) for each in old), (new.id, 5, 5), (asked.id, 20, -60)]
    async with world.database.transaction() as tx:
        for visit_id, since, alarm in due:
            times = {"next_at": tx.now - since * SECOND, "alarm_at": tx.now - alarm * SECOND}
            await tx.conn.execute(update(watch).where(watch.c.visit_id == visit_id).values(times))
    done = []
    for _ in range(5):
        before = await _rows(world)
        async with world.database.transaction() as tx:
            assert await sweep_watches(tx, 1) == 1
        done.append(next(name for name, row in (await _rows(world)).items() if before[name] != row))
    assert (done[0], done[-1]) == (new.id, asked.id)


async def _rows(world: World) -> dict[object, object]:
    async with world.database.reading() as tx:
        rows = (await tx.conn.execute(watch.select())).all()
    return {row.visit_id: (row.next_at, row.ask) for row in rows}


async def test_whoever_should_have_been_asked_during_a_gap_is_alarmed_for_before_whoever_is_only_asked(
    world: World,
) -> None:
    """What was to be a question before the gap is an alarm after it."""
    missed = await world.inside("Ann")
    await world.jump(9)
    await world.inside("Ben", ref="F-2")
    await world.jump(31)
    async with world.database.transaction() as tx:
        await tx.conn.execute(update(watch).where(watch.c.visit_id != missed.id).values(next_at=tx.now - 60 * MINUTE))
        assert await sweep_watches(tx, 1) == 1
    assert [each.alert.visit_id for each in await world.alerts()] == [missed.id]


async def test_a_question_to_somebody_with_an_open_alert_is_asked_with_all_others(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It touches no alert: nobody who has one in hand keeps it waiting."""
    row = await world.inside("Ann")
    await world.do("Ann", words.sos, row.id, Word())
    await world.deliver()
    await world.jump(31)

    async def never(*_given: object) -> None:
        raise AssertionError("one by one")

    monkeypatch.setattr(sweeping, "_one_by_one", never)
    async with world.database.transaction() as tx:
        assert await sweep_watches(tx, 10) == 1
    assert [each.template for each in await world.deliver() if each.template.startswith("ask.")] == ["ask.check_in"]
