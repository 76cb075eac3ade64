"""What came in, half-filled forms, and debriefs."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    _inbox()
    _draft()
    _debrief()


def _inbox() -> None:
    op.create_table(
        "inbox",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("channel", sa.String(length=64), nullable=False),
        sa.Column("provider_id", sa.String(length=120), nullable=False),
        sa.Column("chat_index", sa.String(length=64), nullable=False),
        sa.Column("person_id", sa.Uuid()),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("said_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.String(length=64), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("handled_at", sa.DateTime(timezone=True)),
        sa.Column("error", sa.String(length=300)),
        sa.CheckConstraint("(state = 'new') = (handled_at IS NULL)", name=op.f("ck_inbox_handled_has_time")),
        sa.CheckConstraint("channel IN ('telegram', 'webchat', 'api')", name=op.f("ck_inbox_channel_known")),
        sa.CheckConstraint("state IN ('new', 'handled', 'failed')", name=op.f("ck_inbox_state_known")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_inbox_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inbox")),
        sa.UniqueConstraint("channel", "provider_id", name=op.f("uq_inbox_channel_provider_id")),
    )
    op.create_index(
        "ix_inbox_new",
        "inbox",
        ["chat_index", "id"],
        sqlite_where=sa.text("state = 'new'"),
        postgresql_where=sa.text("state = 'new'"),
    )
    op.create_index("ix_inbox_person", "inbox", ["person_id", "received_at"])


def _draft() -> None:
    op.create_table(
        "draft",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("form", sa.String(length=64), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("answers", sa.LargeBinary(), nullable=False),
        sa.Column("step", sa.String(length=64), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_draft_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_draft")),
        sa.UniqueConstraint("person_id", "form", "subject_id", name=op.f("uq_draft_person_id_form_subject_id")),
    )


def _debrief() -> None:
    op.create_table("debrief", *_debrief_columns(), *_debrief_checks(), *_debrief_keys())
    op.create_index(
        "ix_debrief_next_at",
        "debrief",
        ["next_at"],
        sqlite_where=sa.text("next_at IS NOT NULL"),
        postgresql_where=sa.text("next_at IS NOT NULL"),
    )


def _debrief_columns() -> list[sa.Column[Any]]:
    return [
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("visit_id", sa.Uuid(), nullable=False),
        sa.Column("worker_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(length=64), nullable=False),
        sa.Column("answers", sa.LargeBinary(), nullable=False),
        sa.Column("severity", sa.String(length=64), nullable=False),
        sa.Column("wants_to_talk", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True)),
        sa.Column("stage", sa.String(length=64)),
        sa.Column("submitted_at", sa.DateTime(timezone=True)),
    ]


def _debrief_checks() -> list[sa.CheckConstraint]:
    return [
        sa.CheckConstraint("(state = 'draft') = (submitted_at IS NULL)", name=op.f("ck_debrief_submitted_has_time")),
        sa.CheckConstraint("severity IN ('none', 'low', 'medium', 'high')", name=op.f("ck_debrief_severity_known")),
        sa.CheckConstraint("stage IN ('remind', 'remind_again', 'manager')", name=op.f("ck_debrief_stage_known")),
        sa.CheckConstraint("state IN ('draft', 'submitted', 'reviewed')", name=op.f("ck_debrief_state_known")),
    ]


def _debrief_keys() -> list[sa.Constraint]:
    return [
        sa.ForeignKeyConstraint(["agency_id"], ["agency.id"], name=op.f("fk_debrief_agency_id")),
        sa.ForeignKeyConstraint(["visit_id"], ["visit.id"], name=op.f("fk_debrief_visit_id")),
        sa.ForeignKeyConstraint(["worker_id"], ["person.id"], name=op.f("fk_debrief_worker_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_debrief")),
        sa.UniqueConstraint("visit_id", "worker_id", name=op.f("uq_debrief_visit_id_worker_id")),
    ]
