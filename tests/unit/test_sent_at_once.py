"""Two words of one visit in the same moment while an alert is open, one a voice note: neither waits in a circle."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import text

from bots.dialogue.incoming import Incoming
from bots.dialogue.router import handle
from safety_service.actions import alerts, words
from safety_service.actions.words import Word
from safety_service.store import kept_files, visits
from safety_service.store.database import Tx
from tests.world import World

_WAITING = text("SELECT count(*) FROM pg_locks WHERE NOT granted")


async def somebody_waits(tx: Tx) -> None:
    while not (await tx.conn.execute(_WAITING)).scalar():
        await asyncio.sleep(0.01)


async def voice_note(world: World) -> None:
    """Ann speaks into her telephone."""
    file = {"id": "f-1", "media_type": "audio/ogg", "size": 3, "seconds": 2}
    async with world.database.transaction() as tx:
        said = Incoming(
            person_id=world.ids["Ann"],
            channel="telegram",
            kind="voice",
            said_at=tx.now,
            provider_id="1",
            chat="chat-Ann",
            extra={"file": file},
        )
        await handle(tx, said)


@pytest.mark.parametrize("who", ["Ann", "Dev"])
async def test_a_voice_note_waits_for_the_visit_before_it_writes_what_a_text_of_the_same_visit_needs(
    world: World, who: str
) -> None:
    """Ann herself may type on her page, or on another telephone; Dev is on the visit with her."""
    if world.database.dialect != "postgresql":
        pytest.skip("only one transaction at a time writes here")
    joint = await world.plan("Ann", workers=(world.ids["Ann"], world.ids["Dev"]))
    for each in ("Ann", "Dev"):
        await world.do(each, words.begin, joint.id, Word())
    await world.do("Ann", words.sos, joint.id, Word())
    await world.do("Mia", alerts.take, (await world.alert()).id)
    world.clock.move(timedelta(seconds=20))
    async with world.database.transaction() as typing, asyncio.timeout(10):
        actor = await world.actor(typing, who)
        await visits.opened(typing, [joint.id], lock=True)
        spoken = asyncio.create_task(voice_note(world))
        await somebody_waits(typing)
        # The server looks for a deadlock after a second: within half of one, nothing was waited for.
        async with asyncio.timeout(0.5):
            await words.note(typing, actor, joint.id, Word(note="he is upstairs"))
    await spoken
    async with world.database.reading() as tx:
        assert [each.kind for each in await kept_files.of_visit(tx, joint.id)] == ["voice"]
