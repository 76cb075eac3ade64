"""The evidence log, stamps and leases of the processes, remembered answers, policy editions, keys."""

from sqlalchemy import JSON, CheckConstraint, Column, Index, Integer, String, Table, Text, UniqueConstraint, Uuid

from safety_service.store.tables.base import key, link, metadata, one_of, word
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

#: An edition that loosens the policy, until a second administrator agrees; what became of it.
policy_offer = Table(
    "policy_offer",
    metadata,
    key(),
    Column("text", Text, nullable=False),
    Column("why", String(500), nullable=False),
    Column("offered_by", String(200), nullable=False),
    link("offered_by_id", "person", optional=True),
    Column("offered_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    #: The newest edition when it was offered: a later one voids it.
    Column("after_number", Integer, nullable=False),
    #: What it loosens, in words.
    Column("loosens", JSON, nullable=False),
    word("state"),
    Column("ended_by", String(200)),
    link("ended_by_id", "person", optional=True),
    Column("ended_at", UtcDateTime),
    #: The edition that it became.
    Column("number", Integer),
    one_of("state", ("offered", "agreed", "refused", "void")),
    CheckConstraint("(state = 'agreed') = (number IS NOT NULL)", name="agreed_has_edition"),
    CheckConstraint("ended_by_id IS NULL OR ended_by_id <> offered_by_id OR state <> 'agreed'", name="two_people"),
)

#: The evidence log as a chain: each digest holds the one before it. No reference: what was removed must show.
event_seal = Table(
    "event_seal",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("event_id", Uuid, nullable=False, unique=True),
    #: Of the details alone (keyed), so that the chain still holds when retention has removed them.
    Column("details_digest", String(64), nullable=False),
    Column("digest", String(64), nullable=False),
    Column("sealed_at", UtcDateTime, nullable=False),
)

#: The key of the blind indexes, sealed with the key ring, so that rotation never changes an index.
secret = Table(
    "secret",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("value", Sealed, nullable=False),
)
