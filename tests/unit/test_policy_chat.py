"""A second administrator answers in the chat to what waits for them."""

from __future__ import annotations

from sqlalchemy import update

from safety_service.actions import policies
from safety_service.domain.words import Role
from safety_service.store import channels, people
from safety_service.store.tables.system import policy_offer
from tests.talk import Talk
from tests.world import World


async def test_what_this_code_takes_no_more_is_refused_in_words(world: World) -> None:
    async with world.database.transaction() as tx:
        eve = await people.add(tx, world.agency_id, "Eve", email="eve@example.org")
        await people.set_roles(tx, eve.id, world.team_id, frozenset({Role.ADMINISTRATOR}))
        await channels.link(tx, eve.id, "telegram", "chat-Eve")
    world.ids["Eve"] = eve.id
    async with world.database.transaction() as tx:
        adam = await world.actor(tx, "Adam")
        await policies.apply(tx, adam, '[risk.high]\ngrace = "6m"\n', who="Adam", why="too many alarms")
        await tx.conn.execute(update(policy_offer).values(text="[risk.high]\nof_older_code = 1\n"))
    talk = Talk(world)
    (asked,) = [each for each in await talk.screen("Eve") if each.template == "policy.offered"]
    (answer,) = await talk.presses("Eve", "Agree", of=asked)
    assert answer.template == "refused.policy_offer_gone"
