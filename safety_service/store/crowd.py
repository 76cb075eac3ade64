"""How many connections PostgreSQL has in use, of all that it allows."""

from sqlalchemy import text

from safety_service.store.database import Tx

#: What whoever may look at nothing else may see, too. Some places are kept for its administrators.
_COUNTS = text(
    "SELECT (SELECT sum(numbackends) FROM pg_stat_database), current_setting('max_connections')::int"
    " - current_setting('superuser_reserved_connections')::int"
)


async def is_full(tx: Tx) -> bool:
    """Whether nobody else could connect now. Never on SQLite."""
    if tx.dialect == "sqlite":
        return False
    used, allowed = (await tx.conn.execute(_COUNTS)).one()
    return bool(used >= allowed)
