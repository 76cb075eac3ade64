"""What stands may be sealed anew with another key: its bytes change, and nothing that they say.

Only while the transaction that does so has its mark in `lease`, which it takes away again before it commits: nobody
else ever sees it. What was emptied stays empty, and no other column changes.
"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"

#: Retention may empty these.
_EMPTIED = {"event_log": ("details",), "said": ("note", "position"), "decision": ("reason",)}
#: These are never changed while they are there.
_STANDS = {
    "plan_version": ("why", "measures"),
    "measure_decision": ("reason", "changes"),
    "course": ("reason",),
    "undertaking_note": ("note",),
    "supervision": ("body",),
    "debrief_addendum": ("text",),
}
_MARKED = "EXISTS (SELECT 1 FROM lease WHERE name = 'resealing')"


def upgrade() -> None:
    guard = _on_sqlite if op.get_bind().dialect.name == "sqlite" else _on_postgresql
    for table, sealed in _EMPTIED.items():
        guard(table, sealed, emptied=True)
    for table, sealed in _STANDS.items():
        guard(table, sealed, emptied=False)


def _may(column: str, same: str, *, emptied: bool) -> str:
    """What may become of a sealed column."""
    new, old = f"coalesce(length(NEW.{column}), 0)", f"coalesce(length(OLD.{column}), 0)"
    resealed = f"({old} > 0 AND {new} > 0 AND {_MARKED})"
    empty = f"length(NEW.{column}) = 0 OR " if emptied else ""
    return f"({same} OR coalesce({empty}{resealed}, {_FALSE}))"


_FALSE = "(1 = 0)"


def _on_sqlite(table: str, sealed: tuple[str, ...], *, emptied: bool) -> None:
    names = [each["name"] for each in sa.inspect(op.get_bind()).get_columns(table)]
    same = [f'NEW."{each}" IS OLD."{each}"' for each in names if each not in sealed]
    may = [_may(each, f"NEW.{each} IS OLD.{each}", emptied=emptied) for each in sealed]
    at_all = [] if emptied else [_MARKED]
    says = "append-only" if emptied else "never changed"
    op.execute(f"DROP TRIGGER {table}_refuses_update")
    op.execute(
        f"CREATE TRIGGER {table}_refuses_update BEFORE UPDATE ON {table} "
        f"WHEN NOT ({' AND '.join(at_all + same + may)}) "
        f"BEGIN SELECT RAISE(ABORT, '{table} is {says}'); END"
    )


def _on_postgresql(table: str, sealed: tuple[str, ...], *, emptied: bool) -> None:
    keys = ", ".join(f"'{each}'" for each in sealed)
    at_all = [] if emptied else [_MARKED]
    same = [_may(each, f"NEW.{each} IS NOT DISTINCT FROM OLD.{each}", emptied=emptied) for each in sealed]
    may = " AND ".join(at_all + same)
    name = f"{table}_only_emptied" if emptied else f"{table}_only_resealed"
    op.execute(
        f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"IF (to_jsonb(NEW) - ARRAY[{keys}]) IS DISTINCT FROM (to_jsonb(OLD) - ARRAY[{keys}]) OR NOT ({may}) "
        "THEN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END IF; RETURN NEW; END $$"
    )
    if emptied:
        return
    op.execute(f"DROP TRIGGER {table}_refuses_change ON {table}")
    op.execute(f"CREATE TRIGGER {table}_refuses_update BEFORE UPDATE ON {table} FOR EACH ROW EXECUTE FUNCTION {name}()")
    op.execute(
        f"CREATE TRIGGER {table}_refuses_change BEFORE TRUNCATE ON {table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )
