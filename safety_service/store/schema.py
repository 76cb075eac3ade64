"""Which schema this code is written for, and which one a database has."""

from functools import cache
from pathlib import Path

from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from safety_service.store.errors import SchemaIsNewer, SchemaIsOlder


@cache
def steps() -> ScriptDirectory:
    """All steps that this code knows."""
    return ScriptDirectory.from_config(config())


def config() -> Config:
    """Alembic's configuration: there is no file, only the steps beside this one."""
    made = Config()
    made.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    return made


def head() -> str:
    """The newest step that this code knows."""
    newest = steps().get_current_head()
    assert newest is not None
    return newest


def revision(connection: Connection) -> str | None:
    """The step that the database is at; None: it has no schema yet. Raises SchemaIsNewer for a step unknown here."""
    at = MigrationContext.configure(connection).get_current_revision()
    known = {step.revision for step in steps().walk_revisions()}
    if at is not None and at not in known:
        raise SchemaIsNewer(newer_than_this(at))
    return at


def newer_than_this(at: str | None) -> str:
    """What is wrong, and what to do."""
    return f"the database is at step {at}, this code knows no further than {head()}: start the newer Doorstep"


def must_be_current(connection: Connection) -> None:
    """Raises SchemaIsNewer, SchemaIsOlder."""
    at = revision(connection)
    if at != head():
        raise SchemaIsOlder(f"the database is at step {at or 'none'}, this code needs {head()}: run `doorstep migrate`")
