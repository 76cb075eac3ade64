"""The pages: who showed lately that it is them, accounts elsewhere, filters that somebody keeps, and leave."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"

_BEFORE = "'link', 'sign_in', 'prove'"
_PURPOSES = "'link', 'sign_in', 'prove', 'again', 'email'"


def upgrade() -> None:
    _code()
    op.add_column("session", sa.Column("proven_at", sa.DateTime(timezone=True)))
    op.create_index("ix_person_email_index", "person", ["email_index"])
    _identity()
    _saved_filter()
    _leave()
    _log()
    _day_sum()
    _visit()
    _alert()


def _code() -> None:
    if op.get_bind().dialect.name == "sqlite":
        _anew("code", (f"({_BEFORE})", f"({_PURPOSES})"))
        return
    op.drop_constraint(op.f("ck_code_purpose_known"), "code", type_="check")
    op.create_check_constraint(op.f("ck_code_purpose_known"), "code", f"purpose IN ({_PURPOSES})")


def _anew(table: str, *changes: tuple[str, str]) -> None:
    """SQLite changes no check: the table is made anew, from its own text."""
    connection = op.get_bind()
    made = connection.execute(
        sa.text("SELECT type, sql FROM sqlite_master WHERE tbl_name = :name AND sql IS NOT NULL ORDER BY type DESC"),
        {"name": table},
    ).all()
    columns = ", ".join(f'"{each["name"]}"' for each in sa.inspect(connection).get_columns(table))
    # Renamed once already (0011): SQLite has put the name in quotes since.
    definition = " ".join(next(text for kind, text in made if kind == "table").split()).replace(f'"{table}"', table)
    for before, after in changes:
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


def _identity() -> None:
    op.create_table(
        "identity",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("issuer", sa.String(length=300), nullable=False),
        sa.Column("subject_index", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=64), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("agreed_by", sa.Uuid()),
        sa.Column("agreed_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint("agreed_by IS NULL OR agreed_by <> person_id", name=op.f("ck_identity_agreed_by_another")),
        sa.CheckConstraint("state IN ('waiting', 'active', 'ended')", name=op.f("ck_identity_state_known")),
        sa.ForeignKeyConstraint(["agreed_by"], ["person.id"], name=op.f("fk_identity_agreed_by")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_identity_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identity")),
    )
    op.create_index("ix_identity_person", "identity", ["person_id"])
    op.create_index(
        "uq_identity_live_subject",
        "identity",
        ["issuer", "subject_index"],
        unique=True,
        sqlite_where=sa.text("state IN ('waiting', 'active')"),
        postgresql_where=sa.text("state IN ('waiting', 'active')"),
    )


def _saved_filter() -> None:
    op.create_table(
        "saved_filter",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("page", sa.String(length=64), nullable=False),
        sa.Column("name", sa.LargeBinary(), nullable=False),
        sa.Column("query", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_saved_filter_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_filter")),
    )
    op.create_index("ix_saved_filter_person", "saved_filter", ["person_id", "page"])


def _leave() -> None:
    op.create_table(
        "leave",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.Uuid()),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("ends_at > starts_at", name=op.f("ck_leave_ends_after_start")),
        sa.ForeignKeyConstraint(["created_by"], ["person.id"], name=op.f("fk_leave_created_by")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_leave_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_leave")),
    )
    op.create_index("ix_leave_person", "leave", ["person_id", "ends_at"])


def _visit() -> None:
    """What is to come or goes on, and which plan a decision was made for."""
    open_yet = "status IN ('planned', 'waiting', 'begun', 'out')"
    op.add_column("visit", sa.Column("changed_version", sa.Integer()))
    op.create_index(
        "ix_visit_open",
        "visit",
        ["team_id", "starts_at"],
        sqlite_where=sa.text(open_yet),
        postgresql_where=sa.text(open_yet),
    )
    op.create_index("ix_visit_family_team", "visit", ["family_id", "team_id"])


def _alert() -> None:
    """The list of alerts: of all teams, and of those somebody was told of."""
    op.create_index("ix_alert_agency", "alert", ["agency_id", "opened_at", "id"])
    op.create_index("ix_told_person", "told", ["person_id"])


def _log() -> None:
    op.create_index("ix_debrief_review", "debrief", ["team_id", "review", "submitted_at"])
    op.create_index("ix_debrief_severity", "debrief", ["team_id", "severity", "submitted_at"])
    op.create_index("ix_debrief_submitted_at", "debrief", ["submitted_at"])
    _partial("ix_debrief_unfinished", "debrief", ["team_id", "first_part_at"], "submitted_at IS NULL")
    _partial("ix_debrief_reviewed_at", "debrief", ["reviewed_at"], "reviewed_at IS NOT NULL")
    op.create_index("ix_measure_decision_at", "measure_decision", ["at"])
    op.create_index("ix_debrief_behaviour_kind", "debrief_behaviour", ["team_id", "kind", "debrief_id"])


def _partial(name: str, table: str, columns: list[str], where: str) -> None:
    op.create_index(name, table, columns, sqlite_where=sa.text(where), postgresql_where=sa.text(where))


def _day_sum() -> None:
    op.create_table(
        "day_sum",
        sa.Column("team_id", sa.Uuid(), nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("figure", sa.String(length=64), nullable=False),
        sa.Column("week", sa.Date(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"], name=op.f("fk_day_sum_team_id")),
        sa.PrimaryKeyConstraint("team_id", "on", "figure", name=op.f("pk_day_sum")),
    )
