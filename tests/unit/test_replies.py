"""Answers by text message and by a phone's keys: kept before they are confirmed, acted on once, no stranger's."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import ClientSession
from sqlalchemy import select, update

from bots.dialogue.inbox import InboxWorker
from bots.dialogue.router import handle
from safety_service import api
from safety_service.actions import alerts, exclusions, people
from safety_service.actions.taking import link_for
from safety_service.api.replies import MOST, read
from safety_service.domain.words import Found, KnownBy, State
from safety_service.guesses import WRONG
from safety_service.store import channels
from safety_service.store.tables.alerts import alert
from safety_service.store.tables.chat import inbox
from tests.http import application, browsing, serving
from tests.talk import Talk
from tests.world import World

SECRET = "a-hidden-part-of-the-address"
DEV = "+447700900003"
MIA = "+447700900002"


class Provider:
    """What stands between our address and people's phones."""

    def __init__(self, world: World, session: ClientSession) -> None:
        self.world, self._session = world, session
        self._brought = 0

    async def brings(self, fields: dict[str, object], *, secret: str = SECRET, act: bool = True) -> int:
        """Bring an answer; then it is acted on, unless `act` is false."""
        self._brought += 1
        body = {"id": f"m{self._brought}", **fields}
        async with self._session.post(f"/replies/{secret}", json=body) as answer:
            status = answer.status
        if act:
            await InboxWorker(self.world.database, handle).drain()
        return status

    async def pairs_with(self, code: str) -> int:
        """A phone behind the same proxy tries a code; gives the status."""
        async with self._session.post("/api/v1/pair", json={"code": code}) as answer:
            return answer.status

    async def texts(self, number: str, text: str) -> str:
        """A text message comes in; gives what it is answered with."""
        talk = Talk(self.world, "sms")
        who = next(name for name, each in {"Dev": DEV, "Mia": MIA}.items() if each == number)
        before = len(await talk.screen(who))
        assert await self.brings({"from": number, "text": text}) == 204
        return "\n".join(each.text for each in (await talk.screen(who))[before:])


@asynccontextmanager
async def provider_of(world: World) -> AsyncIterator[Provider]:
    app = application(world, api, replies_secret=SECRET)
    async with serving(app) as base, browsing(base) as session:
        yield Provider(world, session)


@pytest.fixture
async def provider(world: World) -> AsyncIterator[Provider]:
    """Ann did not say OK; Mia and Dev have been told, and have phones."""
    async with world.database.transaction() as tx:
        await channels.link(tx, world.ids["Dev"], "sms", DEV)
        await channels.link(tx, world.ids["Dev"], "voice", DEV)
        await channels.link(tx, world.ids["Mia"], "sms", MIA)
    await world.inside(address="1 Elm Row")
    await world.later(76)
    async with provider_of(world) as made:
        yield made


async def number_for(world: World, who: str) -> str:
    async with world.database.transaction() as tx:
        return (await link_for(tx, (await world.alert()).id, world.ids[who])).reply


async def state(world: World) -> tuple[State, str]:
    alert = (await world.alert()).alert
    return alert.state, world.name(alert.owner_id)


async def test_the_number_of_the_alarm_sent_back_takes_it(world: World, provider: Provider) -> None:
    text = await provider.texts(DEV, f"Yes {await number_for(world, 'Dev')} on my way")
    assert await state(world) == (State.TAKEN, "Dev")
    assert "You have alarm 1" in text and "07700 900000" in text and "/take/" in text and "Elm Row" not in text


async def test_a_number_typed_in_another_way_is_the_same_phone(world: World, provider: Provider) -> None:
    assert await provider.brings({"From": "07700 900003", "Body": await number_for(world, "Dev")}) == 204
    assert await state(world) == (State.TAKEN, "Dev")


async def test_the_second_yes_hears_who_has_it_and_may_take_over(world: World, provider: Provider) -> None:
    await provider.texts(DEV, await number_for(world, "Dev"))
    number = await number_for(world, "Mia")
    text = await provider.texts(MIA, number)
    assert f"Dev has it. To take it over, send back: over {number}" in text
    assert await state(world) == (State.TAKEN, "Dev")
    await provider.texts(MIA, f"Over {number}")
    assert await state(world) == (State.TAKEN, "Mia")


async def test_yes_alone_or_the_alarms_own_number_takes_nothing(world: World, provider: Provider) -> None:
    """Whoever can forge a sender knows a phone's number, and may have read the alarm's: that is not enough."""
    for text in ("yes", "taken", "1", "I have it", "alarm 1"):
        assert "send back the number" in await provider.texts(DEV, text)
    assert await state(world) == (State.OPEN, "nobody")


async def test_a_forged_text_of_many_numbers_takes_nothing(world: World, provider: Provider) -> None:
    """Whoever can forge a sender could send every number that there may be, many in each message."""
    number = await number_for(world, "Dev")
    rest = [f"{(int(number) + each) % 10 ** len(number):0{len(number)}}" for each in range(1, 60)]
    assert "send back the number" in await provider.texts(DEV, " ".join([*rest, number]))
    assert "send back the number" in await provider.texts(DEV, " ".join([number, *rest]))
    assert await state(world) == (State.OPEN, "nobody")
    assert len(number) >= len(str((await world.alert()).alert.number)) + 4, "one guess in ten thousand"


async def test_anothers_number_takes_nothing_from_this_phone(world: World, provider: Provider) -> None:
    assert "send back the number" in await provider.texts(MIA, await number_for(world, "Dev"))
    assert await state(world) == (State.OPEN, "nobody")


async def test_news_by_text_message(world: World, provider: Provider) -> None:
    await provider.texts(DEV, await number_for(world, "Dev"))
    await world.later(3)
    assert "Noted, and told" in await provider.texts(DEV, "still trying")
    assert "Noted, and told" in await provider.texts(DEV, "rung 999")
    alert = (await world.alert()).alert
    assert alert.next_at == world.now + alert.ladder.news_within
    await world.deliver()
    told = [each.template for each in world.told("Mia", "alert.news")]
    assert told == ["alert.news_still_trying", "alert.news_police_rung"]


async def test_a_closed_alarm_stays_closed(world: World, provider: Provider) -> None:
    number = await number_for(world, "Dev")
    await world.do("Mia", alerts.resolve, (await world.alert()).id, Found.SAFE, KnownBy.SEEN)
    assert "closed already" in await provider.texts(DEV, number)
    assert (await world.alert()).alert.state is State.RESOLVED


async def test_the_key_1_takes_the_one_alarm_that_somebody_was_called_about(world: World, provider: Provider) -> None:
    await number_for(world, "Dev")
    assert await provider.brings({"From": "+441632960000", "To": DEV, "CallSid": "c1", "Digits": "1"}) == 204
    assert await state(world) == (State.TAKEN, "Dev")


async def test_with_two_alarms_the_key_1_takes_neither(world: World, provider: Provider) -> None:
    await number_for(world, "Dev")
    await world.inside("Ben", ref="F-2")
    await world.later(61 + 15)
    open_ones = await world.alerts()
    assert len(open_ones) == 2
    async with world.database.transaction() as tx:
        for each in open_ones:
            await link_for(tx, each.id, world.ids["Dev"])
    await provider.brings({"To": DEV, "CallSid": "c1", "Digits": "1"})
    assert {each.alert.owner_id for each in await world.alerts()} == {None}


async def test_the_same_answer_delivered_twice_is_acted_on_once(world: World, provider: Provider) -> None:
    number = await number_for(world, "Dev")
    for _ in range(3):
        assert await provider.brings({"from": DEV, "text": number, "id": "the-same"}) == 204
    for _ in range(2):
        await provider.brings({"from": MIA, "text": "hello", "id": ""})
    async with world.database.reading() as tx:
        kept = (await tx.conn.execute(select(inbox.c.state).where(inbox.c.channel == "sms"))).scalars().all()
    assert kept == ["handled", "handled"]


async def test_an_answer_is_kept_before_it_is_confirmed(world: World, provider: Provider) -> None:
    """P6: nobody acts on it yet, as when the process dies here; it is there, and acted on afterwards."""
    number = await number_for(world, "Dev")
    assert await provider.brings({"from": DEV, "text": number}, act=False) == 204
    assert await state(world) == (State.OPEN, "nobody")
    await InboxWorker(world.database, handle).drain()
    assert await state(world) == (State.TAKEN, "Dev")


async def test_a_strangers_phone_is_not_answered_and_nothing_of_it_is_kept(
    world: World, provider: Provider, caplog: pytest.LogCaptureFixture
) -> None:
    number = await number_for(world, "Dev")
    with caplog.at_level(logging.WARNING):
        assert await provider.brings({"from": "+447700900999", "text": number}) == 204
    assert "nobody's here" in caplog.text and "900999" not in caplog.text and number not in caplog.text
    async with world.database.reading() as tx:
        assert (await tx.conn.execute(select(inbox))).first() is None
    assert await state(world) == (State.OPEN, "nobody")


async def test_whoever_does_not_know_the_address_finds_nothing(world: World, provider: Provider) -> None:
    number = await number_for(world, "Dev")
    assert await provider.brings({"from": DEV, "text": number}, secret="guessed") == 404
    assert await state(world) == (State.OPEN, "nobody")
    for _ in range(WRONG):
        await provider.brings({"from": DEV, "text": number}, secret="guessed")
    assert await provider.brings({"from": DEV, "text": number}) == 204, "nobody else's guesses keep answers away"
    assert await provider.pairs_with("wrong") == 403, "nor codes, from whoever shares their address"


async def test_without_the_setting_there_is_no_such_address(world: World) -> None:
    body = {"from": DEV, "text": "1"}
    async with (
        serving(application(world, api)) as base,
        browsing(base) as session,
        session.post("/replies/None", json=body) as answer,
    ):
        assert answer.status == 404


async def test_what_is_no_answer_is_refused(provider: Provider) -> None:
    assert await provider.brings({"from": DEV}) == 400
    assert await provider.brings({"text": "12"}) == 400


async def test_a_phone_that_never_stops_is_not_heard_any_more(world: World, provider: Provider) -> None:
    for _ in range(MOST):
        await provider.brings({"from": DEV, "text": "hello"}, act=False)
    assert await provider.brings({"from": DEV, "text": await number_for(world, "Dev")}) == 204
    assert await state(world) == (State.OPEN, "nobody")


async def test_who_is_kept_off_or_has_left_takes_nothing(world: World, provider: Provider) -> None:
    number = await number_for(world, "Dev")
    await world.do("Adam", exclusions.add, world.ids["Dev"], worker_id=world.ids["Ann"], reason="former partner")
    text = await provider.texts(DEV, number)
    assert "send back the number" in text and "Ann" not in text
    async with world.database.transaction() as tx:
        await people.deactivate(tx, None, world.ids["Dev"])
    assert await provider.brings({"from": DEV, "text": number}) == 204
    assert await state(world) == (State.OPEN, "nobody")


@pytest.mark.parametrize(
    ("fields", "kind", "numbers", "text"),
    [
        ({"From": "+44", "Body": "47382", "MessageSid": "SM1"}, "sms", ("+44",), "47382"),
        ({"msisdn": "447", "text": "x", "messageId": "1"}, "sms", ("447",), "x"),
        ({"originator": "447", "content": "x"}, "sms", ("447",), "x"),
        ({"from": "us", "to": "447", "dtmf": {"digits": "1"}, "uuid": "u"}, "voice", ("447", "us"), "1"),
        ({"From": "us", "To": "447", "Digits": "47382", "CallSid": "CA1"}, "voice", ("447", "us"), "47382"),
        ({"from": 447700900003, "message": "x"}, "sms", ("447700900003",), "x"),
    ],
)
def test_the_names_of_the_common_providers(
    fields: dict[str, object], kind: str, numbers: tuple[str, ...], text: str
) -> None:
    reply = read(fields)
    assert reply is not None
    assert (reply.kind, reply.numbers, reply.text) == (kind, numbers, text)


async def test_about_duress_nobody_is_given_a_number_to_ring(world: World, provider: Provider) -> None:
    """P5: their phone must not ring."""
    number = await number_for(world, "Dev")
    async with world.database.transaction() as tx:
        hushed = {"kind": "duress", "open_key": "hushed"}
        await tx.conn.execute(update(alert).where(alert.c.id == (await world.alert()).id).values(hushed))
    text = await provider.texts(DEV, number)
    assert await state(world) == (State.TAKEN, "Dev")
    assert text.startswith("Do not ring or text Ann.") and "07700 900000" not in text
