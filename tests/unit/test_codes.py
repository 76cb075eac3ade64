"""One-time codes and sessions: once, for a while, and nothing in the database opens anything."""

import asyncio
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import text

from safety_service.actions import linking, signing_in
from safety_service.actions.actor import load_actor
from safety_service.actions.errors import NotFound
from safety_service.domain.refusal import Refused
from safety_service.store import channels, codes, sessions, stamps
from safety_service.store.database import Database
from safety_service.store.hot import InProcessHot
from tests.world import World, build


@pytest.fixture
async def world(database: Database) -> World:
    return await build(database)


async def issue(world: World, who: str = "Ann", purpose: codes.Purpose = "link") -> str:
    async with world.database.transaction() as tx:
        return await codes.issue(tx, purpose, world.ids[who], None)


async def use(world: World, code: str, purpose: codes.Purpose = "link") -> UUID | str:
    """Whose it was, or why not."""
    try:
        async with world.database.transaction() as tx:
            return await codes.use(tx, purpose, code)
    except Refused as refused:
        return refused.code


async def test_a_code_works_once(world: World) -> None:
    code = await issue(world)
    assert await use(world, f" {code.upper()} ") == world.ids["Ann"]
    assert await use(world, code) == "code_used"


async def test_of_two_who_use_a_code_at_the_same_moment_one_gets_it(world: World) -> None:
    code = await issue(world)
    outcomes = await asyncio.gather(*(use(world, code) for _ in range(4)))
    assert sorted(map(str, outcomes)) == sorted([str(world.ids["Ann"]), *["code_used"] * 3])


async def test_a_code_is_128_bits_and_fits_into_a_telegram_link(world: World) -> None:
    code = await issue(world)
    assert len(code) == 26 and code.isalnum() and code.isascii()
    assert code != await issue(world)


async def test_a_code_works_for_24_hours_and_not_a_moment_longer(world: World) -> None:
    first = await issue(world)
    world.clock.move(timedelta(hours=24) - timedelta(seconds=1))
    assert await use(world, first) == world.ids["Ann"]
    second = await issue(world)
    world.clock.move(timedelta(hours=24))
    assert await use(world, second) == "code_expired"


async def test_a_newer_code_ends_the_older_one_of_the_same_purpose(world: World) -> None:
    link, sign_in = await issue(world), await issue(world, purpose="sign_in")
    again = await issue(world)
    assert await use(world, link) == "code_expired"
    assert await use(world, sign_in, "sign_in") == world.ids["Ann"]
    assert await use(world, again) == world.ids["Ann"]


async def test_a_sign_in_code_links_no_chat_but_an_invitation_signs_in(world: World) -> None:
    assert await use(world, await issue(world, purpose="sign_in")) == "code_unknown"
    assert await use(world, await issue(world), "sign_in") == world.ids["Ann"]
    assert await use(world, "no-such-code") == "code_unknown"


async def test_a_deactivated_persons_code_is_not_known(world: World) -> None:
    code = await issue(world)
    async with world.database.transaction() as tx:
        await tx.conn.execute(text("UPDATE person SET active = false"))
    assert await use(world, code) == "code_unknown"


async def test_neither_codes_nor_tokens_stand_in_the_database(world: World) -> None:
    code = await issue(world)
    async with world.database.transaction() as tx:
        token = await sessions.start(tx, world.ids["Ann"], "web", "a browser")
        rows = [
            *await tx.conn.execute(text("SELECT * FROM code")),
            *await tx.conn.execute(text("SELECT * FROM session")),
        ]
    assert len(rows) == 2
    assert not any(secret in str(row) for row in rows for secret in (code, token))


async def test_a_session_lives_on_while_it_is_used_and_ends_when_it_is_not(world: World) -> None:
    async with world.database.transaction() as tx:
        token = await sessions.start(tx, world.ids["Ann"], "web")
    for _ in range(3):
        world.clock.move(timedelta(days=20))
        async with world.database.transaction() as tx:
            session = await sessions.person_of(tx, token)
            assert session is not None and session.person_id == world.ids["Ann"]
            await sessions.seen(tx, session)
    world.clock.move(timedelta(days=30))
    async with world.database.reading() as tx:
        assert await sessions.person_of(tx, token) is None
        assert await sessions.person_of(tx, "guessed") is None


async def test_an_ended_session_and_one_of_somebody_gone_speak_for_nobody(world: World) -> None:
    async with world.database.transaction() as tx:
        token = await sessions.start(tx, world.ids["Ann"], "device", "a phone")
        (mine,) = await sessions.of_person(tx, world.ids["Ann"])
        with pytest.raises(NotFound):
            await signing_in.end(tx, await load_actor(tx, world.ids["Ben"], "web"), mine.id)
        await signing_in.end(tx, await load_actor(tx, world.ids["Ann"], "web"), mine.id)
        assert await sessions.person_of(tx, token) is None
        other = await sessions.start(tx, world.ids["Ann"], "web")
        await tx.conn.execute(text("UPDATE person SET active = false"))
        assert await sessions.person_of(tx, other) is None


async def test_a_new_chat_is_told_to_the_old_ones_and_not_to_itself(world: World) -> None:
    code = await issue(world)
    async with world.database.transaction() as tx:
        person = await linking.link_chat(tx, "telegram", "new-chat", code)
    assert person.id == world.ids["Ann"]
    told = [each for each in await world.deliver() if each.template == "link.new_channel"]
    assert [(each.address, each.params["kind"]) for each in told] == [("chat-Ann", "telegram")]


async def test_a_chat_that_is_somebody_elses_is_not_taken_away_and_the_code_still_works(world: World) -> None:
    code = await issue(world)
    with pytest.raises(Refused, match="chat_of_another"):
        async with world.database.transaction() as tx:
            await linking.link_chat(tx, "telegram", "chat-Ben", code)
    async with world.database.transaction() as tx:
        assert len(await channels.live(tx, world.ids["Ben"])) == 1
        assert (await linking.link_chat(tx, "telegram", "fresh", code)).name == "Ann"


async def test_linking_again_opens_a_chat_that_was_blocked(world: World) -> None:
    code = await issue(world)
    async with world.database.transaction() as tx:
        (way,) = await channels.live(tx, world.ids["Ann"])
        await channels.block(tx, way.id)
        await linking.link_chat(tx, "telegram", way.address, code)
        assert await channels.live(tx, world.ids["Ann"]) == (way,)


async def test_signing_in_opens_the_chat_page_and_is_told_to_what_the_person_had(world: World) -> None:
    code = await issue(world, purpose="sign_in")
    async with world.database.transaction() as tx:
        signed_in = await signing_in.sign_in(tx, code, "a browser")
        session = await sessions.person_of(tx, signed_in.token)
        kinds = {each.kind for each in await channels.live(tx, world.ids["Ann"])}
    assert session is not None and (session.kind, session.label) == ("web", "a browser")
    assert kinds == {"telegram", "webchat"}
    assert [each.template for each in await world.deliver()] == ["link.new_channel"]


async def test_guessing_codes_is_slowed_down_for_whoever_guesses_alone() -> None:
    hot = InProcessHot()
    for _ in range(linking.TRIES):
        await linking.throttle(hot, "chat 1")
    with pytest.raises(Refused, match="too_many_tries"):
        await linking.throttle(hot, "chat 1")
    await linking.throttle(hot, "chat 2")


async def test_an_invitation_leads_to_the_bot_where_its_name_is_known(world: World) -> None:
    async with world.database.transaction() as tx:
        before = await linking.invite(tx, None, world.ids["Ann"])
        await stamps.stamp(tx, linking.BOT_STAMP, {"username": "visits_bot"})
        after = await linking.invite(tx, None, world.ids["Ann"])
    assert before.telegram_link is None
    assert after.telegram_link == f"https://t.me/visits_bot?start={after.code}"
    assert after.web_link("https://d.example.org/") == f"https://d.example.org/in/{after.code}"


async def test_only_administrators_invite(world: World) -> None:
    with pytest.raises(Refused, match="administrators_only"):
        await world.do("Mia", linking.invite, world.ids["Ann"])
    await world.do("Adam", linking.invite, world.ids["Ann"])
