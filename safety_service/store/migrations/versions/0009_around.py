"""Around the family: other agencies, sharing, meetings, supervision, holds."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    _hold()
    _meeting()
    _partner()
    _supervision()
    _share()


def _hold() -> None:
    op.create_table(
        "hold",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("family_id", sa.Uuid(), nullable=False),
        sa.Column("why", sa.LargeBinary(), nullable=False),
        sa.Column("by", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.Column("ended_by", sa.Uuid()),
        sa.ForeignKeyConstraint(["agency_id"], ["agency.id"], name=op.f("fk_hold_agency_id")),
        sa.ForeignKeyConstraint(["by"], ["person.id"], name=op.f("fk_hold_by")),
        sa.ForeignKeyConstraint(["ended_by"], ["person.id"], name=op.f("fk_hold_ended_by")),
        sa.ForeignKeyConstraint(["family_id"], ["family.id"], name=op.f("fk_hold_family_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hold")),
    )
    op.create_index("ix_hold_family", "hold", ["family_id"])


def _meeting() -> None:
    op.create_table(
        "meeting",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("team_id", sa.Uuid(), nullable=False),
        sa.Column("family_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=64), nullable=False),
        sa.Column("called_by", sa.Uuid(), nullable=False),
        sa.Column("called_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("meets_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("plan_number", sa.Integer()),
        sa.Column("review_on", sa.Date()),
        sa.Column("next_at", sa.DateTime(timezone=True)),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.CheckConstraint("kind IN ('risk', 'joint_debrief', 'review')", name=op.f("ck_meeting_kind_known")),
        sa.CheckConstraint("state <> 'held' OR plan_number IS NOT NULL", name=op.f("ck_meeting_held_has_a_plan")),
        sa.CheckConstraint("state <> 'held' OR review_on IS NOT NULL", name=op.f("ck_meeting_held_has_a_review")),
        sa.CheckConstraint("state IN ('called', 'held', 'cancelled')", name=op.f("ck_meeting_state_known")),
        sa.ForeignKeyConstraint(["agency_id"], ["agency.id"], name=op.f("fk_meeting_agency_id")),
        sa.ForeignKeyConstraint(["called_by"], ["person.id"], name=op.f("fk_meeting_called_by")),
        sa.ForeignKeyConstraint(["family_id"], ["family.id"], name=op.f("fk_meeting_family_id")),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"], name=op.f("fk_meeting_team_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_meeting")),
    )
    op.create_index("ix_meeting_family", "meeting", ["family_id", "meets_at"])
    op.create_index(
        "ix_meeting_next_at",
        "meeting",
        ["next_at"],
        sqlite_where=sa.text("next_at IS NOT NULL"),
        postgresql_where=sa.text("next_at IS NOT NULL"),
    )


def _partner() -> None:
    op.create_table(
        "partner",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("family_id", sa.Uuid(), nullable=False),
        sa.Column("organisation", sa.LargeBinary(), nullable=False),
        sa.Column("contact", sa.LargeBinary(), nullable=False),
        sa.Column("verified_at", sa.DateTime(timezone=True)),
        sa.Column("verified_by", sa.Uuid()),
        sa.Column("meets", sa.LargeBinary(), nullable=False),
        sa.Column("visits", sa.String(length=64), nullable=False),
        sa.Column("withheld", sa.LargeBinary()),
        sa.Column("stance", sa.String(length=64), nullable=False),
        sa.Column("kept_out", sa.LargeBinary()),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_by", sa.Uuid()),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint(
            "stance IN ('appeasing', 'opposing', 'neither', 'not_known')", name=op.f("ck_partner_stance_known")
        ),
        sa.CheckConstraint("visits IN ('yes', 'reduced', 'no', 'not_known')", name=op.f("ck_partner_visits_known")),
        sa.ForeignKeyConstraint(["agency_id"], ["agency.id"], name=op.f("fk_partner_agency_id")),
        sa.ForeignKeyConstraint(["family_id"], ["family.id"], name=op.f("fk_partner_family_id")),
        sa.ForeignKeyConstraint(["updated_by"], ["person.id"], name=op.f("fk_partner_updated_by")),
        sa.ForeignKeyConstraint(["verified_by"], ["person.id"], name=op.f("fk_partner_verified_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_partner")),
    )
    op.create_index("ix_partner_family", "partner", ["family_id"])


def _supervision() -> None:
    op.create_table(
        "supervision",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("worker_id", sa.Uuid(), nullable=False),
        sa.Column("supervisor_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["agency_id"], ["agency.id"], name=op.f("fk_supervision_agency_id")),
        sa.ForeignKeyConstraint(["supervisor_id"], ["person.id"], name=op.f("fk_supervision_supervisor_id")),
        sa.ForeignKeyConstraint(["worker_id"], ["person.id"], name=op.f("fk_supervision_worker_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_supervision")),
    )
    op.create_index("ix_supervision_worker", "supervision", ["worker_id", "at"])


def _share() -> None:
    op.create_table(
        "share",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("team_id", sa.Uuid(), nullable=False),
        sa.Column("family_id", sa.Uuid(), nullable=False),
        sa.Column("debrief_id", sa.Uuid()),
        sa.Column("partner_id", sa.Uuid(), nullable=False),
        sa.Column("round", sa.Integer(), server_default="1", nullable=False),
        sa.Column("state", sa.String(length=64), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("basis", sa.String(length=64)),
        sa.Column("basis_note", sa.LargeBinary()),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by", sa.Uuid()),
        sa.Column("decided_at", sa.DateTime(timezone=True)),
        sa.Column("reason", sa.LargeBinary()),
        sa.Column("digest", sa.String(length=64)),
        sa.Column("acknowledge_by", sa.DateTime(timezone=True)),
        sa.Column("next_at", sa.DateTime(timezone=True)),
        sa.Column("step", sa.Integer(), server_default="0", nullable=False),
        sa.Column("acknowledged_at", sa.DateTime(timezone=True)),
        sa.Column("acknowledged_by", sa.LargeBinary()),
        sa.CheckConstraint("state <> 'proposed' OR next_at IS NOT NULL", name=op.f("ck_share_undecided_is_chased")),
        sa.CheckConstraint("state = 'proposed' OR decided_by IS NOT NULL", name=op.f("ck_share_decided_by_somebody")),
        sa.CheckConstraint(
            "state IN ('proposed', 'sent', 'acknowledged', 'withheld')", name=op.f("ck_share_state_known")
        ),
        sa.ForeignKeyConstraint(["agency_id"], ["agency.id"], name=op.f("fk_share_agency_id")),
        sa.ForeignKeyConstraint(["debrief_id"], ["debrief.id"], name=op.f("fk_share_debrief_id")),
        sa.ForeignKeyConstraint(["decided_by"], ["person.id"], name=op.f("fk_share_decided_by")),
        sa.ForeignKeyConstraint(["family_id"], ["family.id"], name=op.f("fk_share_family_id")),
        sa.ForeignKeyConstraint(["partner_id"], ["partner.id"], name=op.f("fk_share_partner_id")),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"], name=op.f("fk_share_team_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_share")),
        sa.UniqueConstraint("debrief_id", "partner_id", "round", name=op.f("uq_share_debrief_id_partner_id_round")),
        sa.UniqueConstraint("digest", name=op.f("uq_share_digest")),
    )
    op.create_index("ix_share_family", "share", ["family_id"])
    op.create_index(
        "ix_share_next_at",
        "share",
        ["next_at"],
        sqlite_where=sa.text("next_at IS NOT NULL"),
        postgresql_where=sa.text("next_at IS NOT NULL"),
    )
