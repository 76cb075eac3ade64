"""P4 over Telegram: who was not reached was not told. The next rung hears, and the sending goes on."""

from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID

import pytest

from safety_service.actions import alerts, words
from safety_service.actions.telling import Priority, tell
from safety_service.actions.words import Word
from safety_service.domain.words import Kind, Role, State
from safety_service.store import agencies, channels, people, standing, teams
from safety_service.store import alerts as alert_rows
from tests.patience import until
from tests.promises.lines import Lines, lines
from tests.telegram.faults import Kind as Fault
from tests.world import World


@pytest.fixture
async def office(world: World, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Lines]:
    """Ann is inside and has fallen silent; the next sweep raises the alarm."""
    monkeypatch.setattr("scheduler.dispatcher.IDLE", 0.02)
    async with lines(world) as office:
        await world.inside()
        await world.jump(35.5)
        yield office


async def test_a_manager_who_blocked_the_bot_is_passed_at_once(office: Lines) -> None:
    office.telegram.fault("blocked", chat=office.phones["Mia"])
    await office.world.sweep()
    await until(lambda: is_blocked(office.world, "Mia"))
    await office.world.sweep()
    await office.phones["Dev"].sees("ALARM 1")


async def test_the_lapse_of_an_owner_who_blocks_the_bot_starts_at_once(office: Lines) -> None:
    await office.world.sweep()
    await office.phones["Mia"].sees("ALARM 1")
    alert = (await office.world.alert()).alert
    await office.world.do("Mia", alerts.take, alert.id)
    await office.settled()
    office.telegram.fault("blocked", chat=office.phones["Mia"])
    assert alert.visit_id is not None
    await office.world.ok(await office.world.visit(alert.visit_id))
    await office.tried("Mia", times=2)
    await until(lambda: is_blocked(office.world, "Mia"))
    await office.later(alert.ladder.reply.total_seconds())
    after = (await office.world.alert()).alert
    assert after.state is State.OPEN and after.owner_id is None
    await office.phones["Dev"].sees("ALARM 1")


@pytest.mark.parametrize("fault", ["too_many_requests", "server_error", "cut_before", "cut_after", "hang_before"])
async def test_a_chat_that_takes_nothing_is_passed_after_thirty_seconds_and_still_tried(
    office: Lines, fault: Fault
) -> None:
    ordered = office.telegram.fault(fault, chat=office.phones["Mia"], method="sendMessage", retry_after=20)
    await office.world.sweep()
    await office.tried("Mia")
    await office.later(29.9)
    await office.settled()
    assert not office.rang("Dev"), "thirty seconds are hers"
    await office.later(0.1)
    await office.phones["Dev"].sees("ALARM 1")
    ordered.lift()
    # A try that the fault still holds would be put off from the later time.
    await office.settled()
    office.world.clock.move(timedelta(seconds=20))
    await office.phones["Mia"].sees("ALARM 1")
    assert len(await office.world.alerts()) == 1


async def test_a_cry_for_help_waits_ten_seconds_only(office: Lines) -> None:
    for who in ("Mia", "Dev"):
        office.telegram.fault("too_many_requests", chat=office.phones[who], retry_after=300)
    await office.world.do("Ann", words.sos, None, Word())
    await office.tried("Mia")
    await office.tried("Dev")
    await office.later(9.9)
    await office.settled()
    assert not office.rang("Adam")
    await office.later(0.1)
    assert "SOS" in (await office.phones["Adam"].sees("ALARM")).text


async def test_a_rung_on_which_nobody_has_a_channel_is_passed_at_once(office: Lines) -> None:
    async with office.world.database.transaction() as tx:
        await channels.end_all(tx, office.world.ids["Mia"])
    await office.world.sweep()
    await office.phones["Dev"].sees("ALARM 1")


async def test_a_worker_who_blocks_the_bot_while_watched_is_an_alert(world: World) -> None:
    async with lines(world) as office:
        await world.inside()
        office.telegram.fault("blocked", chat=office.phones["Ann"])
        await office.later(30 * 60)
        assert "Ann cannot be reached" in (await office.phones["Mia"].sees("ALARM 1. Messages do not arrive")).text
        alert = (await world.alert()).alert
        assert (alert.kind, alert.worker_id) == (Kind.UNDELIVERABLE, world.ids["Ann"])


async def test_telegram_failing_for_everybody_is_one_alert_for_each_agency(office: Lines) -> None:
    await office.telegram.stops_listening()
    elsewhere = await another_agency(office)
    await office.world.inside("Ben", ref="F-2")
    for _ in range(8):
        await office.later(30)
        await office.settled()
        await office.dispatcher.report()
    wanted = [each.alert.kind for each in await office.world.alerts() if each.alert.worker_id is None]
    assert wanted == [Kind.UNDELIVERABLE]
    async with office.world.database.reading() as tx:
        rows = await alert_rows.listed(tx, alert_rows.WantedAlerts(agency_id=elsewhere), 10)
    assert [each.alert.kind for each in rows] == [Kind.UNDELIVERABLE]
    await office.telegram.listens_again()
    office.world.clock.move(timedelta(seconds=10))
    await office.phones["Mia"].sees("Messages do not arrive")


async def is_blocked(world: World, who: str) -> bool:
    async with world.database.reading() as tx:
        return [each.state for each in await channels.live(tx, world.ids[who])] != ["active"]


async def another_agency(office: Lines) -> UUID:
    """With one manager, for whom a message waits."""
    async with office.world.database.transaction() as tx:
        agency = await agencies.add(tx, "Northfield", demonstration=True)
        team = await teams.add(tx, agency.id, "South")
        zoe = await people.add(tx, agency.id, "Zoe")
        await people.set_roles(tx, zoe.id, team.id, frozenset({Role.MANAGER}))
        await standing.add(tx, agency.id, zoe.id)
        await channels.link(tx, zoe.id, "telegram", str(office.telegram.person("Zoe").chat_id))
        await tell(tx, [zoe.id], "reply.help", {}, priority=Priority.ALARM)
    return agency.id
