"""The risk reduction plan, its measures and decisions; courses, briefings, undertakings, summaries, notices."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    _course()
    _notice()
    _plan_version()
    _undertaking()
    _briefing_read()
    _contact_summary()
    _measure()
    _undertaking_note()
    _measure_decision()


def _course() -> None:
    op.create_table(
        "course",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("family_id", sa.Uuid()),
        sa.Column("worker_id", sa.Uuid()),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.LargeBinary(), nullable=False),
        sa.Column("by", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("plan_number", sa.Integer()),
        sa.Column("until_on", sa.Date(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('as_it_is', 'with_measures', 'somebody_else', 'not_by_visits')", name=op.f("ck_course_kind_known")
        ),
        sa.CheckConstraint("(family_id IS NULL) <> (worker_id IS NULL)", name=op.f("ck_course_one_subject")),
        sa.ForeignKeyConstraint(["agency_id"], ["agency.id"], name=op.f("fk_course_agency_id")),
        sa.ForeignKeyConstraint(["by"], ["person.id"], name=op.f("fk_course_by")),
        sa.ForeignKeyConstraint(["family_id"], ["family.id"], name=op.f("fk_course_family_id")),
        sa.ForeignKeyConstraint(["worker_id"], ["person.id"], name=op.f("fk_course_worker_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_course")),
    )
    op.create_index("ix_course_family", "course", ["family_id", "at"])
    op.create_index("ix_course_worker", "course", ["worker_id", "at"])


def _notice() -> None:
    op.create_table(
        "notice",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("text", sa.LargeBinary(), nullable=False),
        sa.Column("by", sa.Uuid()),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('statement', 'code_of_conduct', 'advice')", name=op.f("ck_notice_kind_known")),
        sa.ForeignKeyConstraint(["agency_id"], ["agency.id"], name=op.f("fk_notice_agency_id")),
        sa.ForeignKeyConstraint(["by"], ["person.id"], name=op.f("fk_notice_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice")),
    )
    op.create_index("ix_notice_agency", "notice", ["agency_id", "kind", "at"])


def _plan_version() -> None:
    op.create_table(
        "plan_version",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("family_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_by", sa.Uuid()),
        sa.Column("cause", sa.String(length=64), nullable=False),
        sa.Column("why", sa.LargeBinary(), nullable=False),
        sa.Column("measures", sa.LargeBinary(), nullable=False),
        sa.Column("review_on", sa.Date()),
        sa.ForeignKeyConstraint(["agency_id"], ["agency.id"], name=op.f("fk_plan_version_agency_id")),
        sa.ForeignKeyConstraint(["family_id"], ["family.id"], name=op.f("fk_plan_version_family_id")),
        sa.ForeignKeyConstraint(["made_by"], ["person.id"], name=op.f("fk_plan_version_made_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plan_version")),
        sa.UniqueConstraint("family_id", "number", name=op.f("uq_plan_version_family_id_number")),
    )


def _undertaking() -> None:
    op.create_table(
        "undertaking",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("family_id", sa.Uuid(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.String(length=64), nullable=False),
        sa.Column("made_by", sa.Uuid(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("review_on", sa.Date(), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint("state IN ('open', 'kept', 'broken', 'ended')", name=op.f("ck_undertaking_state_known")),
        sa.ForeignKeyConstraint(["agency_id"], ["agency.id"], name=op.f("fk_undertaking_agency_id")),
        sa.ForeignKeyConstraint(["family_id"], ["family.id"], name=op.f("fk_undertaking_family_id")),
        sa.ForeignKeyConstraint(["made_by"], ["person.id"], name=op.f("fk_undertaking_made_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_undertaking")),
    )
    op.create_index("ix_undertaking_family", "undertaking", ["family_id", "state"])
    op.create_index(
        "ix_undertaking_next_at",
        "undertaking",
        ["next_at"],
        sqlite_where=sa.text("next_at IS NOT NULL"),
        postgresql_where=sa.text("next_at IS NOT NULL"),
    )


def _briefing_read() -> None:
    op.create_table(
        "briefing_read",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("family_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("visit_id", sa.Uuid()),
        sa.Column("plan_number", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["family_id"], ["family.id"], name=op.f("fk_briefing_read_family_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_briefing_read_person_id")),
        sa.ForeignKeyConstraint(["visit_id"], ["visit.id"], name=op.f("fk_briefing_read_visit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_briefing_read")),
        sa.UniqueConstraint(
            "family_id", "person_id", "plan_number", name=op.f("uq_briefing_read_family_id_person_id_plan_number")
        ),
    )
    op.create_index("ix_briefing_read_person", "briefing_read", ["person_id", "at"])


def _contact_summary() -> None:
    op.create_table(
        "contact_summary",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("family_id", sa.Uuid(), nullable=False),
        sa.Column("visit_id", sa.Uuid(), nullable=False),
        sa.Column("by", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("given", sa.String(length=64)),
        sa.ForeignKeyConstraint(["agency_id"], ["agency.id"], name=op.f("fk_contact_summary_agency_id")),
        sa.ForeignKeyConstraint(["by"], ["person.id"], name=op.f("fk_contact_summary_by")),
        sa.ForeignKeyConstraint(["family_id"], ["family.id"], name=op.f("fk_contact_summary_family_id")),
        sa.ForeignKeyConstraint(["visit_id"], ["visit.id"], name=op.f("fk_contact_summary_visit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contact_summary")),
    )
    op.create_index("ix_contact_summary_visit", "contact_summary", ["visit_id"])


def _measure() -> None:
    op.create_table(
        "measure",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("family_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("says", sa.LargeBinary(), nullable=False),
        sa.Column("demands", sa.LargeBinary(), nullable=False),
        sa.Column("because", sa.LargeBinary(), nullable=False),
        sa.Column("who", sa.LargeBinary()),
        sa.Column("worker_id", sa.Uuid()),
        sa.Column("state", sa.String(length=64), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("until_on", sa.Date()),
        sa.Column("debrief_id", sa.Uuid()),
        sa.Column("proposed_by", sa.Uuid()),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("owner_id", sa.Uuid()),
        sa.Column("decide_by", sa.DateTime(timezone=True)),
        sa.Column("next_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint(
            "state IN ('proposed', 'provisional', 'in_force', 'refused', 'done', 'lapsed')",
            name=op.f("ck_measure_state_known"),
        ),
        sa.CheckConstraint(
            "state NOT IN ('proposed', 'provisional') OR next_at IS NOT NULL",
            name=op.f("ck_measure_undecided_is_chased"),
        ),
        sa.ForeignKeyConstraint(["agency_id"], ["agency.id"], name=op.f("fk_measure_agency_id")),
        sa.ForeignKeyConstraint(["debrief_id"], ["debrief.id"], name=op.f("fk_measure_debrief_id")),
        sa.ForeignKeyConstraint(["family_id"], ["family.id"], name=op.f("fk_measure_family_id")),
        sa.ForeignKeyConstraint(["owner_id"], ["person.id"], name=op.f("fk_measure_owner_id")),
        sa.ForeignKeyConstraint(["proposed_by"], ["person.id"], name=op.f("fk_measure_proposed_by")),
        sa.ForeignKeyConstraint(["worker_id"], ["person.id"], name=op.f("fk_measure_worker_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_measure")),
    )
    op.create_index("ix_measure_debrief", "measure", ["debrief_id"])
    op.create_index("ix_measure_family", "measure", ["family_id", "state"])
    op.create_index(
        "ix_measure_next_at",
        "measure",
        ["next_at"],
        sqlite_where=sa.text("next_at IS NOT NULL"),
        postgresql_where=sa.text("next_at IS NOT NULL"),
    )


def _undertaking_note() -> None:
    op.create_table(
        "undertaking_note",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("undertaking_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(length=64), nullable=False),
        sa.Column("note", sa.LargeBinary(), nullable=False),
        sa.Column("by", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("debrief_id", sa.Uuid()),
        sa.ForeignKeyConstraint(["by"], ["person.id"], name=op.f("fk_undertaking_note_by")),
        sa.ForeignKeyConstraint(["debrief_id"], ["debrief.id"], name=op.f("fk_undertaking_note_debrief_id")),
        sa.ForeignKeyConstraint(
            ["undertaking_id"], ["undertaking.id"], name=op.f("fk_undertaking_note_undertaking_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_undertaking_note")),
    )
    op.create_index("ix_undertaking_note_undertaking", "undertaking_note", ["undertaking_id", "at"])


def _measure_decision() -> None:
    op.create_table(
        "measure_decision",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("measure_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.LargeBinary(), nullable=False),
        sa.Column("changes", sa.LargeBinary()),
        sa.Column("by", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "kind IN ('accept', 'change', 'refuse', 'done', 'lapse')", name=op.f("ck_measure_decision_kind_known")
        ),
        sa.ForeignKeyConstraint(["by"], ["person.id"], name=op.f("fk_measure_decision_by")),
        sa.ForeignKeyConstraint(["measure_id"], ["measure.id"], name=op.f("fk_measure_decision_measure_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_measure_decision")),
    )
    op.create_index("ix_measure_decision_measure", "measure_decision", ["measure_id", "at"])
