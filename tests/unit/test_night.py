"""At night alarms also go by what wakes people; by day they do not; e-mail never counts as having reached anybody."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update

from safety_service.actions import delivering, duty, words
from safety_service.actions.reached_by import PROVIDERS
from safety_service.actions.words import Word
from safety_service.domain.refusal import Refused
from safety_service.domain.words import Kind
from safety_service.store import outbox, stamps
from safety_service.store.tables.people import agency
from tests.unit.reachable import has, has_no_chat, said
from tests.world import World

NUMBER = "+447700900123"


def at(world: World, hour: int) -> None:
    world.clock.at = datetime(2026, 11, 17, hour, tzinfo=UTC)


async def kinds(world: World, who: str, template: str = "alarm.") -> list[str]:
    return sorted(each.channel for each in await said(world, who, template))


async def missed(world: World, minutes: float = 35.5) -> None:
    """Ann goes in, and says nothing any more."""
    await world.inside()
    await world.later(minutes)


async def in_zone(world: World, name: str) -> None:
    async with world.database.transaction() as tx:
        await tx.conn.execute(update(agency).values(timezone=name))


async def test_by_night_an_alarm_also_calls_and_writes(world: World) -> None:
    await has(world, "Mia", "voice", NUMBER)
    await has(world, "Mia", "sms", NUMBER)
    at(world, 1)
    await missed(world)
    assert set(await kinds(world, "Mia")) == {"telegram", "voice", "sms"}


async def test_by_day_it_does_not(world: World) -> None:
    await has(world, "Mia", "voice", NUMBER)
    at(world, 12)
    await missed(world)
    assert await kinds(world, "Mia") == ["telegram"]


async def test_night_is_what_the_agencys_clock_says(world: World) -> None:
    """At five in the afternoon in UTC it is half past ten in the evening in Kolkata."""
    await has(world, "Mia", "voice", NUMBER)
    await in_zone(world, "Asia/Kolkata")
    at(world, 17)
    await missed(world)
    assert "voice" in await kinds(world, "Mia")


async def test_danger_calls_by_day_too(world: World) -> None:
    await has(world, "Mia", "voice", NUMBER)
    at(world, 12)
    row = await world.inside()
    await world.do("Ann", words.sos, row.id, Word())
    assert "voice" in await kinds(world, "Mia")


async def test_who_has_no_chat_is_called_by_day_too(world: World) -> None:
    await has_no_chat(world, "Mia")
    await has(world, "Mia", "voice", NUMBER)
    at(world, 12)
    await missed(world)
    assert set(await kinds(world, "Mia")) == {"voice"}


async def test_nothing_but_alarms_ever_calls(world: World) -> None:
    await has(world, "Ann", "voice", "+447700900124")
    await has(world, "Ann", "sms", "+447700900124")
    await has(world, "Mia", "voice", NUMBER)
    at(world, 1)
    row = await world.inside()
    await world.later(25)
    await world.do("Ann", words.left, row.id, Word())
    await world.do("Ann", words.home, row.id, Word())
    await world.later(30)
    assert not [each for who in ("Ann", "Mia") for each in await said(world, who) if each.channel in ("voice", "sms")]


async def test_an_e_mail_that_was_taken_has_reached_nobody(world: World) -> None:
    await has_no_chat(world, "Mia")
    await has(world, "Mia", "email", "mia@example.org")
    await missed(world, 35.25)
    async with world.database.transaction() as tx:
        taken = await outbox.lease(tx, ["email"], 9, "test", timedelta(minutes=1), most=9)
        await delivering.sent(tx, [(each, "") for each in taken])
    (mail, *_) = await said(world, "Mia", "alarm.")
    assert (mail.channel, mail.state, mail.reached_at) == ("email", "sent", None)
    # And because of that the next rung heard in the same second.
    assert await said(world, "Dev", "alarm.")


async def test_a_text_message_that_was_taken_has_reached(world: World) -> None:
    await has_no_chat(world, "Mia")
    await has(world, "Mia", "sms", NUMBER)
    await missed(world, 35.25)
    async with world.database.transaction() as tx:
        taken = await outbox.lease(tx, ["sms"], 9, "test", timedelta(minutes=1), most=9)
        await delivering.sent(tx, [(each, "") for each in taken])
    await world.later(1)
    assert not await said(world, "Dev", "alarm.")


async def test_where_nobody_knows_what_time_it_is_people_are_woken(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    await has(world, "Mia", "voice", NUMBER)
    at(world, 12)
    await world.inside()
    await in_zone(world, "Nowhere/Known")
    await world.later(35.5)
    assert (await world.alert()).alert.kind is Kind.MISSED_CHECK_IN
    assert "voice" in await kinds(world, "Mia")


async def test_what_has_no_provider_any_more_is_not_waited_for(world: World) -> None:
    await has(world, "Mia", "voice", NUMBER)
    at(world, 1)
    async with world.database.transaction() as tx:
        await stamps.stamp(tx, PROVIDERS, {"kinds": ["telegram", "sms"]})
    await missed(world)
    assert set(await kinds(world, "Mia")) == {"telegram"}


async def test_who_has_nothing_but_e_mail_is_offered_no_post_and_no_alert(world: World) -> None:
    await has_no_chat(world, "Dev")
    await has(world, "Dev", "email", "dev@example.org")
    with pytest.raises(Refused) as why:
        await world.do("Mia", duty.hand_over, "manager_on_duty", world.now + timedelta(hours=1), world.ids["Dev"])
    assert why.value.code == "not_reachable"
