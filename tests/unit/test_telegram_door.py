"""Who may come in: a code links a chat, strangers are told nothing, and a blocked bot is noticed (P4)."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import update

from bots.delivery.outcome import Sent
from bots.dialogue.render import Rendered
from bots.telegram import door
from safety_service.actions import linking
from safety_service.actions.linking import BOT_STAMP
from safety_service.domain.words import Kind
from safety_service.store import channels, stamps
from safety_service.store.tables.people import agency
from tests.patience import until
from tests.unit.telegram_desk import PAGES, Desk, desk_in, outgoing
from tests.world import World


@pytest.fixture
async def desk(world: World) -> AsyncIterator[Desk]:
    async with desk_in(world) as desk:
        yield desk


async def unassessed(desk: Desk) -> None:
    async with desk.database.transaction() as tx:
        await tx.conn.execute(update(agency).values(demonstration=False, assessed_at=None))


async def test_a_link_with_a_code_links_the_chat_and_the_dialogue_begins(desk: Desk) -> None:
    phone = desk.telegram.person("Ann")
    await phone.starts(await desk.code("Ann"))
    async with desk.working():
        await desk.hears("/start")
    assert str(phone.chat_id) in await desk.chats("Ann")
    assert desk.notebook.heard[0].person_id == desk.world.ids["Ann"]


async def test_a_further_chat_of_a_manager_hears_that_it_waits_and_nothing_said_there_counts(desk: Desk) -> None:
    old, new = await desk.phone("Mia"), desk.telegram.person("Mia")
    await new.starts(await desk.code("Mia"))
    await new.says("/alerts")
    async with desk.working():
        await new.sees("code that your office gave you")
    assert desk.notebook.heard == []
    assert str(new.chat_id) not in await desk.chats("Mia") and str(old.chat_id) in await desk.chats("Mia")


async def test_what_is_said_right_after_the_code_is_heard_as_theirs(desk: Desk) -> None:
    phone = desk.telegram.person("Ann")
    await phone.starts(await desk.code("Ann"))
    await phone.says("ok")
    async with desk.working():
        await desk.hears("/start", "ok")
    assert {said.person_id for said in desk.notebook.heard} == {desk.world.ids["Ann"]}


async def test_a_code_may_be_typed_by_itself(desk: Desk) -> None:
    phone = desk.telegram.person("Ann")
    await phone.says(f" {(await desk.code('Ann')).upper()} ")
    async with desk.working():
        await desk.hears("/start")
    assert str(phone.chat_id) in await desk.chats("Ann")


async def test_a_stranger_is_asked_for_a_code_and_told_nothing_else(desk: Desk) -> None:
    stranger = desk.telegram.person("Eve")
    await stranger.says("Who is visiting 1 Elm Row?")
    async with desk.working():
        await stranger.sees("code that your office gave you")
    assert desk.notebook.heard == []


async def test_a_stranger_who_goes_on_talking_is_left_alone_after_a_while(desk: Desk) -> None:
    stranger, ann = desk.telegram.person("Eve"), await desk.phone("Ann")
    for number in range(door.ASKED_AT_MOST + 3):
        await stranger.says(f"hello {number}")
    async with desk.working():
        await until(lambda: len(stranger.screen.from_bot) == door.ASKED_AT_MOST)
        await desk.telegram.all_taken()
        await ann.says("ok")
        await desk.hears("ok")
    assert len(stranger.screen.from_bot) == door.ASKED_AT_MOST


async def test_a_wrong_code_is_refused_with_the_reason_and_a_used_one_too(desk: Desk) -> None:
    phone, other = desk.telegram.person("Ann"), desk.telegram.person("Eve")
    code = await desk.code("Ann")
    await phone.starts(code)
    await other.starts("a" * 26)
    await other.starts(code)
    async with desk.working():
        await other.sees("do not know that code")
        await other.sees("code has been used")
    assert str(other.chat_id) not in await desk.chats("Ann")


async def test_who_tries_too_many_codes_is_told_to_wait_and_even_the_right_one_waits(desk: Desk) -> None:
    eve = desk.telegram.person("Eve")
    for number in range(linking.TRIES):
        await eve.starts(f"{number}" * 26)
    await eve.starts(await desk.code("Ann"))
    async with desk.working():
        await eve.sees("Too many tries")
    assert str(eve.chat_id) not in await desk.chats("Ann")


async def test_a_code_for_somebody_else_takes_no_chat_from_its_person_and_is_not_used_up(desk: Desk) -> None:
    ann, ben, code = await desk.phone("Ann"), desk.telegram.person("Ben"), await desk.code("Ben")
    await ann.starts(code)
    async with desk.working():
        await ann.sees("linked to somebody else")
        await ben.starts(code)
        await desk.hears("/start")
    assert str(ann.chat_id) in await desk.chats("Ann")
    assert str(ben.chat_id) in await desk.chats("Ben")


async def test_until_the_assessment_is_confirmed_telegram_links_and_says_so_plainly(desk: Desk) -> None:
    await unassessed(desk)
    phone = desk.telegram.person("Ann")
    await phone.starts(await desk.code("Ann"))
    await phone.says("/today")
    async with desk.working():
        await phone.sees(PAGES)
        await until(lambda: len(phone.screen.from_bot) == 2)
    assert str(phone.chat_id) in await desk.chats("Ann")
    assert desk.notebook.heard == []


async def test_a_cry_for_help_is_heard_even_before_the_assessment_is_confirmed(desk: Desk) -> None:
    await unassessed(desk)
    ann = await desk.phone("Ann")
    await ann.says("/SOS")
    async with desk.working():
        await desk.hears("/SOS")


async def test_a_group_is_refused_politely_once_and_left_alone(desk: Desk) -> None:
    ann = await desk.phone("Ann")
    group = desk.telegram.group(members=[ann])
    there = ann.in_group(group)
    await there.says("/ok")
    async with desk.working():
        await desk.telegram.called("leaveChat", group)
        await ann.says("done")
        await desk.hears("done")
    assert desk.notebook.texts == ["done"]
    assert [bubble.text for bubble in there.screen.from_bot] == [desk.own("no_groups")]


async def test_a_group_where_it_may_not_write_is_left_all_the_same(desk: Desk) -> None:
    ann = await desk.phone("Ann")
    group = desk.telegram.group(members=[ann])
    muted = desk.telegram.fault("blocked", method="sendMessage", chat=group.chat_id)
    await ann.in_group(group).says("/ok")
    async with desk.working():
        await desk.telegram.until_hit(muted)
        await desk.telegram.called("leaveChat", group)


async def test_a_group_that_brings_several_updates_and_asks_it_in_again_is_told_once(desk: Desk) -> None:
    ann = await desk.phone("Ann")
    group = desk.telegram.group(members=[ann])
    there = ann.in_group(group)
    for _ in range(3):
        await there.says("/ok")
    async with desk.working() as bot:
        await desk.telegram.called("leaveChat", group)
        await until(lambda: not bot._door._leaving)
        group.chat.bot_left = False
        await bot._door.refuse_group(group.chat_id)
    assert group.chat.bot_left
    assert [bubble.text for bubble in there.screen.from_bot] == [desk.own("no_groups")]


async def test_blocking_the_bot_is_noticed_at_once_and_the_manager_of_who_is_watched_hears(desk: Desk) -> None:
    ann = await desk.phone("Ann")
    await desk.world.inside("Ann")
    await ann.blocks_the_bot()
    async with desk.working(inbox=False):
        await desk.telegram.all_taken()
    assert await desk.chats("Ann") == {}
    assert (await desk.world.alert()).alert.kind is Kind.UNDELIVERABLE


async def test_unblocking_the_bot_opens_the_chat_again(desk: Desk) -> None:
    ann = await desk.phone("Ann")
    await ann.blocks_the_bot()
    await ann.unblocks()
    async with desk.working(inbox=False):
        await desk.telegram.all_taken()
    assert await desk.chats("Ann") == {str(ann.chat_id): "active"}


async def test_the_bot_learns_its_name_and_fills_the_menu_with_words_that_harm_nobody(desk: Desk) -> None:
    async with desk.working() as bot:
        await desk.telegram.called("setMyCommands")
        assert bot.username == "doorstep_test_bot"
        async with desk.database.reading() as tx:
            stamp = await stamps.last(tx, BOT_STAMP)
    assert stamp is not None and stamp.info == {"username": "doorstep_test_bot"}
    (filled,) = desk.telegram.calls_of("setMyCommands")
    assert filled.parameters["scope"] == {"type": "all_private_chats"}, "a group is offered nothing"
    menu = filled.parameters["commands"]
    assert {"visit", "ok", "left", "home", "ringme"} <= {each["command"] for each in menu}
    said = " ".join(f"{each['command']} {each['description']}" for each in menu).lower()
    assert not any(word in said for word in ("sos", "alarm", "alert", "police", "risk", "threat", "family", "phrase"))


async def test_a_menu_that_was_left_for_every_chat_is_taken_away(desk: Desk) -> None:
    desk.telegram.world.settings["commands  "] = [{"command": "sos", "description": "Help"}]
    async with desk.working():
        await desk.telegram.called("deleteMyCommands")
        await until(lambda: "commands  " not in desk.telegram.world.settings)


async def test_the_bots_name_is_asked_for_until_telegram_tells_it(desk: Desk) -> None:
    fault = desk.telegram.fault("server_error", method="getMe", times=2)
    async with desk.working():
        await desk.telegram.called("getMe", times=3)
    assert fault.hits == 2


async def test_a_chat_that_says_where_it_moves_to_is_spoken_to_there(desk: Desk) -> None:
    ann = await desk.phone("Ann")
    group = desk.telegram.group(members=[ann])
    async with desk.database.transaction() as tx:
        channel = (await channels.live(tx, desk.world.ids["Ann"]))[0]
        await channels.readdress(tx, channel.id, str(group.chat_id))
    new = await group.becomes_supergroup()
    async with desk.working(inbox=False):
        await until(lambda: _reached_at(desk, str(new)))


async def _reached_at(desk: Desk, address: str) -> bool:
    return await desk.chats("Ann") == {address: "active"}


async def test_a_new_address_of_a_chat_is_kept(desk: Desk) -> None:
    ann = await desk.phone("Ann")
    async with desk.database.reading() as tx:
        channel = (await channels.live(tx, desk.world.ids["Ann"]))[0]
    group = desk.telegram.group(members=[ann])
    out = outgoing(ann.in_group(group), channel_id=channel.id)
    new = await group.becomes_supergroup()
    assert isinstance(await desk.bot().sender.send(out, Rendered("14:30?")), Sent)
    assert await desk.chats("Ann") == {str(new): "active"}
