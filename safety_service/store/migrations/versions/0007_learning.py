"""What is learned: the whole debrief, its log, open items, editions of the guidance; what families' records hold."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    _guidance_edition()
    _debrief_addendum()
    _debrief_behaviour()
    _debrief_comment()
    _debrief_word()
    _item()
    _debrief()
    _family()
    _risk_fact()
    _visit()
    _of_whom()


def _guidance_edition() -> None:
    op.create_table(
        "guidance_edition",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("agency_id", sa.Uuid()),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("whole", sa.Text(), nullable=False),
        sa.Column("applied_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("applied_by", sa.String(length=200), nullable=False),
        sa.Column("why", sa.String(length=500), nullable=False),
        sa.ForeignKeyConstraint(["agency_id"], ["agency.id"], name=op.f("fk_guidance_edition_agency_id")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_guidance_edition")),
    )
    op.create_index("ix_guidance_edition_agency", "guidance_edition", ["agency_id", "number"])


def _debrief_addendum() -> None:
    op.create_table(
        "debrief_addendum",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("debrief_id", sa.Uuid(), nullable=False),
        sa.Column("by", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("text", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["by"], ["person.id"], name=op.f("fk_debrief_addendum_by")),
        sa.ForeignKeyConstraint(["debrief_id"], ["debrief.id"], name=op.f("fk_debrief_addendum_debrief_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_debrief_addendum")),
    )
    op.create_index("ix_debrief_addendum_debrief", "debrief_addendum", ["debrief_id", "at"])


def _debrief_behaviour() -> None:
    op.create_table(
        "debrief_behaviour",
        sa.Column("debrief_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("group", sa.String(length=64), nullable=False),
        sa.Column("severity", sa.String(length=64), nullable=False),
        sa.Column("family_id", sa.Uuid(), nullable=False),
        sa.Column("worker_id", sa.Uuid(), nullable=False),
        sa.Column("team_id", sa.Uuid(), nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.CheckConstraint(
            "severity IN ('none', 'low', 'medium', 'high')", name=op.f("ck_debrief_behaviour_severity_known")
        ),
        sa.ForeignKeyConstraint(["debrief_id"], ["debrief.id"], name=op.f("fk_debrief_behaviour_debrief_id")),
        sa.ForeignKeyConstraint(["family_id"], ["family.id"], name=op.f("fk_debrief_behaviour_family_id")),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"], name=op.f("fk_debrief_behaviour_team_id")),
        sa.ForeignKeyConstraint(["worker_id"], ["person.id"], name=op.f("fk_debrief_behaviour_worker_id")),
        sa.PrimaryKeyConstraint("debrief_id", "kind", name=op.f("pk_debrief_behaviour")),
    )
    op.create_index("ix_debrief_behaviour_family", "debrief_behaviour", ["family_id", "on"])
    op.create_index("ix_debrief_behaviour_team", "debrief_behaviour", ["team_id", "on"])


def _debrief_comment() -> None:
    op.create_table(
        "debrief_comment",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("debrief_id", sa.Uuid(), nullable=False),
        sa.Column("by", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("text", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["by"], ["person.id"], name=op.f("fk_debrief_comment_by")),
        sa.ForeignKeyConstraint(["debrief_id"], ["debrief.id"], name=op.f("fk_debrief_comment_debrief_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_debrief_comment")),
    )
    op.create_index("ix_debrief_comment_debrief", "debrief_comment", ["debrief_id", "at"])


def _debrief_word() -> None:
    op.create_table(
        "debrief_word",
        sa.Column("debrief_id", sa.Uuid(), nullable=False),
        sa.Column("bucket", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["agency_id"], ["agency.id"], name=op.f("fk_debrief_word_agency_id")),
        sa.ForeignKeyConstraint(["debrief_id"], ["debrief.id"], name=op.f("fk_debrief_word_debrief_id")),
        sa.PrimaryKeyConstraint("debrief_id", "bucket", name=op.f("pk_debrief_word")),
    )
    op.create_index("ix_debrief_word_bucket", "debrief_word", ["agency_id", "bucket"])


def _item() -> None:
    op.create_table(
        "item",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("team_id", sa.Uuid(), nullable=False),
        sa.Column("family_id", sa.Uuid()),
        sa.Column("worker_id", sa.Uuid()),
        sa.Column("debrief_id", sa.Uuid()),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("key", sa.String(length=64), server_default="", nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("owner_id", sa.Uuid()),
        sa.Column("due_on", sa.Date()),
        sa.Column("next_at", sa.DateTime(timezone=True)),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("opened_by", sa.Uuid()),
        sa.Column("closed_at", sa.DateTime(timezone=True)),
        sa.Column("closed_by", sa.Uuid()),
        sa.Column("closed_note", sa.LargeBinary()),
        sa.CheckConstraint(
            "kind IN ('assessment_gap', 'risk_assessment', 'open_question', 'supervision', 'action', 'meeting')",
            name=op.f("ck_item_kind_known"),
        ),
        sa.CheckConstraint("(closed_at IS NULL) = (closed_by IS NULL)", name=op.f("ck_item_closed_by_somebody")),
        sa.CheckConstraint("closed_at IS NULL OR next_at IS NULL", name=op.f("ck_item_closed_is_not_chased")),
        sa.ForeignKeyConstraint(["agency_id"], ["agency.id"], name=op.f("fk_item_agency_id")),
        sa.ForeignKeyConstraint(["closed_by"], ["person.id"], name=op.f("fk_item_closed_by")),
        sa.ForeignKeyConstraint(["debrief_id"], ["debrief.id"], name=op.f("fk_item_debrief_id")),
        sa.ForeignKeyConstraint(["family_id"], ["family.id"], name=op.f("fk_item_family_id")),
        sa.ForeignKeyConstraint(["opened_by"], ["person.id"], name=op.f("fk_item_opened_by")),
        sa.ForeignKeyConstraint(["owner_id"], ["person.id"], name=op.f("fk_item_owner_id")),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"], name=op.f("fk_item_team_id")),
        sa.ForeignKeyConstraint(["worker_id"], ["person.id"], name=op.f("fk_item_worker_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_item")),
    )
    op.create_index("ix_item_debrief", "item", ["debrief_id"])
    op.create_index("ix_item_family", "item", ["family_id", "closed_at"])
    op.create_index(
        "ix_item_next_at",
        "item",
        ["next_at"],
        sqlite_where=sa.text("next_at IS NOT NULL"),
        postgresql_where=sa.text("next_at IS NOT NULL"),
    )
    op.create_index("ix_item_owner", "item", ["owner_id", "closed_at"])
    op.create_index("ix_item_worker", "item", ["worker_id", "closed_at"])


def _debrief() -> None:
    op.add_column("debrief", sa.Column("family_id", sa.Uuid()))
    op.add_column("debrief", sa.Column("team_id", sa.Uuid()))
    op.add_column("debrief", sa.Column("guidance_edition", sa.Integer()))
    op.add_column("debrief", sa.Column("first_part_at", sa.DateTime(timezone=True)))
    op.add_column("debrief", sa.Column("private", sa.LargeBinary()))
    op.add_column("debrief", sa.Column("signals", sa.LargeBinary()))
    op.add_column("debrief", sa.Column("review", sa.String(length=64)))
    op.add_column("debrief", sa.Column("sampled", sa.Boolean(), server_default=sa.text("false"), nullable=False))
    op.add_column("debrief", sa.Column("review_next_at", sa.DateTime(timezone=True)))
    op.add_column("debrief", sa.Column("reviewed_by", sa.Uuid()))
    op.add_column("debrief", sa.Column("reviewed_at", sa.DateTime(timezone=True)))
    op.add_column("debrief", sa.Column("review_note", sa.LargeBinary()))
    op.create_index("ix_debrief_family", "debrief", ["family_id", "submitted_at"])
    op.create_index(
        "ix_debrief_review_next_at",
        "debrief",
        ["review_next_at"],
        sqlite_where=sa.text("review_next_at IS NOT NULL"),
        postgresql_where=sa.text("review_next_at IS NOT NULL"),
    )
    op.create_index("ix_debrief_team", "debrief", ["team_id", "submitted_at"])
    op.create_index("ix_debrief_worker", "debrief", ["worker_id", "submitted_at"])


def _family() -> None:
    op.add_column("family", sa.Column("record", sa.LargeBinary()))
    op.add_column("family", sa.Column("version", sa.Integer(), server_default="1", nullable=False))
    op.create_index("ix_family_name_index", "family", ["agency_id", "name_index"])


def _risk_fact() -> None:
    op.add_column("risk_fact", sa.Column("says", sa.LargeBinary()))
    op.add_column("risk_fact", sa.Column("review_on", sa.Date()))
    op.add_column("risk_fact", sa.Column("told", sa.String(length=64)))
    op.add_column("risk_fact", sa.Column("told_why", sa.LargeBinary()))
    op.add_column("risk_fact", sa.Column("their_view", sa.LargeBinary()))
    op.add_column("risk_fact", sa.Column("debrief_id", sa.Uuid()))
    op.add_column("risk_fact", sa.Column("corrects_id", sa.Uuid()))
    op.add_column("risk_fact", sa.Column("ended_by", sa.Uuid()))
    op.add_column("risk_fact", sa.Column("ended_why", sa.LargeBinary()))


def _visit() -> None:
    op.add_column("visit", sa.Column("lacking", sa.LargeBinary()))
    op.add_column("visit", sa.Column("plan_number", sa.Integer()))
    op.add_column("decision", sa.Column("plan_number", sa.Integer()))


def _of_whom() -> None:
    """Debriefs that were there before know whose they are, too."""
    op.execute(
        "UPDATE debrief SET "
        "family_id = (SELECT visit.family_id FROM visit WHERE visit.id = debrief.visit_id), "
        "team_id = (SELECT visit.team_id FROM visit WHERE visit.id = debrief.visit_id)"
    )
    op.execute(
        "UPDATE debrief SET review = CASE WHEN severity = 'none' THEN 'filed' ELSE 'wanted' END "
        "WHERE state = 'submitted'"
    )
