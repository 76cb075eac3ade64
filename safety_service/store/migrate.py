"""Bringing a database up to date: every step in one transaction, one process at a time."""

from pathlib import Path

from alembic import command
from sqlalchemy import Connection, func, insert, inspect, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from config.guidance import parse_guidance
from config.policy import parse_policy
from safety_service.store import key_notes, schema, sealing
from safety_service.store.clock import DatabaseClock
from safety_service.store.engines import connected, driver_url, open_for_upgrade
from safety_service.store.errors import CopyFailed
from safety_service.store.tables.learning import guidance_edition
from safety_service.store.tables.system import policy_edition, secret

#: An advisory lock's number in PostgreSQL, the same in every process of every version.
UPGRADING = 0x_D005_57E9
#: Where PostgreSQL keeps the old tables while a copy is put back.
ASIDE = "doorstep_before_restore"
_INTERRUPTED = "a restore was interrupted here: run `doorstep restore` again, which takes back what was there"


async def upgrade(url: str, first_policy: str = "", first_guidance: str = "") -> None:
    """Bring the database to this code's schema; a new one gets its index key and these (TOML) as its first editions.

    Does nothing when all is there. Raises SchemaIsNewer, KeysDoNotOpen, PolicyError, GuidanceError, DatabaseAway,
    TryAgain, CopyFailed (a restore was interrupted); then nothing was changed.
    """
    parse_policy(first_policy)
    parse_guidance(first_guidance)
    _make_folder(url)
    engine = open_for_upgrade(url)
    try:
        async with connected(engine) as connection, connection.begin():
            await _wait_for_others(connection)
            await bring_up(connection, first_policy, first_guidance)
    finally:
        await engine.dispose()


async def bring_up(connection: AsyncConnection, first_policy: str = "", first_guidance: str = "") -> None:
    """The steps themselves, within the caller's transaction, which nobody else is in. Raises as `upgrade` does."""
    if connection.dialect.name == "postgresql":
        # A step may think for long between two statements.
        await connection.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))
    await connection.run_sync(_upgrade)
    await _first_policy(connection, first_policy)
    await _first_guidance(connection, first_guidance)


async def is_current(url: str) -> bool:
    """Whether the database has this code's schema. Raises SchemaIsNewer, DatabaseAway."""
    engine = open_for_upgrade(url)
    try:
        async with connected(engine) as connection:
            return await connection.run_sync(schema.revision) == schema.head()
    finally:
        await engine.dispose()


async def is_there(url: str) -> bool:
    """Whether something is sealed in the database already. Makes nothing. Raises DatabaseAway, TryAgain."""
    if not _may_be_there(url):
        return False
    engine = open_for_upgrade(url)
    try:
        async with connected(engine) as connection:
            return await connection.run_sync(lambda opened: inspect(opened).has_table(secret.name))
    finally:
        await engine.dispose()


def _may_be_there(url: str) -> bool:
    address = driver_url(url)
    return address.get_backend_name() != "sqlite" or Path(address.database or "").is_file()


def _make_folder(url: str) -> None:
    address = driver_url(url)
    if address.get_backend_name() == "sqlite" and address.database:
        Path(address.database).parent.mkdir(mode=0o700, parents=True, exist_ok=True)


async def _wait_for_others(connection: AsyncConnection) -> None:
    if connection.dialect.name == "sqlite":
        return  # BEGIN IMMEDIATE waited already
    await connection.execute(text("SET LOCAL statement_timeout = 0"))
    await connection.execute(text("SET LOCAL lock_timeout = 0"))
    await connection.execute(select(func.pg_advisory_xact_lock(UPGRADING)))
    # A step that cannot have a table for itself gives up: all others would queue behind it.
    await connection.execute(text("SET LOCAL lock_timeout = '8s'"))


def _upgrade(connection: Connection) -> None:
    at = schema.revision(connection)
    if at is not None:
        connection.execute(select(secret.c.value)).all()  # opens them: with wrong keys nothing is touched
        key_notes.follow(connection)
    elif ASIDE in inspect(connection).get_schema_names():
        # An empty database would be made beside the people whom nobody then watches.
        raise CopyFailed(_INTERRUPTED)
    if at != schema.head():
        config = schema.config()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
    if connection.dialect.name == "sqlite" and connection.exec_driver_sql("PRAGMA foreign_key_check").first():
        raise RuntimeError("after the upgrade a row would refer to another that is gone: nothing was changed")
    if not connection.execute(select(secret.c.name).where(secret.c.name == "index")).first():
        connection.execute(insert(secret).values(name="index", value=sealing.new_index_key()))
    key_notes.note(connection)


async def _first_policy(connection: AsyncConnection, policy: str) -> None:
    if (await connection.execute(select(policy_edition.c.number).limit(1))).first():
        return
    now = await DatabaseClock().now(connection)
    first = {"number": 1, "text": policy, "applied_at": now, "applied_by": "doorstep migrate", "why": "first edition"}
    await connection.execute(insert(policy_edition).values(first))


async def _first_guidance(connection: AsyncConnection, guidance: str) -> None:
    if not guidance or (await connection.execute(select(guidance_edition.c.number).limit(1))).first():
        return
    first = {
        "number": 1,
        "text": guidance,
        "whole": parse_guidance(guidance).model_dump_json(),
        "applied_at": await DatabaseClock().now(connection),
        "applied_by": "doorstep migrate",
        "why": "first edition",
    }
    await connection.execute(insert(guidance_edition).values(first))
