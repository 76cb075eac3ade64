"""Floods: more alarms than anybody reads go as one message; each alert keeps its own row, outcome and ladder."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from uuid import UUID

import pytest

from bots.delivery.outcome import Blocked, NotSent, Outcome, Refused
from bots.dialogue.render import Rendered
from config.policy import parse_policy
from safety_service.actions import cases, danger, scene, sweeping, words
from safety_service.actions.words import Word
from safety_service.domain.effects import RaiseAlert
from safety_service.domain.words import Kind, State
from safety_service.store import alerts, outbox
from safety_service.store.alerts import AlertRow
from safety_service.store.outbox import Outgoing
from scheduler.bundling import NAMED, RINGING
from tests.patience import until
from tests.talk import Talk
from tests.unit.dispatcher.provider import Provider, dispatching, rows
from tests.unit.reachable import has
from tests.world import World

MORE_THAN = parse_policy("").bundle.more_than
PHONE = "+447700900002"


class Steady:
    """The dispatcher's own clock, moved by hand."""

    def __init__(self) -> None:
        self.at = 1000.0

    def __call__(self) -> float:
        return self.at


async def alarm(world: World, many: int) -> list[AlertRow]:
    """So many visits at once are past all grace: as many alarms for Mia, in one transaction."""
    visits = [await world.plan("Ann", ref=f"F-{n}", after=60 * n) for n in range(many)]
    async with world.database.transaction() as tx:
        for each in visits:
            there = await scene.of_visit(tx, each)
            wanted = RaiseAlert(world.ids["Ann"], Kind.MISSED_CHECK_IN, tx.now, tx.now)
            await cases.raise_on_visit(tx, there, wanted)
    return await world.alerts()


def to(provider: Provider, who: str) -> list[str]:
    """The alarms, alone or gathered, that were handed over for this person."""
    mine = [out.template for out in provider.outs if out.address == f"chat-{who}"]
    return [template for template in mine if template.startswith(("alarm.", "bundle."))]


def bundle_text(provider: Provider) -> str:
    """What the last bundle said."""
    return next(
        text
        for (_, template), text in reversed([*zip(provider.taken, provider.texts, strict=True)])
        if template == "bundle.alarms"
    )


async def all_sent(world: World) -> bool:
    return all(row.state == "sent" for row in await rows(world) if row.template.startswith("alarm."))


async def test_of_many_alarms_a_few_go_alone_and_the_rest_as_one(world: World, provider: Provider) -> None:
    await alarm(world, 40)
    async with dispatching(world, provider):
        await until(lambda: all_sent(world))
    assert to(provider, "Mia") == ["alarm.missed_check_in"] * MORE_THAN + ["bundle.alarms"]
    assert f"{40 - MORE_THAN} more alarms" in bundle_text(provider)
    assert bundle_text(provider).count("Missed check-in") == NAMED and f"And {37 - NAMED} more." in bundle_text(
        provider
    )


async def test_a_few_alarms_go_each_by_itself(world: World, provider: Provider) -> None:
    await alarm(world, MORE_THAN + 1)
    async with dispatching(world, provider):
        await until(lambda: all_sent(world))
    assert to(provider, "Mia") == ["alarm.missed_check_in"] * (MORE_THAN + 1)


async def test_each_alert_is_reached_by_the_bundle_and_climbs_by_itself(world: World, provider: Provider) -> None:
    """P4: reached by the one message counts for each; P3: nobody answered, so each climbs."""
    opened = await alarm(world, 10)
    async with dispatching(world, provider):
        await until(lambda: all_sent(world))
    async with world.database.reading() as tx:
        assert [await outbox.reached(tx, each.id, each.alert.step) for each in opened] == [True] * 10
    world.clock.move(timedelta(minutes=10))
    async with world.database.transaction() as tx:
        assert await sweeping.sweep_alerts(tx, 100) == 10
    assert {each.alert.rung for each in await world.alerts()} == {2}


async def test_danger_is_never_gathered_and_waits_for_no_bundle(world: World, provider: Provider) -> None:
    """P5."""
    steady = Steady()
    await alarm(world, 10)
    async with dispatching(world, provider, steady=steady):
        await until(lambda: all_sent(world))
        async with world.database.transaction() as tx:
            for who in ("Ann", "Ben"):
                await words.sos(tx, await world.actor(tx, who), None, Word())
        await until(lambda: to(provider, "Mia").count("alarm.sos") == 2)


async def test_an_alarm_that_says_not_to_ring_goes_by_itself(world: World, provider: Provider) -> None:
    """P5: among many nobody would read that Ben's phone must not ring."""
    async with world.database.transaction() as tx:
        await danger.duress(tx, world.ids["Ben"], None, tx.now)
    row = await world.plan("Ben", ref="F-99", after=60)
    await alarm(world, 10)
    async with world.database.transaction() as tx:
        there = await scene.of_visit(tx, row)
        await cases.raise_on_visit(tx, there, RaiseAlert(world.ids["Ben"], Kind.MISSED_CHECK_IN, tx.now, tx.now))
    async with dispatching(world, provider):
        await until(lambda: all_sent(world))
    assert to(provider, "Mia").count("alarm.missed_check_in") == MORE_THAN + 1
    hushed = [text for text in provider.texts if "Ben" in text and "Their phone must not ring" in text]
    assert hushed and "Ben" not in bundle_text(provider)


async def test_a_bundle_that_was_not_sent_is_sent_again_whole(world: World, provider: Provider) -> None:
    steady, failures = Steady(), [NotSent("no connection")] * 2
    await alarm(world, 10)

    async def cut_off(out: Outgoing, rendered: Rendered) -> Outcome:
        if out.template == "bundle.alarms" and failures:
            return failures.pop()
        return await usual(out, rendered)

    usual, provider.send = provider.send, cut_off  # type: ignore[method-assign]
    async with dispatching(world, provider, steady=steady):

        async def in_time() -> bool:
            steady.at += 5
            world.clock.move(timedelta(seconds=1))
            return await all_sent(world)

        await until(in_time, every=0.1)
    assert not failures
    assert to(provider, "Mia") == ["alarm.missed_check_in"] * MORE_THAN + ["bundle.alarms"]


async def test_a_bundle_that_is_refused_goes_out_one_by_one(world: World, provider: Provider) -> None:
    await alarm(world, 10)
    refuse = Refused("cannot be read")

    async def picky(out: Outgoing, rendered: Rendered) -> Outcome:
        return refuse if out.template == "bundle.alarms" else await usual(out, rendered)

    usual, provider.send = provider.send, picky  # type: ignore[method-assign]
    async with dispatching(world, provider):
        await until(lambda: all_sent(world))
    assert to(provider, "Mia") == ["alarm.missed_check_in"] * 10


async def test_a_chat_that_is_shut_has_every_alarm_go_on_to_the_next_rung(world: World, provider: Provider) -> None:
    opened = await alarm(world, 10)
    provider.answers["chat-Mia"] = [Blocked("blocked")] * 20
    async with dispatching(world, provider):
        await until(lambda: _failed(world))
    async with world.database.transaction() as tx:
        await sweeping.sweep_alerts(tx, 100)
    assert {each.alert.rung for each in await world.alerts() if each.id in {one.id for one in opened}} == {2}


async def _failed(world: World) -> bool:
    mine = [row for row in await rows(world) if row.person_id == world.ids["Mia"] and row.template.startswith("alarm.")]
    return {row.state for row in mine} == {"failed"}


async def test_a_dispatcher_that_dies_with_a_bundle_in_hand_loses_none(world: World, provider: Provider) -> None:
    """P6: the lease runs out, and each goes out again, marked as a repeat."""
    await alarm(world, 10)
    provider.hangs["chat-Mia"] = asyncio.Event()
    async with dispatching(world, provider) as dying:
        await until(lambda: len(provider.outs) >= MORE_THAN + 1)
        for lane in dying._lanes:
            for each in lane.busy:
                each.cancel()
    provider.hangs.clear()
    world.clock.move(timedelta(seconds=31))
    async with dispatching(world, provider):
        await until(lambda: all_sent(world))
    assert bundle_text(provider).startswith("Said again")


async def test_a_phone_is_called_once_about_all_of_them(world: World, provider: Provider) -> None:
    steady = Steady()
    provider.kind = "voice"
    world.clock.move(timedelta(hours=16))
    await has(world, "Mia", "voice", PHONE)
    await alarm(world, 10)
    async with dispatching(world, provider, steady=steady):
        await until(lambda: provider.taken)
        assert [out.template for out in provider.outs] == ["bundle.alarms"]
        world.clock.move(timedelta(seconds=31))
        await asyncio.sleep(0.1)
        assert len(provider.outs) == 1, "it still rings"
        steady.at += RINGING
        await until(lambda: len(provider.outs) == 2)
    assert [out.template for out in provider.outs] == ["bundle.alarms"] * 2


async def test_one_alarm_by_a_call_is_no_bundle(world: World, provider: Provider) -> None:
    provider.kind = "voice"
    world.clock.move(timedelta(hours=16))
    await has(world, "Mia", "voice", PHONE)
    await alarm(world, 1)
    async with dispatching(world, provider):
        await until(lambda: provider.taken)
    assert [out.template for out in provider.outs] == ["alarm.missed_check_in"]


async def test_in_a_text_message_each_has_its_number_to_send_back(world: World, provider: Provider) -> None:
    provider.kind = "sms"
    world.clock.move(timedelta(hours=16))
    await has(world, "Mia", "sms", PHONE)
    await alarm(world, 6)
    async with dispatching(world, provider):
        await until(lambda: len(provider.taken) == MORE_THAN + 1)
    assert bundle_text(provider).startswith("3 more alarms.") and bundle_text(provider).count("send back") == 3
    assert len(bundle_text(provider)) <= 306


async def test_all_of_them_are_taken_by_one_press_and_others_keep_theirs(world: World, provider: Provider) -> None:
    await alarm(world, 8)
    async with dispatching(world, provider):
        await until(lambda: all_sent(world))
    bundle = next(out for out in provider.outs if out.template == "bundle.alarms")
    gathered = [each["number"] for each in bundle.params["alarms"]]
    alone = [each for each in await world.alerts() if each.alert.number not in gathered]
    from safety_service.actions import alerts as handling

    theirs = next(each for each in await world.alerts() if each.alert.number == gathered[0])
    await world.do("Dev", handling.take, theirs.id)
    talk = Talk(world)
    (answer,) = await talk.token("Mia", f"take_all:{_short(bundle.id)}")
    assert f"Others have: {gathered[0]}." in answer.text and str(gathered[-1]) in answer.text
    owners = {each.alert.number: world.name(each.alert.owner_id) for each in await world.alerts()}
    assert {owners[number] for number in gathered[1:]} == {"Mia"} and owners[gathered[0]] == "Dev"
    assert {(await _load(world, each.id)).alert.state for each in alone} == {State.OPEN}


async def test_anothers_bundle_takes_nothing(world: World, provider: Provider) -> None:
    await alarm(world, 8)
    async with dispatching(world, provider):
        await until(lambda: all_sent(world))
    bundle = next(out for out in provider.outs if out.template == "bundle.alarms")
    await Talk(world).token("Rita", f"take_all:{_short(bundle.id)}")
    assert {each.alert.owner_id for each in await world.alerts()} == {None}


def _short(value: UUID) -> str:
    from bots.dialogue.tokens import short

    return short(value)


async def _load(world: World, alert_id: UUID) -> AlertRow:
    async with world.database.reading() as tx:
        row = await alerts.load(tx, alert_id)
    assert row is not None
    return row


@pytest.mark.parametrize(
    "given",
    ["[bundle]\nmore_than = 0", '[bundle]\nwithin = "11m"', '[bundle]\nevery = "16s"', "[bundle]\nmore_than=21"],
)
def test_what_would_hide_alarms_is_no_policy(given: str) -> None:
    from config.policy import PolicyError

    with pytest.raises(PolicyError):
        parse_policy(given)
