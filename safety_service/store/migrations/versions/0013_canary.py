"""The canary: a kind of channel of its own, and what its worker said may be removed, for it was said by nobody."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"

_KINDS = "'telegram', 'webchat', 'voice', 'sms', 'email', 'hook'"
_WITH_CANARY = f"{_KINDS}, 'canary'"
_WORKER = "00000000-0000-7000-8000-0000000ca002"


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        _on_sqlite()
    else:
        _on_postgresql()


def _on_postgresql() -> None:
    for table, column in (("channel", "kind"), ("outbox", "channel")):
        name = op.f(f"ck_{table}_{column}_known")
        op.drop_constraint(name, table, type_="check")
        op.create_check_constraint(name, table, f"{column} IN ({_WITH_CANARY})")
    op.execute("DROP TRIGGER said_refuses_change ON said")
    op.execute(
        "CREATE TRIGGER said_refuses_truncate BEFORE TRUNCATE ON said "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )
    op.execute(
        "CREATE TRIGGER said_refuses_delete BEFORE DELETE ON said FOR EACH ROW "
        f"WHEN (OLD.worker_id <> '{_WORKER}'::uuid) EXECUTE FUNCTION refuse_change()"
    )


def _on_sqlite() -> None:
    """SQLite changes no check: each table is made anew, from its own text."""
    for table in ("channel", "outbox"):
        _anew(table, (f"({_KINDS})", f"({_WITH_CANARY})"))
    op.execute("DROP TRIGGER said_refuses_delete")
    op.execute(
        "CREATE TRIGGER said_refuses_delete BEFORE DELETE ON said "
        f"WHEN OLD.worker_id <> '{_WORKER.replace('-', '')}' "
        "BEGIN SELECT RAISE(ABORT, 'said is append-only'); END"
    )


def _anew(table: str, change: tuple[str, str]) -> None:
    connection = op.get_bind()
    made = connection.execute(
        sa.text("SELECT type, sql FROM sqlite_master WHERE tbl_name = :name AND sql IS NOT NULL ORDER BY type DESC"),
        {"name": table},
    ).all()
    columns = ", ".join(f'"{each["name"]}"' for each in sa.inspect(connection).get_columns(table))
    # Renamed once already (0011): SQLite has put the name in quotes since.
    definition = " ".join(next(text for kind, text in made if kind == "table").split()).replace(f'"{table}"', table)
    before, after = change
    if before not in definition:
        raise RuntimeError(f"the table {table} is not as it was made: nothing was changed")
    definition = definition.replace(before, after)
    op.execute(definition.replace(table, f"{table}_anew", 1))
    op.execute(f"INSERT INTO {table}_anew ({columns}) SELECT {columns} FROM {table}")  # noqa: S608 - names of our own
    op.execute(f"DROP TABLE {table}")
    op.execute(f"ALTER TABLE {table}_anew RENAME TO {table}")
    for kind, text in made:
        if kind == "index":
            op.execute(text)
