"""The debrief."""

from sqlalchemy import Boolean, CheckConstraint, Column, Index, Table, UniqueConstraint, text

from safety_service.store.tables.base import key, link, metadata, one_of, word
from safety_service.store.types import SealedJson, UtcDateTime

debrief = Table(
    "debrief",
    metadata,
    key(),
    link("agency_id", "agency"),
    link("visit_id", "visit"),
    link("worker_id", "person"),
    word("state"),
    Column("answers", SealedJson, nullable=False),
    word("severity"),
    Column("wants_to_talk", Boolean, nullable=False, server_default=text("false")),
    Column("asked_at", UtcDateTime, nullable=False),
    #: Next reminder (or telling the manager), and which one it is.
    Column("next_at", UtcDateTime),
    word("stage", optional=True),
    Column("submitted_at", UtcDateTime),
    one_of("state", ("draft", "submitted", "reviewed")),
    one_of("severity", ("none", "low", "medium", "high")),
    one_of("stage", ("remind", "remind_again", "manager")),
    CheckConstraint("(state = 'draft') = (submitted_at IS NULL)", name="submitted_has_time"),
    UniqueConstraint("visit_id", "worker_id"),
    Index(
        "ix_debrief_next_at",
        "next_at",
        sqlite_where=text("next_at IS NOT NULL"),
        postgresql_where=text("next_at IS NOT NULL"),
    ),
)
