"""The bad day: more ways to reach people, phrases, links to take an alert, sealed files, a second person for a policy.

What was said, decided and done may be emptied of its sealed text by retention; its row stands as before.
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"

_KINDS = "'telegram', 'webchat', 'voice', 'sms', 'email', 'hook'"
_HEARD = "'telegram', 'webchat', 'api', 'sms', 'voice'"
#: Of each row that stands: the sealed text that retention may empty.
_EMPTIED = {"event_log": ("details",), "said": ("note", "position"), "decision": ("reason",)}

_AGREED = (
    "CONSTRAINT ck_channel_agreed_by_another CHECK (agreed_by IS NULL OR agreed_by <> person_id), "
    "CONSTRAINT fk_channel_agreed_by FOREIGN KEY(agreed_by) REFERENCES person (id), "
)


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        _channels_on_sqlite()
        _emptying_on_sqlite()
    else:
        _channels_on_postgresql()
        _emptying_on_postgresql()
    op.create_index(
        "uq_channel_live_address",
        "channel",
        ["kind", "address_index"],
        unique=True,
        sqlite_where=sa.text("state IN ('active', 'blocked')"),
        postgresql_where=sa.text("state IN ('active', 'blocked')"),
    )
    op.create_index(
        "ix_alert_resolved_at",
        "alert",
        ["resolved_at"],
        sqlite_where=sa.text("resolved_at IS NOT NULL"),
        postgresql_where=sa.text("resolved_at IS NOT NULL"),
    )
    _what_retention_counts_from()
    _phrase()
    _alert_link()
    _kept_file()
    _family_opening()
    _policy_offer()
    _event_seal()


def _channels_on_sqlite() -> None:
    """SQLite changes no check: the table is made anew, from its own text."""
    op.drop_index("uq_channel_live_address", "channel")
    _anew(
        "channel",
        ("('telegram', 'webchat')", f"({_KINDS})"),
        ("('active', 'blocked', 'ended')", "('proposed', 'waiting', 'active', 'blocked', 'ended')"),
        (
            "changed_at DATETIME NOT NULL, ",
            "changed_at DATETIME NOT NULL, proven_at DATETIME, agreed_by CHAR(32), agreed_at DATETIME, ",
        ),
        (
            "CONSTRAINT ck_channel_kind_known",
            _AGREED + "CONSTRAINT ck_channel_kind_known",
        ),
    )
    _anew(
        "outbox",
        ("('telegram', 'webchat')", f"({_KINDS})"),
        ("'failed', 'dropped')", "'failed', 'dropped', 'held')"),
    )
    _anew("inbox", ("('telegram', 'webchat', 'api')", f"({_HEARD})"))
    _anew("code", ("('link', 'sign_in')", "('link', 'sign_in', 'prove')"))


def _anew(table: str, *changes: tuple[str, str]) -> None:
    connection = op.get_bind()
    made = connection.execute(
        sa.text("SELECT type, sql FROM sqlite_master WHERE tbl_name = :name AND sql IS NOT NULL ORDER BY type DESC"),
        {"name": table},
    ).all()
    columns = ", ".join(f'"{each["name"]}"' for each in sa.inspect(connection).get_columns(table))
    definition = " ".join(next(text for kind, text in made if kind == "table").split())
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


def _channels_on_postgresql() -> None:
    op.drop_index("uq_channel_live_address", "channel")
    op.add_column("channel", sa.Column("proven_at", sa.DateTime(timezone=True)))
    op.add_column("channel", sa.Column("agreed_by", sa.Uuid()))
    op.add_column("channel", sa.Column("agreed_at", sa.DateTime(timezone=True)))
    op.create_foreign_key(op.f("fk_channel_agreed_by"), "channel", "person", ["agreed_by"], ["id"])
    _check("channel", "agreed_by_another", "agreed_by IS NULL OR agreed_by <> person_id")
    _check("channel", "kind_known", f"kind IN ({_KINDS})", anew=True)
    states = "'proposed', 'waiting', 'active', 'blocked', 'ended'"
    _check("channel", "state_known", f"state IN ({states})", anew=True)
    _check("outbox", "channel_known", f"channel IN ({_KINDS})", anew=True)
    states = "'pending', 'sending', 'sent', 'failed', 'dropped', 'held'"
    _check("outbox", "state_known", f"state IN ({states})", anew=True)
    _check("inbox", "channel_known", f"channel IN ({_HEARD})", anew=True)
    _check("code", "purpose_known", "purpose IN ('link', 'sign_in', 'prove')", anew=True)


def _check(table: str, name: str, text: str, *, anew: bool = False) -> None:
    full = op.f(f"ck_{table}_{name}")
    if anew:
        op.drop_constraint(full, table, type_="check")
    op.create_check_constraint(full, table, text)


def _emptying_on_sqlite() -> None:
    for table, sealed in _EMPTIED.items():
        op.execute(f"DROP TRIGGER {table}_refuses_update")
        names = [each["name"] for each in sa.inspect(op.get_bind()).get_columns(table)]
        same = [f'NEW."{each}" IS OLD."{each}"' for each in names if each not in sealed]
        emptied = [f"(NEW.{each} IS OLD.{each} OR length(NEW.{each}) = 0)" for each in sealed]
        op.execute(
            f"CREATE TRIGGER {table}_refuses_update BEFORE UPDATE ON {table} "
            f"WHEN NOT ({' AND '.join(same + emptied)}) "
            f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        )


def _emptying_on_postgresql() -> None:
    for table, sealed in _EMPTIED.items():
        keys = ", ".join(f"'{each}'" for each in sealed)
        emptied = " AND ".join(
            f"(NEW.{each} IS NOT DISTINCT FROM OLD.{each} OR length(NEW.{each}) = 0)" for each in sealed
        )
        op.execute(f"DROP TRIGGER {table}_refuses_change ON {table}")
        op.execute(
            f"CREATE FUNCTION {table}_only_emptied() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            f"IF (to_jsonb(NEW) - ARRAY[{keys}]) IS DISTINCT FROM (to_jsonb(OLD) - ARRAY[{keys}]) OR NOT ({emptied}) "
            "THEN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END IF; RETURN NEW; END $$"
        )
        op.execute(
            f"CREATE TRIGGER {table}_refuses_update BEFORE UPDATE ON {table} "
            f"FOR EACH ROW EXECUTE FUNCTION {table}_only_emptied()"
        )
        op.execute(
            f"CREATE TRIGGER {table}_refuses_change BEFORE DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )


def _what_retention_counts_from() -> None:
    """Who has left, and when a record was written, was not kept: it counts from now. And what is not emptied yet."""
    op.add_column("person", sa.Column("left_at", sa.DateTime(timezone=True)))
    op.add_column("family", sa.Column("changed_at", sa.DateTime(timezone=True)))
    now = "strftime('%Y-%m-%d %H:%M:%f', 'now')" if op.get_bind().dialect.name == "sqlite" else "clock_timestamp()"
    op.execute(f"UPDATE person SET left_at = {now} WHERE NOT active")  # noqa: S608 - words of our own
    op.execute(f"UPDATE family SET changed_at = {now}")  # noqa: S608 - words of our own
    for name, table, at, column in (
        ("ix_visit_unemptied", "visit", "ends_at", "address"),
        ("ix_said_note_unemptied", "said", "heard_at", "note"),
        ("ix_said_position_unemptied", "said", "heard_at", "position"),
    ):
        full = sa.text(f"length({column}) > 0")
        op.create_index(name, table, [at], sqlite_where=full, postgresql_where=full)


def _phrase() -> None:
    op.create_table(
        "phrase",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("words", sa.LargeBinary(), nullable=False),
        sa.Column("set_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_phrase_person_id")),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_phrase")),
    )


def _alert_link() -> None:
    op.create_table(
        "alert_link",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("alert_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("reply", sa.String(length=16), server_default="", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True)),
        sa.ForeignKeyConstraint(["alert_id"], ["alert.id"], name=op.f("fk_alert_link_alert_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_alert_link_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alert_link")),
        sa.UniqueConstraint("digest", name=op.f("uq_alert_link_digest")),
    )
    op.create_index("ix_alert_link_alert", "alert_link", ["alert_id", "person_id"])


def _kept_file() -> None:
    op.create_table(
        "kept_file",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("visit_id", sa.Uuid()),
        sa.Column("debrief_id", sa.Uuid()),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("media_type", sa.String(length=100), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("seconds", sa.Integer()),
        sa.Column("provider_id", sa.String(length=200)),
        sa.Column("source", sa.LargeBinary()),
        sa.Column("next_at", sa.DateTime(timezone=True)),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("body", sa.LargeBinary()),
        sa.Column("said_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kept_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("gone", sa.String(length=64)),
        sa.CheckConstraint(
            "(next_at IS NULL) = (body IS NOT NULL OR gone IS NOT NULL)",
            name=op.f("ck_kept_file_fetched_or_awaited"),
        ),
        sa.CheckConstraint("kind IN ('voice', 'photo')", name=op.f("ck_kept_file_kind_known")),
        sa.CheckConstraint("size >= 0", name=op.f("ck_kept_file_size_known")),
        sa.ForeignKeyConstraint(["agency_id"], ["agency.id"], name=op.f("fk_kept_file_agency_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_kept_file_person_id")),
        sa.ForeignKeyConstraint(["visit_id"], ["visit.id"], name=op.f("fk_kept_file_visit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_kept_file")),
        sa.UniqueConstraint("provider_id", name=op.f("uq_kept_file_provider_id")),
    )
    op.create_index("ix_kept_file_debrief", "kept_file", ["debrief_id"])
    op.create_index("ix_kept_file_person", "kept_file", ["person_id", "said_at"])
    op.create_index(
        "ix_kept_file_next_at",
        "kept_file",
        ["next_at"],
        sqlite_where=sa.text("next_at IS NOT NULL"),
        postgresql_where=sa.text("next_at IS NOT NULL"),
    )
    op.create_index("ix_kept_file_visit", "kept_file", ["visit_id"])


def _family_opening() -> None:
    op.create_table(
        "family_opening",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("family_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_by", sa.Uuid()),
        sa.Column("seen_at", sa.DateTime(timezone=True)),
        sa.ForeignKeyConstraint(["agency_id"], ["agency.id"], name=op.f("fk_family_opening_agency_id")),
        sa.ForeignKeyConstraint(["family_id"], ["family.id"], name=op.f("fk_family_opening_family_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_family_opening_person_id")),
        sa.ForeignKeyConstraint(["seen_by"], ["person.id"], name=op.f("fk_family_opening_seen_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_family_opening")),
    )
    op.create_index("ix_family_opening_family", "family_opening", ["family_id", "at"])
    op.create_index("ix_family_opening_person", "family_opening", ["person_id", "family_id", "until"])


def _policy_offer() -> None:
    op.create_table(
        "policy_offer",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("why", sa.String(length=500), nullable=False),
        sa.Column("offered_by", sa.String(length=200), nullable=False),
        sa.Column("offered_by_id", sa.Uuid()),
        sa.Column("offered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("after_number", sa.Integer(), nullable=False),
        sa.Column("loosens", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(length=64), nullable=False),
        sa.Column("ended_by", sa.String(length=200)),
        sa.Column("ended_by_id", sa.Uuid()),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.Column("number", sa.Integer()),
        sa.CheckConstraint(
            "(state = 'agreed') = (number IS NOT NULL)", name=op.f("ck_policy_offer_agreed_has_edition")
        ),
        sa.CheckConstraint(
            "ended_by_id IS NULL OR ended_by_id <> offered_by_id OR state <> 'agreed'",
            name=op.f("ck_policy_offer_two_people"),
        ),
        sa.CheckConstraint(
            "state IN ('offered', 'agreed', 'refused', 'void')", name=op.f("ck_policy_offer_state_known")
        ),
        sa.ForeignKeyConstraint(["ended_by_id"], ["person.id"], name=op.f("fk_policy_offer_ended_by_id")),
        sa.ForeignKeyConstraint(["offered_by_id"], ["person.id"], name=op.f("fk_policy_offer_offered_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_policy_offer")),
    )


def _event_seal() -> None:
    op.create_table(
        "event_seal",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("details_digest", sa.String(length=64), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("sealed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_event_seal")),
        sa.UniqueConstraint("event_id", name=op.f("uq_event_seal_event_id")),
    )
