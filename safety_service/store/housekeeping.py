"""Removing what has served its time and is no evidence of anything."""

from datetime import timedelta

from sqlalchemy import delete, or_

from safety_service.store.database import Tx
from safety_service.store.saved_filters import NOW
from safety_service.store.tables.alerts import alert_link
from safety_service.store.tables.chat import draft
from safety_service.store.tables.people import code, saved_filter, session
from safety_service.store.tables.system import answered

#: An expired or used code still says that it was one, for a while.
CODES = timedelta(days=7)
SESSIONS = timedelta(days=30)
#: A half-filled form that nobody came back to.
DRAFTS = timedelta(days=90)
#: A request that is sent again after this is a new one.
ANSWERS = timedelta(days=2)
#: What somebody looked for once; it opens nothing any more long before.
LOOKED_FOR = timedelta(days=1)


async def tidy(tx: Tx) -> dict[str, int]:
    """Remove old codes, links of alarms, sessions, drafts, searches and remembered answers; how many of each."""
    ended = or_(session.c.ended_at < tx.now - SESSIONS, session.c.expires_at < tx.now - SESSIONS)
    typed = saved_filter.c.page.endswith(NOW), saved_filter.c.created_at < tx.now - LOOKED_FOR
    old = {
        "codes": delete(code).where(code.c.expires_at < tx.now - CODES),
        "links": delete(alert_link).where(alert_link.c.expires_at < tx.now - CODES),
        "sessions": delete(session).where(ended),
        "drafts": delete(draft).where(draft.c.updated_at < tx.now - DRAFTS),
        "searches": delete(saved_filter).where(*typed),
        "answers": delete(answered).where(answered.c.at < tx.now - ANSWERS),
    }
    return {name: (await tx.conn.execute(statement)).rowcount for name, statement in old.items()}
