"""Which schema this code is written for, and which one a database has."""

from datetime import datetime
from functools import cache
from pathlib import Path

from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from safety_service.store.errors import SchemaIsNewer, SchemaIsOlder, WasMoved

#: What stands in place of the step in a database of which everything was moved to another: no code knows that step.
_MOVED = "moved"


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
        raise newer_than_this(at)
    return at


def moved(at: datetime) -> str:
    """The mark of a database that was moved: when, and which step it was at."""
    return f"{_MOVED} {at:%Y-%m-%d} at {head()}"


def newer_than_this(at: str | None) -> SchemaIsNewer:
    """What is wrong, and what to do."""
    if at is not None and at.startswith(_MOVED):
        return WasMoved(
            f"everything in this database was moved to another on {at.split()[1]}, and goes on there: set"
            " DOORSTEP_DATABASE_URL to that one (see `Move to PostgreSQL` in docs/operations.md, also for the way back)"
        )
    return SchemaIsNewer(
        f"the database is at step {at}, this code knows no further than {head()}: start the newer Doorstep"
    )


def must_be_current(connection: Connection) -> None:
    """Raises SchemaIsNewer, SchemaIsOlder."""
    at = revision(connection)
    if at != head():
        raise SchemaIsOlder(f"the database is at step {at or 'none'}, this code needs {head()}: run `doorstep migrate`")
