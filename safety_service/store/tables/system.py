"""The evidence log, stamps and leases of the processes, remembered answers, policy editions, keys."""

from sqlalchemy import JSON, Column, Index, Integer, String, Table, Text, UniqueConstraint, Uuid

from safety_service.store.tables.base import key, link, metadata, word
from safety_service.store.types import Sealed, SealedJson, UtcDateTime

#: All that anyone did, was told or read. Append-only: triggers refuse UPDATE and DELETE.
event_log = Table(
    "event_log",
    metadata,
    key(),
    link("agency_id", "agency", optional=True),
    Column("at", UtcDateTime, nullable=False),
    #: None: the clock or the service itself.
    Column("actor_id", Uuid),
    word("verb"),
    word("subject"),
    Column("subject_id", Uuid),
    Column("visit_id", Uuid),
    Column("alert_id", Uuid),
    Column("details", SealedJson, nullable=False),
    Index("ix_event_log_agency", "agency_id", "id"),
    Index("ix_event_log_alert", "alert_id"),
    Index("ix_event_log_visit", "visit_id"),
)

#: When each part of the service last did its work: `sweep`, `poller`, `inbox_drained`, `dispatcher`, `auditor`.
stamp = Table(
    "stamp",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("at", UtcDateTime, nullable=False),
    Column("info", JSON, nullable=False),
)

#: Locks held by a process for a while (the single long-poller).
lease = Table(
    "lease",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("holder", String(120), nullable=False),
    Column("until", UtcDateTime, nullable=False),
)

#: Answers to requests that carried an Idempotency-Key.
answered = Table(
    "answered",
    metadata,
    key(),
    link("person_id", "person"),
    Column("key", String(200), nullable=False),
    Column("request", String(64), nullable=False),
    Column("status", Integer, nullable=False),
    Column("body", SealedJson, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    UniqueConstraint("person_id", "key"),
)

policy_edition = Table(
    "policy_edition",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("text", Text, nullable=False),
    Column("applied_at", UtcDateTime, nullable=False),
    Column("applied_by", String(200), nullable=False),
    Column("why", String(500), nullable=False),
)

#: The key of the blind indexes, sealed with the key ring, so that rotation never changes an index.
secret = Table(
    "secret",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("value", Sealed, nullable=False),
)
