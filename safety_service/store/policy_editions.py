"""Editions of the policy, the old ones too: who put each in force and why, and its text."""

from sqlalchemy import select

from safety_service.store.database import Tx
from safety_service.store.policies import Edition
from safety_service.store.tables.system import policy_edition

_COLUMNS = tuple(policy_edition.c[name] for name in ("number", "applied_at", "applied_by", "why"))


async def listed(tx: Tx, limit: int, before: int | None = None) -> list[Edition]:
    """Editions, the newest first; `before`: older than this one."""
    query = select(*_COLUMNS).order_by(policy_edition.c.number.desc()).limit(limit)
    if before is not None:
        query = query.where(policy_edition.c.number < before)
    return [Edition(*row) for row in await tx.conn.execute(query)]


async def text_of(tx: Tx, number: int) -> str | None:
    """The text of one, as it was given; None: there is no such edition."""
    query = select(policy_edition.c.text).where(policy_edition.c.number == number)
    text: str | None = (await tx.conn.execute(query)).scalar_one_or_none()
    return text
