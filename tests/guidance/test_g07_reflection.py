"""G7: looking back is private to the worker and the supervisor; a safety fact can be moved out; nobody is called
resistant before all of it was weighed."""

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select

from safety_service.actions import debrief_log, debriefs
from safety_service.actions.errors import NotFound
from safety_service.store import people, risk_facts
from safety_service.store.debriefs import Debrief
from safety_service.store.tables.alerts import outbox
from safety_service.store.tables.system import event_log
from safety_service.store.visits import VisitRow
from tests.guidance.telling import CHILD, HARD, debrief_of, facts_of, gives, out
from tests.world import World

PRIVATE: dict[str, Any] = {
    "reflect": ["avoided"],
    "reflect_avoided": "I let it go when he raised his voice",
    "feeling": "Shaken",
    "back": "with_someone",
}
WEIGHED = ["challenge", "understood", "tested", "our_part"]


async def supervised(world: World, by: str = "Mia") -> None:
    async with world.database.transaction() as tx:
        ann = await people.get(tx, world.ids["Ann"])
        await people.save(tx, replace(ann, supervisor_id=world.ids[by]))


async def given(world: World, **more: Any) -> tuple[VisitRow, Debrief]:
    visit = await out(world)
    return visit, await gives(world, visit, {**HARD, **CHILD, **PRIVATE, **more})


async def test_part_e_is_kept_apart_and_read_by_the_worker_and_the_supervisor_only(world: World) -> None:
    await supervised(world)
    _, row = await given(world)
    assert not row.answers.keys() & PRIVATE.keys()
    for who in ("Ann", "Mia"):
        assert (await world.do(who, debrief_log.read, row.id)).private == PRIVATE
    for who in ("Dev", "Rita"):
        reading = await world.do(who, debrief_log.read, row.id)
        assert reading.private is None and not reading.answers.keys() & PRIVATE.keys()
    for who in ("Ben", "Adam"):
        with pytest.raises(NotFound):
            await world.do(who, debrief_log.read, row.id)


async def test_while_it_is_a_draft_part_e_is_nobody_elses_not_even_the_supervisors(world: World) -> None:
    await supervised(world)
    visit = await out(world)
    row = await debrief_of(world, visit)
    await world.do("Ann", debriefs.answer, row.id, {**HARD, **PRIVATE})
    with pytest.raises(NotFound):
        await world.do("Mia", debrief_log.read, row.id)
    await world.do("Ann", debriefs.give_first_part, row.id)
    assert (await world.do("Mia", debrief_log.read, row.id)).private is None


async def test_a_fact_that_others_need_moves_out_by_the_workers_own_choice(world: World) -> None:
    visit, row = await given(world, fact="The brother keeps a crossbow in the hall")
    async with world.database.reading() as tx:
        (moved,) = [each for each in await risk_facts.of_family(tx, visit.family_id) if each.kind == "other"]
    assert (moved.says, moved.debrief_id) == ("The brother keeps a crossbow in the hall", row.id)


async def test_resistant_is_recorded_only_when_all_was_weighed_and_their_side_is_written_down(world: World) -> None:
    await given(world, resistant=WEIGHED[:3], account="We never asked for you")
    assert "resistant" not in await facts_of(world)
    await given(world, resistant=WEIGHED)
    assert "resistant" not in await facts_of(world), "their disagreement is not written down"
    await given(world, resistant=WEIGHED, account="We never asked for you")
    assert "resistant" in await facts_of(world)


async def test_the_evidence_log_says_that_something_was_answered_and_nothing_of_part_e(world: World) -> None:
    await given(world, fact="The brother keeps a crossbow in the hall")
    async with world.database.reading() as tx:
        entries = (await tx.conn.execute(select(event_log))).all()
    text = " ".join(str(each.details) for each in entries)
    assert any(each.verb == "debrief_answered" and "seen" in each.details["keys"] for each in entries)
    for word in ("Shaken", "raised his voice", "crossbow", "feeling", "reflect"):
        assert word not in text


async def test_no_message_to_anybody_carries_part_e(world: World) -> None:
    await supervised(world)
    await given(world, support=["talk"])
    async with world.database.reading() as tx:
        sent = (await tx.conn.execute(select(outbox))).all()
    assert any(each.template == "debrief.talk" for each in sent), "the wish to talk itself is told"
    text = " ".join(str(each.params) for each in sent)
    assert "Shaken" not in text and "raised his voice" not in text
