"""A further way to be reached: its owner proves it, the old ones hear, and where there are rights a second agrees."""

from __future__ import annotations

from datetime import timedelta

import pytest

from safety_service.actions import exclusions, linking, own_channels, people, seconding
from safety_service.actions.errors import NotFound
from safety_service.domain.refusal import Refused
from safety_service.store import channels
from safety_service.store.channels import Channel
from tests.unit.reachable import OFFERED, code_for, has, said, states
from tests.world import World

NUMBER = "07700 900123"


async def propose(world: World, who: str, kind: str = "sms", given: str = NUMBER) -> Channel:
    return await world.do(who, own_channels.propose, world.ids[who], kind, given, offered=OFFERED)


async def proven(world: World, who: str, kind: str = "sms", given: str = NUMBER) -> Channel:
    made = await propose(world, who, kind, given)
    return await world.do(who, own_channels.prove, made.id, await code_for(world, who))


async def refused(world: World, who: str, action: object, *args: object) -> str:
    with pytest.raises(Refused) as why:
        await world.do(who, action, *args)  # type: ignore[arg-type]
    return why.value.code


async def test_a_number_is_proven_by_the_code_that_arrives_there(world: World) -> None:
    made = await propose(world, "Ann")
    assert (made.address, made.state) == ("+447700900123", "proposed")
    (message,) = await said(world, "Ann")
    assert (message.channel, message.channel_id, message.template) == ("sms", made.id, "channel.code")
    done = await world.do("Ann", own_channels.prove, made.id, await code_for(world, "Ann"))
    assert (done.state, done.proven_at) == ("active", world.now)


async def test_nothing_but_its_code_goes_to_what_is_not_proven(world: World) -> None:
    await propose(world, "Mia")
    await world.inside()
    await world.later(60)
    assert {each.template for each in await said(world, "Mia") if each.channel == "sms"} == {"channel.code"}


async def test_a_wrong_code_proves_nothing_and_a_right_one_works_once(world: World) -> None:
    made = await propose(world, "Ann")
    code = await code_for(world, "Ann")
    wrong = f"{(int(code) + 1) % 10**8:08}"
    assert await refused(world, "Ann", own_channels.prove, made.id, wrong) == "code_wrong"
    await world.do("Ann", own_channels.prove, made.id, f" {code[:4]} {code[4:]} ")
    assert await refused(world, "Ann", own_channels.prove, made.id, code) == "code_wrong"


async def test_a_code_works_for_a_quarter_of_an_hour_and_not_a_moment_longer(world: World) -> None:
    made = await propose(world, "Ann")
    world.clock.move(timedelta(minutes=15))
    assert await refused(world, "Ann", own_channels.prove, made.id, await code_for(world, "Ann")) == "code_wrong"


async def test_a_newer_code_ends_the_older_and_each_is_for_its_channel_alone(world: World) -> None:
    sms = await propose(world, "Ann")
    first = await code_for(world, "Ann")
    voice = await propose(world, "Ann", "voice")
    second = await code_for(world, "Ann")
    assert await refused(world, "Ann", own_channels.prove, sms.id, first) == "code_wrong"
    assert await refused(world, "Ann", own_channels.prove, sms.id, second) == "code_wrong"
    assert (await world.do("Ann", own_channels.prove, voice.id, second)).state == "active"


async def test_nobody_proves_the_channel_of_another(world: World) -> None:
    made = await propose(world, "Ann")
    with pytest.raises(NotFound):
        await world.do("Ben", own_channels.prove, made.id, await code_for(world, "Ann"))


async def test_codes_are_sent_six_times_an_hour_and_then_not_again(world: World) -> None:
    made = await propose(world, "Ann")
    for _ in range(5):
        await world.do("Ann", own_channels.send_code, made.id)
    assert await refused(world, "Ann", own_channels.send_code, made.id) == "too_many_codes"
    world.clock.move(timedelta(hours=1, seconds=1))
    await world.do("Ann", own_channels.send_code, made.id)


async def test_what_is_no_number_or_has_no_provider_is_refused_with_the_reason(world: World) -> None:
    ann = world.ids["Ann"]
    for kind, given, offered, why in (
        ("sms", "soon", OFFERED, "number_unknown"),
        ("email", "ann", OFFERED, "address_unknown"),
        ("hook", "http://10.0.0.1/", OFFERED, "address_unknown"),
        ("voice", NUMBER, ("sms",), "channel_not_there"),
        ("telegram", "4711", OFFERED, "channel_not_there"),
    ):
        with pytest.raises(Refused) as wrong:
            await world.do("Ann", own_channels.propose, ann, kind, given, offered=offered)
        assert wrong.value.code == why
    assert await states(world, "Ann") == {"telegram": "active"}


async def test_a_number_that_speaks_for_somebody_is_nobody_elses(world: World) -> None:
    await proven(world, "Ann")
    made = await propose(world, "Ben")
    assert await refused(world, "Ben", own_channels.prove, made.id, await code_for(world, "Ben")) == "chat_of_another"


async def test_the_old_channels_hear_of_the_new_one_and_it_does_not_hear_of_itself(world: World) -> None:
    await proven(world, "Ann")
    assert [each.channel for each in await said(world, "Ann", "link.new_channel")] == ["telegram"]


async def test_a_managers_new_number_waits_for_a_second_person_and_says_nothing_until_then(world: World) -> None:
    made = await proven(world, "Mia")
    assert made.state == "waiting"
    assert {each.template for each in await said(world, "Mia") if each.channel == "sms"} == {
        "channel.code",
        "link.waiting",
    }
    for who in ("Dev", "Adam"):
        (asked,) = await said(world, who, "channel.waiting")
        assert asked.params["name"] == "Mia"
    assert not await said(world, "Ben", "channel.waiting")
    await world.do("Dev", seconding.agree, made.id)
    async with world.database.reading() as tx:
        kept = await channels.get(tx, made.id)
    assert kept is not None and (kept.state, kept.agreed_by) == ("active", world.ids["Dev"])
    assert {each.channel for each in await said(world, "Mia", "link.agreed")} == {"telegram"}


async def test_nobody_agrees_for_themselves_and_only_who_manages_or_administers(world: World) -> None:
    made = await proven(world, "Mia")
    assert await refused(world, "Mia", seconding.agree, made.id) == "never_your_own"
    assert await refused(world, "Ben", seconding.agree, made.id) == "managers_only"
    assert await refused(world, "Rita", seconding.agree, made.id) == "managers_only"
    assert await states(world, "Mia") == {"telegram": "active", "sms": "waiting"}


async def test_an_administrators_own_number_waits_for_somebody_else(world: World) -> None:
    made = await proven(world, "Adam")
    assert made.state == "waiting"
    assert await refused(world, "Adam", seconding.agree, made.id) == "never_your_own"


async def test_who_is_kept_off_somebody_agrees_to_nothing_of_theirs(world: World) -> None:
    async with world.database.transaction() as tx:
        await exclusions.add(tx, None, world.ids["Dev"], worker_id=world.ids["Mia"], reason="former partner")
    made = await proven(world, "Mia")
    assert not await said(world, "Dev", "channel.waiting")
    with pytest.raises(NotFound):
        await world.do("Dev", seconding.agree, made.id)


async def test_what_nobody_agrees_to_ends_and_its_owner_hears_by_what_they_had(world: World) -> None:
    made = await proven(world, "Mia")
    await world.do("Dev", seconding.refuse, made.id)
    assert await states(world, "Mia") == {"telegram": "active"}
    assert [each.channel for each in await said(world, "Mia", "link.refused")] == ["telegram"]
    assert await refused(world, "Dev", seconding.agree, made.id) == "channel_gone"


async def test_a_further_chat_of_a_manager_waits_too_and_speaks_for_nobody(world: World) -> None:
    async with world.database.transaction() as tx:
        invited = await linking.invite(tx, None, world.ids["Mia"])
        await linking.link_chat(tx, "telegram", "chat-Mia-2", invited.code)
        assert not await linking.speaks(tx, "telegram", "chat-Mia-2")
        assert await channels.by_address(tx, "telegram", "chat-Mia-2") is None
        (waits,) = await channels.waiting(tx, [world.ids["Mia"]])
    assert [each.template for each in await said(world, "Mia") if each.channel_id == waits.id] == ["link.waiting"]
    await world.do("Adam", seconding.agree, waits.id)
    async with world.database.reading() as tx:
        assert await linking.speaks(tx, "telegram", "chat-Mia-2")


async def test_the_first_chat_of_a_manager_is_theirs_at_once_for_whoever_invited_them_knows_them(world: World) -> None:
    async with world.database.transaction() as tx:
        await people.unlink(tx, None, world.ids["Mia"])
        invited = await linking.invite(tx, None, world.ids["Mia"])
        await linking.link_chat(tx, "telegram", "chat-Mia-2", invited.code)
        assert await linking.speaks(tx, "telegram", "chat-Mia-2")


async def test_a_lost_phone_is_never_kept_and_what_is_left_hears_of_its_end(world: World) -> None:
    way = await has(world, "Mia", "sms", "+447700900123")
    await world.do("Mia", own_channels.end, way.id)
    assert await states(world, "Mia") == {"telegram": "active"}
    assert [each.channel for each in await said(world, "Mia", "link.ended")] == ["telegram"]
    with pytest.raises(NotFound):
        await world.do("Mia", own_channels.end, way.id)


async def test_nobody_ends_the_channel_of_another_but_an_administrator(world: World) -> None:
    way = await has(world, "Ann", "sms", "+447700900123")
    assert await refused(world, "Mia", own_channels.end, way.id) == "administrators_only"
    await world.do("Adam", own_channels.end, way.id)


async def test_trying_a_channel_again_says_that_it_still_arrives(world: World) -> None:
    way = await has(world, "Mia", "voice", "+447700900123")
    world.clock.move(timedelta(days=200))
    await world.do("Mia", own_channels.send_code, way.id)
    again = await world.do("Mia", own_channels.prove, way.id, await code_for(world, "Mia"))
    assert (again.state, again.proven_at) == ("active", world.now)


async def test_of_two_who_agree_at_once_one_does(world: World) -> None:
    made = await proven(world, "Mia")
    await world.do("Dev", seconding.agree, made.id)
    assert await refused(world, "Adam", seconding.agree, made.id) == "channel_gone"
