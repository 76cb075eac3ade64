"""Deactivating somebody, and the card by which they are found: what they own lapses, and no watch ends silently."""

from uuid import uuid4

import pytest
from sqlalchemy import select

from safety_service.actions import alerts, people, refusals
from safety_service.actions.errors import NotFound
from safety_service.domain.alert import Doing
from safety_service.domain.refusal import Refused
from safety_service.domain.words import Kind, Phase
from safety_service.store import channels, codes, events, rota, sessions
from safety_service.store import people as rows
from safety_service.store.database import Database, Tx
from safety_service.store.tables.system import event_log
from tests.world import World, build


@pytest.fixture
async def world(database: Database) -> World:
    return await build(database)


async def deactivate(world: World, who: str) -> None:
    async with world.database.transaction() as tx:
        await people.deactivate(tx, None, world.ids[who])


async def test_who_is_deactivated_has_no_channel_no_session_and_no_code(world: World) -> None:
    async with world.database.transaction() as tx:
        code = await codes.issue(tx, "link", world.ids["Ann"], None)
        token = await sessions.start(tx, world.ids["Ann"], "web")
    await deactivate(world, "Ann")
    async with world.database.transaction() as tx:
        assert await channels.live(tx, world.ids["Ann"]) == ()
        assert await sessions.person_of(tx, token) is None
        with pytest.raises(Refused, match="code_expired"):
            await codes.use(tx, "link", code)
        with pytest.raises(Refused, match="deactivated"):
            await people.deactivate(tx, None, world.ids["Ann"])
        with pytest.raises(NotFound):
            await people.deactivate(tx, None, uuid4())


async def test_a_lost_phone_speaks_for_nobody_and_neither_watch_nor_duty_ends(world: World) -> None:
    row = await world.inside()
    async with world.database.transaction() as tx:
        token = await sessions.start(tx, world.ids["Ann"], "web")
    await world.do("Ann", people.unlink, world.ids["Ann"])
    await world.do("Adam", people.unlink, world.ids["Mia"])
    with pytest.raises(Refused, match="administrators_only"):
        await world.do("Mia", people.unlink, world.ids["Ann"])
    async with world.database.reading() as tx:
        assert await channels.live_many(tx, [world.ids["Ann"], world.ids["Mia"]]) == {}
        assert await sessions.person_of(tx, token) is None
        assert (await rows.get(tx, world.ids["Ann"])).active
        assert world.ids["Mia"] in (await rota.on_duty(tx, world.team_id, world.now))["manager_on_duty"]
    assert (await world.visit(row.id)).visit.watches[0].next_at is not None
    assert (await world.alert()).alert.kind is Kind.UNDELIVERABLE


async def test_a_deactivated_workers_watch_goes_on_and_the_managers_hear(world: World) -> None:
    row = await world.inside()
    await deactivate(world, "Ann")
    (watch,) = (await world.visit(row.id)).visit.watches
    assert watch.phase is Phase.INSIDE and watch.next_at is not None
    assert (await world.alert()).alert.kind is Kind.UNDELIVERABLE


async def test_what_a_deactivated_manager_owns_lapses(world: World) -> None:
    await world.inside()
    await world.later(130)
    opened = await world.alert()
    await world.do("Mia", alerts.take, opened.id)
    await deactivate(world, "Mia")
    after = (await world.alert()).alert
    assert after.doing is Doing.REPLY and after.next_at is not None and after.next_at <= world.now + after.ladder.reply


async def test_only_administrators_deactivate(world: World) -> None:
    with pytest.raises(Refused, match="administrators_only"):
        await world.do("Mia", people.deactivate, world.ids["Ann"])
    await world.do("Adam", people.deactivate, world.ids["Ann"])


async def test_everybody_gives_their_own_card(world: World) -> None:
    card = {"car": " blue Fiesta ", "registration": "AB12 CDE", "medical": "", "next_of_kin": "Sam, 07700 900199"}
    await world.do("Ann", people.set_responder, card)
    async with world.database.reading() as tx:
        kept = (await rows.get(tx, world.ids["Ann"])).responder
    assert kept == {"car": "blue Fiesta", "registration": "AB12 CDE", "next_of_kin": "Sam, 07700 900199"}
    assert (await world.do("Ann", people.set_responder, {})).responder is None


async def test_a_card_has_its_fields_and_no_novels(world: World) -> None:
    with pytest.raises(Refused, match="card_unknown"):
        await world.do("Ann", people.set_responder, {"shoe_size": "8"})
    with pytest.raises(Refused, match="card_too_long"):
        await world.do("Ann", people.set_responder, {"medical": "x" * 501})


async def test_a_refusal_is_undone_kept_and_raised(world: World) -> None:
    async def half_done(tx: Tx, actor: object) -> None:
        await rows.add(tx, world.agency_id, "Half")
        raise Refused("managers_only")

    async def hidden(tx: Tx, actor: object) -> None:
        raise NotFound

    subject = uuid4()
    for action, error in ((half_done, Refused), (hidden, NotFound)):
        with pytest.raises(error):
            await refusals.acting(
                world.database, world.ids["Ann"], "api", "decide", action, subject="visit", subject_id=subject
            )
    async with world.database.reading() as tx:
        assert await rows.find(tx, world.agency_id, "Half") == []
        query = select(event_log).where(event_log.c.verb == "refused").order_by(event_log.c.id)
        kept = (await tx.conn.execute(query)).all()
    assert [(each.actor_id, each.subject_id, each.details["reason"]) for each in kept] == [
        (world.ids["Ann"], subject, "managers_only"),
        (world.ids["Ann"], subject, "not_found"),
    ]


async def test_what_is_allowed_is_kept_and_answered(world: World) -> None:
    async def noted(tx: Tx, actor: object) -> str:
        await events.log(tx, actor_id=None, agency_id=world.agency_id, verb="x", subject="y")
        return "done"

    assert await refusals.acting(world.database, world.ids["Ann"], "api", "x", noted, subject="y") == "done"
    async with world.database.reading() as tx:
        assert (await tx.conn.execute(select(event_log.c.id).where(event_log.c.verb == "x"))).first() is not None
