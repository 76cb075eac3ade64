"""Families by reference, visits with their watches, decisions and words; who is kept off them."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    _family()
    _risk_fact()
    _visit()
    _watch()
    _decision()
    _said()
    _exclusion()


def _family() -> None:
    op.create_table(
        "family",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("ref", sa.String(length=64), nullable=False),
        sa.Column("name", sa.LargeBinary()),
        sa.Column("name_index", sa.String(length=64)),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["agency_id"], ["agency.id"], name=op.f("fk_family_agency_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_family")),
        sa.UniqueConstraint("agency_id", "ref", name=op.f("uq_family_agency_id_ref")),
    )


def _risk_fact() -> None:
    op.create_table(
        "risk_fact",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("family_id", sa.Uuid(), nullable=False),
        sa.Column("worker_id", sa.Uuid()),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("source", sa.String(length=64), nullable=False),
        sa.Column("ended_on", sa.Date()),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.Uuid()),
        sa.ForeignKeyConstraint(["created_by"], ["person.id"], name=op.f("fk_risk_fact_created_by")),
        sa.ForeignKeyConstraint(["family_id"], ["family.id"], name=op.f("fk_risk_fact_family_id")),
        sa.ForeignKeyConstraint(["worker_id"], ["person.id"], name=op.f("fk_risk_fact_worker_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_risk_fact")),
    )
    op.create_index("ix_risk_fact_family", "risk_fact", ["family_id"])


def _visit() -> None:
    op.create_table("visit", *_visit_columns(), *_visit_checks(), *_visit_keys())
    op.create_index("ix_visit_family", "visit", ["family_id"])
    op.create_index("ix_visit_team_starts", "visit", ["team_id", "starts_at"])
    op.create_index(
        "ix_visit_to_locate",
        "visit",
        ["id"],
        sqlite_where=sa.text("to_locate"),
        postgresql_where=sa.text("to_locate"),
    )


def _visit_columns() -> list[sa.Column[Any]]:
    return [
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("team_id", sa.Uuid(), nullable=False),
        sa.Column("family_id", sa.Uuid(), nullable=False),
        sa.Column("status", sa.String(length=64), nullable=False),
        sa.Column("risk", sa.String(length=64), nullable=False),
        sa.Column("because", sa.LargeBinary(), nullable=False),
        sa.Column("purpose", sa.LargeBinary(), nullable=False),
        sa.Column("address", sa.LargeBinary(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("travel", sa.Double(), nullable=False),
        sa.Column("to_locate", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("speaker_id", sa.Uuid()),
        sa.Column("outcome", sa.String(length=64)),
        sa.Column("answers", sa.LargeBinary(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=False),
    ]


def _visit_checks() -> list[sa.CheckConstraint]:
    return [
        sa.CheckConstraint("outcome IN ('met', 'no_entry', 'refused', 'aborted')", name=op.f("ck_visit_outcome_known")),
        sa.CheckConstraint("risk IN ('low', 'medium', 'high')", name=op.f("ck_visit_risk_known")),
        sa.CheckConstraint(
            "status IN ('planned', 'waiting', 'begun', 'out', 'closed', 'cancelled', 'not_begun')",
            name=op.f("ck_visit_status_known"),
        ),
        sa.CheckConstraint("ends_at > starts_at", name=op.f("ck_visit_ends_after_start")),
    ]


def _visit_keys() -> list[sa.Constraint]:
    return [
        sa.ForeignKeyConstraint(["agency_id"], ["agency.id"], name=op.f("fk_visit_agency_id")),
        sa.ForeignKeyConstraint(["created_by"], ["person.id"], name=op.f("fk_visit_created_by")),
        sa.ForeignKeyConstraint(["family_id"], ["family.id"], name=op.f("fk_visit_family_id")),
        sa.ForeignKeyConstraint(["speaker_id"], ["person.id"], name=op.f("fk_visit_speaker_id")),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"], name=op.f("fk_visit_team_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_visit")),
    ]


def _watch() -> None:
    op.create_table("watch", *_watch_columns(), *_watch_checks(), *_watch_keys())
    op.create_index(
        "ix_watch_alarm_at",
        "watch",
        ["alarm_at"],
        sqlite_where=sa.text("alarm_at IS NOT NULL"),
        postgresql_where=sa.text("alarm_at IS NOT NULL"),
    )
    op.create_index(
        "ix_watch_next_at",
        "watch",
        ["next_at"],
        sqlite_where=sa.text("next_at IS NOT NULL"),
        postgresql_where=sa.text("next_at IS NOT NULL"),
    )
    op.create_index("ix_watch_worker", "watch", ["worker_id", "phase"])
    op.create_index(
        "uq_watch_inside_once",
        "watch",
        ["worker_id"],
        unique=True,
        sqlite_where=sa.text("phase = 'inside'"),
        postgresql_where=sa.text("phase = 'inside'"),
    )


def _watch_columns() -> list[sa.Column[Any]]:
    return [
        sa.Column("visit_id", sa.Uuid(), nullable=False),
        sa.Column("worker_id", sa.Uuid(), nullable=False),
        sa.Column("phase", sa.String(length=64), nullable=False),
        sa.Column("interval", sa.Double(), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True)),
        sa.Column("due_at", sa.DateTime(timezone=True)),
        sa.Column("alarm_at", sa.DateTime(timezone=True)),
        sa.Column("next_at", sa.DateTime(timezone=True)),
        sa.Column("stage", sa.String(length=64)),
        sa.Column("last_word_at", sa.DateTime(timezone=True)),
        sa.Column("ask", sa.Integer(), server_default="0", nullable=False),
        sa.Column("spent", sa.Double(), server_default="0", nullable=False),
        sa.Column("silent_until", sa.DateTime(timezone=True)),
        sa.Column("carries_home", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("out_at", sa.DateTime(timezone=True)),
        sa.Column("wrong_words", sa.Integer(), server_default="0", nullable=False),
    ]


def _watch_checks() -> list[sa.CheckConstraint]:
    return [
        sa.CheckConstraint(
            "(phase = 'done' AND due_at IS NULL AND alarm_at IS NULL AND next_at IS NULL AND stage IS NULL)"
            " OR (phase <> 'done' AND due_at IS NOT NULL AND alarm_at IS NOT NULL AND next_at IS NOT NULL"
            " AND stage IS NOT NULL)",
            name=op.f("ck_watch_watched_means_armed"),
        ),
        sa.CheckConstraint("phase IN ('begin', 'inside', 'home', 'done')", name=op.f("ck_watch_phase_known")),
        sa.CheckConstraint("stage IN ('remind', 'ask', 'nudge', 'alarm')", name=op.f("ck_watch_stage_known")),
    ]


def _watch_keys() -> list[sa.Constraint]:
    return [
        sa.ForeignKeyConstraint(["visit_id"], ["visit.id"], name=op.f("fk_watch_visit_id")),
        sa.ForeignKeyConstraint(["worker_id"], ["person.id"], name=op.f("fk_watch_worker_id")),
        sa.PrimaryKeyConstraint("visit_id", "worker_id", name=op.f("pk_watch")),
    ]


def _decision() -> None:
    op.create_table(
        "decision",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("visit_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.LargeBinary(), nullable=False),
        sa.Column("by", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("visit_version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('go_ahead', 'go_ahead_with_measures', 'change', 'do_not_visit')",
            name=op.f("ck_decision_kind_known"),
        ),
        sa.ForeignKeyConstraint(["by"], ["person.id"], name=op.f("fk_decision_by")),
        sa.ForeignKeyConstraint(["visit_id"], ["visit.id"], name=op.f("fk_decision_visit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_decision")),
    )
    op.create_index("ix_decision_visit", "decision", ["visit_id", "at"])


def _said() -> None:
    op.create_table(
        "said",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("worker_id", sa.Uuid(), nullable=False),
        sa.Column("visit_id", sa.Uuid()),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("said_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("heard_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("via", sa.String(length=64), nullable=False),
        sa.Column("note", sa.LargeBinary()),
        sa.Column("position", sa.LargeBinary()),
        sa.ForeignKeyConstraint(["visit_id"], ["visit.id"], name=op.f("fk_said_visit_id")),
        sa.ForeignKeyConstraint(["worker_id"], ["person.id"], name=op.f("fk_said_worker_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_said")),
    )
    op.create_index("ix_said_visit", "said", ["visit_id", "heard_at"])
    op.create_index("ix_said_worker", "said", ["worker_id", "heard_at"])


def _exclusion() -> None:
    op.create_table(
        "exclusion",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("worker_id", sa.Uuid()),
        sa.Column("family_id", sa.Uuid()),
        sa.Column("reason", sa.LargeBinary(), nullable=False),
        sa.Column("created_by", sa.Uuid()),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint("(worker_id IS NULL) <> (family_id IS NULL)", name=op.f("ck_exclusion_one_subject")),
        sa.ForeignKeyConstraint(["agency_id"], ["agency.id"], name=op.f("fk_exclusion_agency_id")),
        sa.ForeignKeyConstraint(["created_by"], ["person.id"], name=op.f("fk_exclusion_created_by")),
        sa.ForeignKeyConstraint(["family_id"], ["family.id"], name=op.f("fk_exclusion_family_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_exclusion_person_id")),
        sa.ForeignKeyConstraint(["worker_id"], ["person.id"], name=op.f("fk_exclusion_worker_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exclusion")),
    )
    op.create_index("ix_exclusion_family", "exclusion", ["family_id"])
    op.create_index("ix_exclusion_worker", "exclusion", ["worker_id"])
