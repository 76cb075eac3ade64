"""What colleagues say about a debrief; rows are only added. They are read by `debrief_log.comments_of`."""

from uuid import UUID

from sqlalchemy import insert

from safety_service.store.database import Tx
from safety_service.store.ids import new_id
from safety_service.store.tables.learning import debrief_comment


async def add(tx: Tx, debrief_id: UUID, by: UUID, text: str) -> UUID:
    """Add a comment; its id."""
    comment_id = new_id()
    await tx.conn.execute(
        insert(debrief_comment).values(id=comment_id, debrief_id=debrief_id, by=by, at=tx.now, text=text)
    )
    return comment_id
