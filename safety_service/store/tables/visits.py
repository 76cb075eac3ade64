"""Families by reference, risk facts, visits, their watches, decisions, and the workers' words."""

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Date,
    Index,
    Integer,
    String,
    Table,
    UniqueConstraint,
    Uuid,
    text,
)

from safety_service.domain.words import Decided, Outcome, Phase, Risk, Stage, Status
from safety_service.store.tables.base import key, link, metadata, one_of, word
from safety_service.store.types import Sealed, SealedBytes, SealedJson, Seconds, UtcDateTime

family = Table(
    "family",
    metadata,
    key(),
    link("agency_id", "agency"),
    Column("ref", String(64), nullable=False),
    Column("name", Sealed),
    Column("name_index", String(64)),
    Column("created_at", UtcDateTime, nullable=False),
    #: Household, needs, lead professional, assessments, promises, practical notes: what a briefing is made of.
    Column("record", SealedJson),
    Column("version", Integer, nullable=False, server_default="1"),
    #: When the record was last written; empty: never since the family was made.
    Column("changed_at", UtcDateTime),
    UniqueConstraint("agency_id", "ref"),
    Index("ix_family_name_index", "agency_id", "name_index"),
)

risk_fact = Table(
    "risk_fact",
    metadata,
    key(),
    link("family_id", "family"),
    link("worker_id", "person", optional=True),
    word("kind"),
    Column("on", Date, nullable=False),
    word("source"),
    Column("ended_on", Date),
    Column("created_at", UtcDateTime, nullable=False),
    link("created_by", "person", optional=True),
    #: What is known, in words; what the family was told of it, or why not; what they say.
    Column("says", Sealed),
    Column("review_on", Date),
    word("told", optional=True),
    Column("told_why", Sealed),
    Column("their_view", Sealed),
    Column("debrief_id", Uuid),
    #: A fact is never rewritten: this one stands in place of that one.
    Column("corrects_id", Uuid),
    Column("ended_by", Uuid),
    Column("ended_why", Sealed),
    Index("ix_risk_fact_family", "family_id"),
)

#: As the index of open visits says it: a query that is to use it says the same.
OPEN_YET = "status IN ('planned', 'waiting', 'begun', 'out')"

visit = Table(
    "visit",
    metadata,
    key(),
    link("agency_id", "agency"),
    link("team_id", "team"),
    link("family_id", "family"),
    word("status"),
    word("risk"),
    #: The true risk lines: key, level, says.
    Column("because", SealedJson, nullable=False),
    Column("purpose", Sealed, nullable=False),
    #: text, latitude, longitude (WGS-84 degrees).
    Column("address", SealedJson, nullable=False),
    Column("starts_at", UtcDateTime, nullable=False),
    Column("ends_at", UtcDateTime, nullable=False),
    Column("travel", Seconds, nullable=False),
    #: Half an address (words, or degrees) that a geocoder may complete; false once it has been asked.
    Column("to_locate", Boolean, nullable=False, server_default=text("false")),
    link("speaker_id", "person", optional=True),
    word("outcome", optional=True),
    #: The plan's answers by step key.
    Column("answers", SealedJson, nullable=False),
    Column("version", Integer, nullable=False, server_default="1"),
    Column("created_at", UtcDateTime, nullable=False),
    link("created_by", "person"),
    #: What the risk reduction plan demands and this visit has not, and the plan's number: as of the last look.
    Column("lacking", SealedJson),
    Column("plan_number", Integer),
    #: The version that the last change of its plan made: a decision on an earlier one does not stand.
    Column("changed_version", Integer),
    one_of("status", Status),
    one_of("risk", Risk),
    one_of("outcome", Outcome),
    CheckConstraint("ends_at > starts_at", name="ends_after_start"),
    Index("ix_visit_team_starts", "team_id", "starts_at"),
    Index("ix_visit_family", "family_id"),
    #: Which teams go to a family: without it a list of families reads every visit of a team for each of them.
    Index("ix_visit_family_team", "family_id", "team_id"),
    #: What is to come or goes on: few, however many have been.
    Index(
        "ix_visit_open",
        "team_id",
        "starts_at",
        sqlite_where=text(OPEN_YET),
        postgresql_where=text(OPEN_YET),
    ),
    Index("ix_visit_to_locate", "id", sqlite_where=text("to_locate"), postgresql_where=text("to_locate")),
    #: What retention has not emptied yet.
    Index(
        "ix_visit_unemptied",
        "ends_at",
        sqlite_where=text("length(address) > 0"),
        postgresql_where=text("length(address) > 0"),
    ),
)

#: P1: while somebody is watched, the next deadline is stored; the database refuses anything else.
watch = Table(
    "watch",
    metadata,
    link("visit_id", "visit", primary_key=True),
    link("worker_id", "person", primary_key=True),
    word("phase"),
    Column("interval", Seconds, nullable=False),
    Column("ends_at", UtcDateTime),
    Column("due_at", UtcDateTime),
    Column("alarm_at", UtcDateTime),
    Column("next_at", UtcDateTime),
    word("stage", optional=True),
    Column("last_word_at", UtcDateTime),
    Column("ask", Integer, nullable=False, server_default="0"),
    Column("spent", Seconds, nullable=False, server_default="0"),
    Column("silent_until", UtcDateTime),
    Column("carries_home", Boolean, nullable=False, server_default=text("false")),
    Column("out_at", UtcDateTime),
    Column("wrong_words", Integer, nullable=False, server_default="0"),
    one_of("phase", Phase),
    one_of("stage", Stage),
    CheckConstraint(
        "(phase = 'done' AND due_at IS NULL AND alarm_at IS NULL AND next_at IS NULL AND stage IS NULL) OR "
        "(phase <> 'done' AND due_at IS NOT NULL AND alarm_at IS NOT NULL AND next_at IS NOT NULL"
        " AND stage IS NOT NULL)",
        name="watched_means_armed",
    ),
    Index(
        "ix_watch_next_at",
        "next_at",
        sqlite_where=text("next_at IS NOT NULL"),
        postgresql_where=text("next_at IS NOT NULL"),
    ),
    #: The auditor's own index, apart from the sweep's.
    Index(
        "ix_watch_alarm_at",
        "alarm_at",
        sqlite_where=text("alarm_at IS NOT NULL"),
        postgresql_where=text("alarm_at IS NOT NULL"),
    ),
    Index("ix_watch_worker", "worker_id", "phase"),
    #: A worker is inside one visit at most.
    Index(
        "uq_watch_inside_once",
        "worker_id",
        unique=True,
        sqlite_where=text("phase = 'inside'"),
        postgresql_where=text("phase = 'inside'"),
    ),
)

#: Decisions stand; they are only ever followed by another.
decision = Table(
    "decision",
    metadata,
    key(),
    link("visit_id", "visit"),
    word("kind"),
    Column("reason", Sealed, nullable=False),
    link("by", "person"),
    Column("at", UtcDateTime, nullable=False),
    Column("visit_version", Integer, nullable=False),
    #: The number of the family's plan that it was made for: a later plan voids it.
    Column("plan_number", Integer),
    one_of("kind", Decided),
    Index("ix_decision_visit", "visit_id", "at"),
)

#: Every word of a worker's, as it was said.
said = Table(
    "said",
    metadata,
    key(),
    link("worker_id", "person"),
    link("visit_id", "visit", optional=True),
    word("kind"),
    Column("said_at", UtcDateTime, nullable=False),
    Column("heard_at", UtcDateTime, nullable=False),
    word("via"),
    Column("note", Sealed),
    #: latitude, longitude, accuracy_m, and distance_m from the planned address.
    Column("position", SealedJson),
    Index("ix_said_visit", "visit_id", "heard_at"),
    Index("ix_said_worker", "worker_id", "heard_at"),
    #: What retention has not emptied yet.
    Index(
        "ix_said_note_unemptied",
        "heard_at",
        sqlite_where=text("length(note) > 0"),
        postgresql_where=text("length(note) > 0"),
    ),
    Index(
        "ix_said_position_unemptied",
        "heard_at",
        sqlite_where=text("length(position) > 0"),
        postgresql_where=text("length(position) > 0"),
    ),
)

#: What was spoken or photographed, kept sealed whole, under a name that says nothing.
kept_file = Table(
    "kept_file",
    metadata,
    key(),
    link("agency_id", "agency"),
    link("person_id", "person"),
    link("visit_id", "visit", optional=True),
    Column("debrief_id", Uuid),
    word("kind"),
    Column("media_type", String(100), nullable=False),
    Column("size", Integer, nullable=False),
    Column("seconds", Integer),
    #: The word that it came with: kept once, however often that word comes in.
    Column("provider_id", String(200), unique=True),
    #: Where it can be fetched, as its channel calls it; when that is tried (again).
    Column("source", Sealed),
    Column("next_at", UtcDateTime),
    Column("attempts", Integer, nullable=False, server_default="0"),
    #: Empty until it was fetched; emptied again by retention.
    Column("body", SealedBytes),
    Column("said_at", UtcDateTime, nullable=False),
    Column("kept_at", UtcDateTime, nullable=False),
    #: Removed by retention, or not to be had: why there is no body (any more).
    word("gone", optional=True),
    one_of("kind", ("voice", "photo")),
    CheckConstraint("size >= 0", name="size_known"),
    Index("ix_kept_file_visit", "visit_id"),
    Index("ix_kept_file_debrief", "debrief_id"),
    CheckConstraint("(next_at IS NULL) = (body IS NOT NULL OR gone IS NOT NULL)", name="fetched_or_awaited"),
    Index("ix_kept_file_person", "person_id", "said_at"),
    Index(
        "ix_kept_file_next_at",
        "next_at",
        sqlite_where=text("next_at IS NOT NULL"),
        postgresql_where=text("next_at IS NOT NULL"),
    ),
)

#: Somebody opened a family without a visit, a duty or an alert, and said why; its managers see it.
family_opening = Table(
    "family_opening",
    metadata,
    key(),
    link("agency_id", "agency"),
    link("family_id", "family"),
    link("person_id", "person"),
    Column("reason", Sealed, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("until", UtcDateTime, nullable=False),
    #: A manager has looked at it.
    link("seen_by", "person", optional=True),
    Column("seen_at", UtcDateTime),
    Index("ix_family_opening_family", "family_id", "at"),
    Index("ix_family_opening_person", "person_id", "family_id", "until"),
)
