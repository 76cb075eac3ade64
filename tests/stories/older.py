"""A database as an earlier version left it: at that step of the schema, with the rows of another."""

from typing import Any

from alembic import command
from sqlalchemy import Connection, MetaData, Table, delete, insert, inspect, select, text

from safety_service.store import schema
from safety_service.store.engines import open_for_upgrade

#: No step, but Alembic's note of it.
_NOT_OURS = "alembic_version"


async def as_of(revision: str, source: str, target: str) -> None:
    """Fill the empty database `target` with what is in `source`, as far as it was known at that step."""
    reading = open_for_upgrade(source)
    async with reading.connect() as connection:
        rows = await connection.run_sync(_rows)
    await reading.dispose()
    writing = open_for_upgrade(target)
    async with writing.begin() as connection:
        await connection.run_sync(_filled, revision, rows)
    await writing.dispose()


def _rows(connection: Connection) -> dict[str, list[dict[str, Any]]]:
    return {
        table.name: [dict(row._mapping) for row in connection.execute(select(table))]
        for table in _tables(connection)
        if table.name != _NOT_OURS
    }


def _tables(connection: Connection) -> list[Table]:
    known = MetaData()
    known.reflect(connection)
    return list(known.tables.values())


def _filled(connection: Connection, revision: str, rows: dict[str, list[dict[str, Any]]]) -> None:
    config = schema.config()
    config.attributes["connection"] = connection
    command.upgrade(config, revision)
    if connection.dialect.name == "postgresql":
        # In whatever order, as a copy of the whole would be.
        connection.execute(text("SET LOCAL session_replication_role = replica"))
    for table in _tables(connection):
        known = {each["name"] for each in inspect(connection).get_columns(table.name)}
        kept = [{name: value for name, value in row.items() if name in known} for row in rows.get(table.name, ())]
        if kept:
            connection.execute(insert(table), kept)
    # Which keys sealed anything was not noted then.
    secret = Table("secret", MetaData(), autoload_with=connection)
    connection.execute(delete(secret).where(secret.c.name != "index"))
