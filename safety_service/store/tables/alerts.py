"""Alerts, who was told of them, requests to be rung, and the messages that go out."""

from sqlalchemy import JSON, Boolean, CheckConstraint, Column, Index, Integer, String, Table, UniqueConstraint, text

from safety_service.domain.alert import Doing
from safety_service.domain.words import Found, Kind, KnownBy, State
from safety_service.store.tables.base import CHANNEL_KINDS, key, link, metadata, one_of, word
from safety_service.store.types import Sealed, SealedJson, UtcDateTime

alert = Table(
    "alert",
    metadata,
    key(),
    link("agency_id", "agency"),
    link("team_id", "team", optional=True),
    Column("number", Integer, nullable=False),
    word("kind"),
    word("state"),
    link("worker_id", "person", optional=True),
    link("visit_id", "visit", optional=True),
    Column("opened_at", UtcDateTime, nullable=False),
    Column("due_at", UtcDateTime, nullable=False),
    #: The frozen ladder: rungs and waits, never people.
    Column("ladder", JSON, nullable=False),
    Column("rung", Integer, nullable=False),
    Column("step", Integer, nullable=False),
    word("doing"),
    Column("next_at", UtcDateTime),
    Column("reach_by", UtcDateTime),
    #: The earlier of next_at and reach_by: what the sweep looks for.
    Column("due_now", UtcDateTime),
    link("owner_id", "person", optional=True),
    Column("taken_at", UtcDateTime),
    link("offered_to", "person", optional=True),
    word("found", optional=True),
    word("known_by", optional=True),
    Column("note", Sealed),
    link("found_by", "person", optional=True),
    link("agreed_by", "person", optional=True),
    Column("resolved_at", UtcDateTime),
    #: worker:visit:kind while not resolved: one open alert for each cause, kept by the database.
    Column("open_key", String(160), unique=True),
    Column("version", Integer, nullable=False, server_default="1"),
    one_of("kind", Kind),
    one_of("state", State),
    one_of("doing", Doing),
    one_of("found", Found),
    one_of("known_by", KnownBy),
    CheckConstraint("(state = 'resolved') = (open_key IS NULL)", name="one_open_for_each_cause"),
    CheckConstraint("(state = 'resolved') = (next_at IS NULL)", name="no_silent_end"),
    CheckConstraint("(state = 'resolved') = (due_now IS NULL)", name="swept_until_resolved"),
    CheckConstraint("state <> 'taken' OR owner_id IS NOT NULL", name="taken_has_owner"),
    CheckConstraint("state <> 'open' OR owner_id IS NULL", name="open_has_no_owner"),
    CheckConstraint(
        "state <> 'resolved' OR (found IS NOT NULL AND known_by IS NOT NULL AND found_by IS NOT NULL"
        " AND resolved_at IS NOT NULL)",
        name="resolved_by_somebody",
    ),
    CheckConstraint("found_by IS NULL OR worker_id IS NULL OR found_by <> worker_id", name="never_your_own"),
    CheckConstraint("owner_id IS NULL OR worker_id IS NULL OR owner_id <> worker_id", name="not_owned_by_worker"),
    UniqueConstraint("agency_id", "number"),
    Index(
        "ix_alert_due_now",
        "due_now",
        sqlite_where=text("due_now IS NOT NULL"),
        postgresql_where=text("due_now IS NOT NULL"),
    ),
    #: What was resolved lately is still to be taken off screens.
    Index(
        "ix_alert_resolved_at",
        "resolved_at",
        sqlite_where=text("resolved_at IS NOT NULL"),
        postgresql_where=text("resolved_at IS NOT NULL"),
    ),
    Index("ix_alert_visit", "visit_id"),
    Index("ix_alert_worker", "worker_id"),
    Index("ix_alert_team", "team_id", "opened_at"),
    #: Every team's together, the newest first.
    Index("ix_alert_agency", "agency_id", "opened_at", "id"),
)

told = Table(
    "told",
    metadata,
    link("alert_id", "alert", primary_key=True),
    link("person_id", "person", primary_key=True),
    Column("rung", Integer, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    #: What somebody was told of, who manages no team.
    Index("ix_told_person", "person_id"),
)

#: A link with which one person may take one alert, once, without signing in. Only a digest is kept.
alert_link = Table(
    "alert_link",
    metadata,
    key(),
    Column("digest", String(64), nullable=False, unique=True),
    link("alert_id", "alert"),
    link("person_id", "person"),
    #: A number that can be sent back from any phone, for as long as the link lives.
    Column("reply", String(16), nullable=False, server_default=""),
    Column("created_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    Column("used_at", UtcDateTime),
    Index("ix_alert_link_alert", "alert_id", "person_id"),
)

#: "Ring me": the amber step; unanswered at next_at it becomes an alert.
ring = Table(
    "ring",
    metadata,
    key(),
    link("agency_id", "agency"),
    link("worker_id", "person"),
    link("visit_id", "visit", optional=True),
    Column("asked_at", UtcDateTime, nullable=False),
    word("state"),
    Column("next_at", UtcDateTime),
    link("answered_by", "person", optional=True),
    Column("answered_at", UtcDateTime),
    one_of("state", ("open", "answered", "raised")),
    CheckConstraint("(state = 'open') = (next_at IS NOT NULL)", name="open_means_armed"),
    Index(
        "ix_ring_next_at",
        "next_at",
        sqlite_where=text("next_at IS NOT NULL"),
        postgresql_where=text("next_at IS NOT NULL"),
    ),
)

#: A row is one message to one person by one channel.
outbox = Table(
    "outbox",
    metadata,
    key(),
    link("agency_id", "agency"),
    link("person_id", "person"),
    link("channel_id", "channel"),
    word("channel"),
    Column("priority", Integer, nullable=False),
    word("template"),
    Column("params", SealedJson, nullable=False),
    link("visit_id", "visit", optional=True),
    link("alert_id", "alert", optional=True),
    Column("step", Integer, nullable=False, server_default="0"),
    #: alert, step, person, channel and repeat (or whatever makes a message the same message).
    Column("dedupe", String(240), unique=True),
    Column("state", String(64), nullable=False),
    Column("not_before", UtcDateTime, nullable=False),
    #: A reminder that is stale by then is dropped and noted.
    Column("expires_at", UtcDateTime),
    Column("lease_until", UtcDateTime),
    word("leased_by", optional=True),
    Column("attempts", Integer, nullable=False, server_default="0"),
    #: It may have arrived before: sent again, it says that it is a repeat.
    Column("maybe_sent", Boolean, nullable=False, server_default=text("false")),
    #: The deadline that this message is about, for measuring lateness.
    Column("due_at", UtcDateTime),
    Column("created_at", UtcDateTime, nullable=False),
    Column("sent_at", UtcDateTime),
    #: P4: a provider for urgent messages took it, or the open chat page confirmed it.
    Column("reached_at", UtcDateTime),
    Column("provider_id", String(120)),
    Column("error", String(300)),
    one_of("channel", CHANNEL_KINDS),
    one_of("state", ("pending", "sending", "sent", "failed", "dropped", "held")),
    CheckConstraint("(state = 'sending') = (lease_until IS NOT NULL)", name="sending_is_leased"),
    CheckConstraint("state <> 'sent' OR sent_at IS NOT NULL", name="sent_has_time"),
    CheckConstraint("reached_at IS NULL OR state = 'sent'", name="reached_was_sent"),
    Index(
        "ix_outbox_pending",
        "priority",
        "not_before",
        sqlite_where=text("state = 'pending'"),
        postgresql_where=text("state = 'pending'"),
    ),
    Index(
        "ix_outbox_leased",
        "lease_until",
        sqlite_where=text("state = 'sending'"),
        postgresql_where=text("state = 'sending'"),
    ),
    Index(
        "ix_outbox_expires",
        "expires_at",
        sqlite_where=text("state = 'pending' AND expires_at IS NOT NULL"),
        postgresql_where=text("state = 'pending' AND expires_at IS NOT NULL"),
    ),
    Index("ix_outbox_alert", "alert_id", "step"),
    Index("ix_outbox_person", "person_id", "created_at"),
)
