"""Whether what was sealed last can be opened: a key that is missing shows in the rows that it sealed."""

from sqlalchemy import Column, LargeBinary, Table, select, type_coerce

from safety_service.store import sealing
from safety_service.store.database import Tx
from safety_service.store.errors import KeysDoNotOpen
from safety_service.store.tables import metadata
from safety_service.store.types import REMOVED, Sealed, SealedBytes, SealedJson


async def unopened(tx: Tx) -> list[str]:
    """The tables whose newest row no key opens."""
    return [table.name for table in metadata.sorted_tables if not await _opens(tx, table)]


async def _opens(tx: Tx, table: Table) -> bool:
    for column in table.columns:
        if isinstance(column.type, Sealed | SealedJson | SealedBytes) and not await _column_opens(tx, table, column):
            return False
    return True


async def _column_opens(tx: Tx, table: Table, column: Column[bytes]) -> bool:
    """Ids grow with time: the greatest is the newest."""
    newest = [key.desc() for key in table.primary_key.columns]
    query = select(type_coerce(column, LargeBinary)).where(column.is_not(None)).order_by(*newest).limit(1)
    raw = (await tx.conn.execute(query)).scalar()
    if raw is None or bytes(raw) == REMOVED:
        return True
    try:
        sealing.ring().open(bytes(raw))
    except KeysDoNotOpen:
        return False
    return True
