"""Alerts, who was told of them, requests to be rung, and the messages that go out."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    _alert()
    _told()
    _ring()
    _outbox()


def _alert() -> None:
    op.create_table("alert", *_alert_columns(), *_alert_checks(), *_alert_keys())
    op.create_index(
        "ix_alert_due_now",
        "alert",
        ["due_now"],
        sqlite_where=sa.text("due_now IS NOT NULL"),
        postgresql_where=sa.text("due_now IS NOT NULL"),
    )
    op.create_index("ix_alert_team", "alert", ["team_id", "opened_at"])
    op.create_index("ix_alert_visit", "alert", ["visit_id"])
    op.create_index("ix_alert_worker", "alert", ["worker_id"])


def _alert_columns() -> list[sa.Column[Any]]:
    return [
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("team_id", sa.Uuid()),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=64), nullable=False),
        sa.Column("worker_id", sa.Uuid()),
        sa.Column("visit_id", sa.Uuid()),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ladder", sa.JSON(), nullable=False),
        sa.Column("rung", sa.Integer(), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("doing", sa.String(length=64), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True)),
        sa.Column("reach_by", sa.DateTime(timezone=True)),
        sa.Column("due_now", sa.DateTime(timezone=True)),
        sa.Column("owner_id", sa.Uuid()),
        sa.Column("taken_at", sa.DateTime(timezone=True)),
        sa.Column("offered_to", sa.Uuid()),
        sa.Column("found", sa.String(length=64)),
        sa.Column("known_by", sa.String(length=64)),
        sa.Column("note", sa.LargeBinary()),
        sa.Column("found_by", sa.Uuid()),
        sa.Column("agreed_by", sa.Uuid()),
        sa.Column("resolved_at", sa.DateTime(timezone=True)),
        sa.Column("open_key", sa.String(length=160)),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
    ]


def _alert_checks() -> list[sa.CheckConstraint]:
    return [
        sa.CheckConstraint("(state = 'resolved') = (due_now IS NULL)", name=op.f("ck_alert_swept_until_resolved")),
        sa.CheckConstraint("(state = 'resolved') = (next_at IS NULL)", name=op.f("ck_alert_no_silent_end")),
        sa.CheckConstraint("(state = 'resolved') = (open_key IS NULL)", name=op.f("ck_alert_one_open_for_each_cause")),
        sa.CheckConstraint(
            "doing IN ('answer', 'news', 'reply', 'offer', 'confirm')", name=op.f("ck_alert_doing_known")
        ),
        sa.CheckConstraint(
            "found IN ('safe', 'false_alarm', 'late', 'helped', 'police', 'harmed')", name=op.f("ck_alert_found_known")
        ),
        sa.CheckConstraint(
            "kind IN ('not_begun', 'missed_check_in', 'not_out', 'not_home',"
            " 'ring_me', 'sos', 'duress', 'undeliverable', 'unwatched')",
            name=op.f("ck_alert_kind_known"),
        ),
        sa.CheckConstraint(
            "known_by IN ('heard_voice', 'seen', 'police_told', 'other')", name=op.f("ck_alert_known_by_known")
        ),
        sa.CheckConstraint("state <> 'open' OR owner_id IS NULL", name=op.f("ck_alert_open_has_no_owner")),
        sa.CheckConstraint(
            "state <> 'resolved' OR (found IS NOT NULL AND known_by IS NOT NULL AND found_by IS NOT NULL"
            " AND resolved_at IS NOT NULL)",
            name=op.f("ck_alert_resolved_by_somebody"),
        ),
        sa.CheckConstraint("state <> 'taken' OR owner_id IS NOT NULL", name=op.f("ck_alert_taken_has_owner")),
        sa.CheckConstraint("state IN ('open', 'taken', 'resolved')", name=op.f("ck_alert_state_known")),
        sa.CheckConstraint(
            "found_by IS NULL OR worker_id IS NULL OR found_by <> worker_id", name=op.f("ck_alert_never_your_own")
        ),
        sa.CheckConstraint(
            "owner_id IS NULL OR worker_id IS NULL OR owner_id <> worker_id", name=op.f("ck_alert_not_owned_by_worker")
        ),
    ]


def _alert_keys() -> list[sa.Constraint]:
    return [
        sa.ForeignKeyConstraint(["agency_id"], ["agency.id"], name=op.f("fk_alert_agency_id")),
        sa.ForeignKeyConstraint(["agreed_by"], ["person.id"], name=op.f("fk_alert_agreed_by")),
        sa.ForeignKeyConstraint(["found_by"], ["person.id"], name=op.f("fk_alert_found_by")),
        sa.ForeignKeyConstraint(["offered_to"], ["person.id"], name=op.f("fk_alert_offered_to")),
        sa.ForeignKeyConstraint(["owner_id"], ["person.id"], name=op.f("fk_alert_owner_id")),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"], name=op.f("fk_alert_team_id")),
        sa.ForeignKeyConstraint(["visit_id"], ["visit.id"], name=op.f("fk_alert_visit_id")),
        sa.ForeignKeyConstraint(["worker_id"], ["person.id"], name=op.f("fk_alert_worker_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alert")),
        sa.UniqueConstraint("agency_id", "number", name=op.f("uq_alert_agency_id_number")),
        sa.UniqueConstraint("open_key", name=op.f("uq_alert_open_key")),
    ]


def _told() -> None:
    op.create_table(
        "told",
        sa.Column("alert_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("rung", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["alert_id"], ["alert.id"], name=op.f("fk_told_alert_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_told_person_id")),
        sa.PrimaryKeyConstraint("alert_id", "person_id", name=op.f("pk_told")),
    )


def _ring() -> None:
    op.create_table(
        "ring",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("worker_id", sa.Uuid(), nullable=False),
        sa.Column("visit_id", sa.Uuid()),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(length=64), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True)),
        sa.Column("answered_by", sa.Uuid()),
        sa.Column("answered_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint("(state = 'open') = (next_at IS NOT NULL)", name=op.f("ck_ring_open_means_armed")),
        sa.CheckConstraint("state IN ('open', 'answered', 'raised')", name=op.f("ck_ring_state_known")),
        sa.ForeignKeyConstraint(["agency_id"], ["agency.id"], name=op.f("fk_ring_agency_id")),
        sa.ForeignKeyConstraint(["answered_by"], ["person.id"], name=op.f("fk_ring_answered_by")),
        sa.ForeignKeyConstraint(["visit_id"], ["visit.id"], name=op.f("fk_ring_visit_id")),
        sa.ForeignKeyConstraint(["worker_id"], ["person.id"], name=op.f("fk_ring_worker_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ring")),
    )
    op.create_index(
        "ix_ring_next_at",
        "ring",
        ["next_at"],
        sqlite_where=sa.text("next_at IS NOT NULL"),
        postgresql_where=sa.text("next_at IS NOT NULL"),
    )


def _outbox() -> None:
    op.create_table("outbox", *_outbox_columns(), *_outbox_checks(), *_outbox_keys())
    op.create_index("ix_outbox_alert", "outbox", ["alert_id", "step"])
    op.create_index(
        "ix_outbox_leased",
        "outbox",
        ["lease_until"],
        sqlite_where=sa.text("state = 'sending'"),
        postgresql_where=sa.text("state = 'sending'"),
    )
    op.create_index(
        "ix_outbox_pending",
        "outbox",
        ["priority", "not_before"],
        sqlite_where=sa.text("state = 'pending'"),
        postgresql_where=sa.text("state = 'pending'"),
    )
    op.create_index("ix_outbox_person", "outbox", ["person_id", "created_at"])


def _outbox_columns() -> list[sa.Column[Any]]:
    return [
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("channel_id", sa.Uuid(), nullable=False),
        sa.Column("channel", sa.String(length=64), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("template", sa.String(length=64), nullable=False),
        sa.Column("params", sa.LargeBinary(), nullable=False),
        sa.Column("visit_id", sa.Uuid()),
        sa.Column("alert_id", sa.Uuid()),
        sa.Column("step", sa.Integer(), server_default="0", nullable=False),
        sa.Column("dedupe", sa.String(length=240)),
        sa.Column("state", sa.String(length=64), nullable=False),
        sa.Column("not_before", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True)),
        sa.Column("lease_until", sa.DateTime(timezone=True)),
        sa.Column("leased_by", sa.String(length=64)),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("maybe_sent", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True)),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True)),
        sa.Column("reached_at", sa.DateTime(timezone=True)),
        sa.Column("provider_id", sa.String(length=120)),
        sa.Column("error", sa.String(length=300)),
    ]


def _outbox_checks() -> list[sa.CheckConstraint]:
    return [
        sa.CheckConstraint("(state = 'sending') = (lease_until IS NOT NULL)", name=op.f("ck_outbox_sending_is_leased")),
        sa.CheckConstraint("channel IN ('telegram', 'webchat')", name=op.f("ck_outbox_channel_known")),
        sa.CheckConstraint("reached_at IS NULL OR state = 'sent'", name=op.f("ck_outbox_reached_was_sent")),
        sa.CheckConstraint("state <> 'sent' OR sent_at IS NOT NULL", name=op.f("ck_outbox_sent_has_time")),
        sa.CheckConstraint(
            "state IN ('pending', 'sending', 'sent', 'failed', 'dropped')", name=op.f("ck_outbox_state_known")
        ),
    ]


def _outbox_keys() -> list[sa.Constraint]:
    return [
        sa.ForeignKeyConstraint(["agency_id"], ["agency.id"], name=op.f("fk_outbox_agency_id")),
        sa.ForeignKeyConstraint(["alert_id"], ["alert.id"], name=op.f("fk_outbox_alert_id")),
        sa.ForeignKeyConstraint(["channel_id"], ["channel.id"], name=op.f("fk_outbox_channel_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_outbox_person_id")),
        sa.ForeignKeyConstraint(["visit_id"], ["visit.id"], name=op.f("fk_outbox_visit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
        sa.UniqueConstraint("dedupe", name=op.f("uq_outbox_dedupe")),
    ]
