"""P5, danger first: it overtakes everything, two rungs hear at once, and nobody closes duress on a guess."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from safety_service.actions import alerts, words
from safety_service.actions.errors import NotFound
from safety_service.actions.reading import alerts_of
from safety_service.actions.telling import Priority
from safety_service.actions.words import Word
from safety_service.domain.refusal import Refused
from safety_service.domain.words import Found, Kind, KnownBy, Role, State
from safety_service.store import people
from safety_service.store.alerts import AlertRow
from safety_service.store.tables.alerts import outbox
from safety_service.store.tables.system import event_log
from tests.danger import DURESS, OWN, agreed, inside_high
from tests.talk import Talk
from tests.world import World


async def under_duress(world: World) -> AlertRow:
    """Ann is inside and has said the duress word."""
    await agreed(world)
    row = await inside_high(world, minutes=60)
    await world.do("Ann", words.extend, row.id, Word(phrase=DURESS), timedelta(minutes=15))
    return await world.alert()


async def test_duress_tells_two_rungs_at_once_before_everything_else_and_everyone_after_two_minutes(
    world: World,
) -> None:
    await under_duress(world)
    async with world.database.reading() as tx:
        query = select(outbox.c.person_id, outbox.c.priority).where(outbox.c.template == "alarm.duress")
        rows = (await tx.conn.execute(query)).all()
    assert {world.name(each.person_id) for each in rows} == {"Mia", "Dev"}
    assert {each.priority for each in rows} == {Priority.DANGER}
    await world.later(2.5)
    assert world.told("Adam", "alarm.duress")


async def test_taking_it_does_not_spare_the_second_rung_and_no_word_of_the_workers_holds_it(world: World) -> None:
    alert = await under_duress(world)
    await world.do("Mia", alerts.take, alert.id)
    await world.deliver()
    assert world.told("Dev", "alarm.duress")
    news_at = (await world.alert()).alert.next_at
    await world.do("Ann", words.ok, alert.alert.visit_id, Word())
    after = (await world.alert()).alert
    assert (after.state, after.next_at) == (State.TAKEN, news_at)
    await world.deliver()
    assert "It may not be their own word" in (await Talk(world).screen("Dev"))[-1].text


@pytest.mark.parametrize(
    ("first", "second", "ends"),
    [
        (KnownBy.HEARD_VOICE, KnownBy.HEARD_VOICE, False),
        (KnownBy.HEARD_VOICE, KnownBy.SEEN, True),
        (KnownBy.POLICE_TOLD, KnownBy.HEARD_VOICE, True),
    ],
)
async def test_duress_ends_by_two_people_of_whom_one_saw_them_or_has_it_from_police(
    world: World, first: KnownBy, second: KnownBy, *, ends: bool
) -> None:
    alert = await under_duress(world)
    await world.do("Mia", alerts.resolve, alert.id, Found.SAFE, first)
    await world.do("Mia", alerts.resolve, alert.id, Found.SAFE, KnownBy.SEEN if ends else first)
    assert (await world.alert()).alert.open
    if ends:
        await world.do("Dev", alerts.resolve, alert.id, Found.SAFE, second)
    else:
        with pytest.raises(Refused, match="seen_or_police_wanted"):
            await world.do("Dev", alerts.resolve, alert.id, Found.SAFE, second)
    assert (await world.alert()).alert.open is not ends


async def test_nobody_ends_or_sees_their_own(world: World) -> None:
    alert = await under_duress(world)
    with pytest.raises(NotFound):
        await world.do("Ann", alerts.resolve, alert.id, Found.SAFE, KnownBy.SEEN)


async def test_a_manager_beside_the_worker_has_nothing_of_it_on_their_screen(world: World) -> None:
    async with world.database.transaction() as tx:
        both = frozenset({Role.PRACTITIONER, Role.MANAGER})
        await people.set_roles(tx, world.ids["Ben"], world.team_id, both)
    await agreed(world)
    row = await world.inside(workers=(world.ids["Ann"], world.ids["Ben"]))
    await world.do("Ann", words.extend, row.id, Word(phrase=DURESS), timedelta(minutes=15))
    assert (await world.alert()).alert.kind is Kind.DURESS
    assert not (await world.do("Ben", alerts_of)).rows
    assert "ALARM" not in str([each.text for each in await Talk(world).screen("Ben")]).upper()
    for who in ("Mia", "Dev"):
        assert (await world.do(who, alerts_of)).rows


async def test_the_workers_own_entries_in_the_log_say_nothing_of_it(world: World) -> None:
    await under_duress(world)
    async with world.database.reading() as tx:
        mine = select(event_log.c.verb, event_log.c.details).where(event_log.c.actor_id == world.ids["Ann"])
        logged = str((await tx.conn.execute(mine)).all()).casefold()
    assert "extend" in logged
    assert not {each for each in ("duress", DURESS, OWN, "kept_back") if each in logged}


async def test_a_silence_under_duress_rings_nobody_and_goes_to_whoever_has_it(world: World) -> None:
    alert = await under_duress(world)
    for _ in range(6):
        # Taking what one has is news: it stays hers.
        await world.do("Mia", alerts.take, alert.id)
        await world.later(4)
    assert [each.alert.kind for each in await world.alerts()] == [Kind.DURESS]
    assert world.told("Mia", "alert.again_missed_check_in")
    assert not [each for each in world.sent if each.person_id == world.ids["Ann"] and each.alert_id is not None]
