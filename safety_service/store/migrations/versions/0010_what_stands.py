"""Versions of a plan, decisions on it, and what was agreed stand: the database refuses to change them.

They may be removed, by retention and by nothing else in the code.
"""

from alembic import op

revision = "0010"
down_revision = "0009"

_STANDS = ("plan_version", "measure_decision", "course", "undertaking_note", "supervision", "debrief_addendum")


def upgrade() -> None:
    for table in _STANDS:
        if op.get_bind().dialect.name == "sqlite":
            op.execute(
                f"CREATE TRIGGER {table}_refuses_update BEFORE UPDATE ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{table} is never changed'); END"
            )
        else:
            op.execute(
                f"CREATE TRIGGER {table}_refuses_change BEFORE UPDATE OR TRUNCATE ON {table} "
                "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
            )
