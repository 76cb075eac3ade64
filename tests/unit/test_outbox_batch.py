"""What becomes of many messages at once is written down at once."""

from uuid import UUID

from sqlalchemy import select

from safety_service.actions import delivering
from safety_service.actions.telling import Priority, tell
from safety_service.store import outbox
from safety_service.store.database import Tx
from safety_service.store.tables.alerts import outbox as table
from tests.world import MINUTE, World


async def delivered(tx: Tx, message_id: UUID) -> tuple[str, bool]:
    """The state of a message, and whether its person was reached."""
    row = (await tx.conn.execute(select(table).where(table.c.id == message_id))).one()
    return row.state, row.reached_at is not None


async def test_messages_that_are_taken_in_the_same_moment_are_written_down_together(world: World) -> None:
    async with world.database.transaction() as tx:
        everybody = [world.ids[name] for name in ("Mia", "Dev", "Ann")]
        await tell(tx, everybody, "duty.ended", {}, priority=Priority.NEWS)
        taken = await outbox.lease(tx, ["telegram"], 10, "test", MINUTE, most=9)
        assert len(taken) == 3
        await delivering.sent(tx, [(each, f"there-{each.id}") for each in taken])
    async with world.database.transaction() as tx:
        assert await outbox.lease(tx, ["telegram"], 10, "test", MINUTE, most=9) == []
        assert {(await delivered(tx, each.id)) for each in taken} == {("sent", True)}
