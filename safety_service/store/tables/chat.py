"""What came in, and half-filled forms."""

from sqlalchemy import Boolean, CheckConstraint, Column, Index, Integer, String, Table, UniqueConstraint, Uuid, text

from safety_service.store.tables.base import key, link, metadata, one_of, word
from safety_service.store.types import SealedJson, UtcDateTime

#: P6: a word is kept here, once, before it is confirmed to the provider.
inbox = Table(
    "inbox",
    metadata,
    key(),
    word("channel"),
    Column("provider_id", String(120), nullable=False),
    #: Blind index of the chat that spoke: words of one chat are handled in order.
    Column("chat_index", String(64), nullable=False),
    link("person_id", "person", optional=True),
    Column("received_at", UtcDateTime, nullable=False),
    Column("said_at", UtcDateTime, nullable=False),
    Column("payload", SealedJson, nullable=False),
    word("state"),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("handled_at", UtcDateTime),
    Column("error", String(300)),
    #: Its chat goes before others.
    Column("urgent", Boolean, nullable=False, server_default=text("false")),
    one_of("channel", ("telegram", "webchat", "api", "sms", "voice")),
    one_of("state", ("new", "handled", "failed")),
    CheckConstraint("(state = 'new') = (handled_at IS NULL)", name="handled_has_time"),
    UniqueConstraint("channel", "provider_id"),
    Index(
        "ix_inbox_new",
        "chat_index",
        "id",
        sqlite_where=text("state = 'new'"),
        postgresql_where=text("state = 'new'"),
    ),
    Index("ix_inbox_person", "person_id", "received_at"),
)

#: A half-filled form: survives restarts; one of each form for a person at a time.
draft = Table(
    "draft",
    metadata,
    key(),
    link("person_id", "person"),
    word("form"),
    #: What the form is about (a visit, an alert), or the nil UUID.
    Column("subject_id", Uuid, nullable=False),
    Column("answers", SealedJson, nullable=False),
    Column("step", String(64), nullable=False),
    #: Grows with each question: a button of an older question cannot answer a newer one.
    Column("seq", Integer, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    UniqueConstraint("person_id", "form", "subject_id"),
)
