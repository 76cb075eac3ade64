"""The debrief: its answers, what was added and said about it, what it can be found by."""

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Date,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)

from safety_service.store.tables.base import key, link, metadata, one_of, word
from safety_service.store.types import Sealed, SealedJson, UtcDateTime

#: `assessment_gap` (what could not be checked), `risk_assessment` (put the violence into it), `open_question` (not
#: known about the child), `supervision` (to be talked about), `action` (decided in a meeting), `meeting` (call one).
ITEM_KINDS = ("assessment_gap", "risk_assessment", "open_question", "supervision", "action", "meeting")

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
    #: Whose, copied from the visit: what the log is filtered by.
    Column("family_id", Uuid),
    Column("team_id", Uuid),
    #: The edition of the guidance that it was asked by.
    Column("guidance_edition", Integer),
    #: Part A is given: what is urgent in it has been acted on, the rest may wait.
    Column("first_part_at", UtcDateTime),
    #: Part E: for the worker and their supervisor, and for no list, search, export or log.
    Column("private", SealedJson),
    #: What the system saw of the visit by itself: no entry, alerts, extensions, near misses.
    Column("signals", SealedJson),
    #: Once submitted: `filed` by itself, `wanted` for review (difficult, or drawn as a sample), `done`.
    word("review", optional=True),
    Column("sampled", Boolean, nullable=False, server_default=text("false")),
    Column("review_next_at", UtcDateTime),
    Column("reviewed_by", Uuid),
    Column("reviewed_at", UtcDateTime),
    Column("review_note", Sealed),
    one_of("state", ("draft", "submitted", "reviewed")),
    one_of("severity", ("none", "low", "medium", "high")),
    one_of("stage", ("remind", "remind_again", "manager")),
    CheckConstraint("(state = 'draft') = (submitted_at IS NULL)", name="submitted_has_time"),
    UniqueConstraint("visit_id", "worker_id"),
    Index("ix_debrief_team", "team_id", "submitted_at"),
    Index("ix_debrief_family", "family_id", "submitted_at"),
    Index("ix_debrief_worker", "worker_id", "submitted_at"),
    #: The log's filters, the newest first.
    Index("ix_debrief_review", "team_id", "review", "submitted_at"),
    Index("ix_debrief_severity", "team_id", "severity", "submitted_at"),
    Index(
        "ix_debrief_unfinished",
        "team_id",
        "first_part_at",
        sqlite_where=text("submitted_at IS NULL"),
        postgresql_where=text("submitted_at IS NULL"),
    ),
    #: What came in since the figures were last counted.
    Index("ix_debrief_submitted_at", "submitted_at"),
    Index(
        "ix_debrief_reviewed_at",
        "reviewed_at",
        sqlite_where=text("reviewed_at IS NOT NULL"),
        postgresql_where=text("reviewed_at IS NOT NULL"),
    ),
    Index(
        "ix_debrief_review_next_at",
        "review_next_at",
        sqlite_where=text("review_next_at IS NOT NULL"),
        postgresql_where=text("review_next_at IS NOT NULL"),
    ),
    Index(
        "ix_debrief_next_at",
        "next_at",
        sqlite_where=text("next_at IS NOT NULL"),
        postgresql_where=text("next_at IS NOT NULL"),
    ),
)

#: What was met, a row each: what families, teams and trends are looked up by. No case text.
debrief_behaviour = Table(
    "debrief_behaviour",
    metadata,
    link("debrief_id", "debrief", primary_key=True),
    Column("kind", String(64), primary_key=True),
    Column("group", String(64), nullable=False),
    word("severity"),
    link("family_id", "family"),
    link("worker_id", "person"),
    link("team_id", "team"),
    Column("on", Date, nullable=False),
    one_of("severity", ("none", "low", "medium", "high")),
    Index("ix_debrief_behaviour_family", "family_id", "on"),
    Index("ix_debrief_behaviour_team", "team_id", "on"),
    Index("ix_debrief_behaviour_kind", "team_id", "kind", "debrief_id"),
)

#: How much there was of each figure in a team on a day: counted again whenever something of that day changes.
day_sum = Table(
    "day_sum",
    metadata,
    link("team_id", "team", primary_key=True),
    Column("on", Date, primary_key=True),
    Column("figure", String(64), primary_key=True),
    #: The Monday of that day's week.
    Column("week", Date, nullable=False),
    Column("count", Integer, nullable=False),
)

#: What free text can be found by although it is sealed: keyed buckets that many words share, never words.
debrief_word = Table(
    "debrief_word",
    metadata,
    link("debrief_id", "debrief", primary_key=True),
    Column("bucket", Integer, primary_key=True, autoincrement=False),
    link("agency_id", "agency"),
    Index("ix_debrief_word_bucket", "agency_id", "bucket"),
)

#: Submitting is final: what comes later is added, with its date.
debrief_addendum = Table(
    "debrief_addendum",
    metadata,
    key(),
    link("debrief_id", "debrief"),
    link("by", "person"),
    Column("at", UtcDateTime, nullable=False),
    Column("text", Sealed, nullable=False),
    Index("ix_debrief_addendum_debrief", "debrief_id", "at"),
)

debrief_comment = Table(
    "debrief_comment",
    metadata,
    key(),
    link("debrief_id", "debrief"),
    link("by", "person"),
    Column("at", UtcDateTime, nullable=False),
    Column("text", Sealed, nullable=False),
    Index("ix_debrief_comment_debrief", "debrief_id", "at"),
)

#: Something that stays open, visible to its owner and manager, until somebody says what became of it.
item = Table(
    "item",
    metadata,
    key(),
    link("agency_id", "agency"),
    link("team_id", "team"),
    link("family_id", "family", optional=True),
    #: Whose supervision it stands in.
    link("worker_id", "person", optional=True),
    link("debrief_id", "debrief", optional=True),
    word("kind"),
    #: What of it, by the guidance's key (an area, a question), or empty.
    Column("key", String(64), nullable=False, server_default=""),
    #: `text`, and by kind: `why`, `source`, `action`, `meeting_id` …
    Column("body", SealedJson, nullable=False),
    link("owner_id", "person", optional=True),
    Column("due_on", Date),
    Column("next_at", UtcDateTime),
    Column("opened_at", UtcDateTime, nullable=False),
    link("opened_by", "person", optional=True),
    Column("closed_at", UtcDateTime),
    link("closed_by", "person", optional=True),
    Column("closed_note", Sealed),
    one_of("kind", ITEM_KINDS),
    CheckConstraint("(closed_at IS NULL) = (closed_by IS NULL)", name="closed_by_somebody"),
    CheckConstraint("closed_at IS NULL OR next_at IS NULL", name="closed_is_not_chased"),
    Index("ix_item_family", "family_id", "closed_at"),
    Index("ix_item_owner", "owner_id", "closed_at"),
    Index("ix_item_worker", "worker_id", "closed_at"),
    Index("ix_item_debrief", "debrief_id"),
    Index(
        "ix_item_next_at",
        "next_at",
        sqlite_where=text("next_at IS NOT NULL"),
        postgresql_where=text("next_at IS NOT NULL"),
    ),
)

guidance_edition = Table(
    "guidance_edition",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    #: Empty: for every agency that has none of its own.
    link("agency_id", "agency", optional=True),
    #: As it was applied, and whole, as it was understood then: what is shipped may change with the code.
    Column("text", Text, nullable=False),
    Column("whole", Text, nullable=False),
    Column("applied_at", UtcDateTime, nullable=False),
    Column("applied_by", String(200), nullable=False),
    Column("why", String(500), nullable=False),
    Index("ix_guidance_edition_agency", "agency_id", "number"),
)
