"""Agencies, teams, people, what they may do, when they are on duty, and how they are reached."""

from sqlalchemy import Boolean, CheckConstraint, Column, Date, Index, Integer, String, Table, UniqueConstraint, text

from safety_service.domain.words import Role
from safety_service.store.tables.base import CHANNEL_KINDS, key, link, metadata, one_of, word
from safety_service.store.types import Sealed, SealedJson, UtcDateTime

agency = Table(
    "agency",
    metadata,
    key(),
    Column("name", String(200), nullable=False, unique=True),
    Column("timezone", String(64), nullable=False, server_default="Europe/London"),
    Column("demonstration", Boolean, nullable=False, server_default=text("false")),
    #: The data-protection assessment is confirmed: Telegram may carry more than linking.
    Column("assessed_at", UtcDateTime),
    Column("assessed_by", String(200)),
    Column("office_phone", String(64), nullable=False, server_default=""),
    #: The last alert number given out; numbers are short enough to be said on a phone.
    Column("last_number", Integer, nullable=False, server_default="0"),
    Column("created_at", UtcDateTime, nullable=False),
)

team = Table(
    "team",
    metadata,
    key(),
    link("agency_id", "agency"),
    Column("name", String(200), nullable=False),
    UniqueConstraint("agency_id", "name"),
)

person = Table(
    "person",
    metadata,
    key(),
    link("agency_id", "agency"),
    Column("name", Sealed, nullable=False),
    Column("email", Sealed),
    Column("email_index", String(64)),
    Column("phone", Sealed),
    Column("phone_index", String(64)),
    link("supervisor_id", "person", optional=True),
    Column("active", Boolean, nullable=False, server_default=text("true")),
    #: Car, description, next of kin, medical notes: given in advance, shown in alarms only.
    Column("responder", SealedJson),
    Column("created_at", UtcDateTime, nullable=False),
    #: Since when they work here no more: retention counts from it.
    Column("left_at", UtcDateTime),
    UniqueConstraint("agency_id", "email_index"),
    Index("ix_person_email_index", "email_index"),
    Index("ix_person_phone_index", "phone_index"),
)

membership = Table(
    "membership",
    metadata,
    link("person_id", "person", primary_key=True),
    link("team_id", "team", primary_key=True),
    Column("role", String(64), primary_key=True),
    one_of("role", Role),
    Index("ix_membership_team", "team_id", "role"),
)

training = Table(
    "training",
    metadata,
    link("person_id", "person", primary_key=True),
    Column("code", String(64), primary_key=True),
    Column("on", Date, nullable=False),
)

#: Keeps a person off a worker's or a family's rungs, alerts, positions, briefings and search.
exclusion = Table(
    "exclusion",
    metadata,
    key(),
    link("agency_id", "agency"),
    link("person_id", "person"),
    link("worker_id", "person", optional=True),
    link("family_id", "family", optional=True),
    Column("reason", Sealed, nullable=False),
    link("created_by", "person", optional=True),
    Column("created_at", UtcDateTime, nullable=False),
    Column("ended_at", UtcDateTime),
    CheckConstraint("(worker_id IS NULL) <> (family_id IS NULL)", name="one_subject"),
    Index("ix_exclusion_worker", "worker_id"),
    Index("ix_exclusion_family", "family_id"),
)

rota = Table(
    "rota",
    metadata,
    key(),
    link("team_id", "team"),
    word("post"),
    link("person_id", "person"),
    Column("starts_at", UtcDateTime, nullable=False),
    Column("ends_at", UtcDateTime, nullable=False),
    #: Whom this entry stands in for; while it runs, the covered person is off this post.
    link("covers_id", "person", optional=True),
    #: Offered, and not accepted yet: it counts for nothing, and the covered person stays on.
    Column("offered", Boolean, nullable=False, server_default=text("false")),
    link("created_by", "person", optional=True),
    Column("created_at", UtcDateTime, nullable=False),
    CheckConstraint("ends_at > starts_at", name="ends_after_start"),
    CheckConstraint("covers_id IS NULL OR covers_id <> person_id", name="covers_somebody_else"),
    CheckConstraint("NOT offered OR covers_id IS NOT NULL", name="offered_is_a_cover"),
    Index("ix_rota_team_times", "team_id", "starts_at", "ends_at"),
    Index("ix_rota_person", "person_id"),
)

standing = Table(
    "standing",
    metadata,
    link("agency_id", "agency", primary_key=True),
    link("person_id", "person", primary_key=True),
    Column("created_at", UtcDateTime, nullable=False),
)

#: A way to reach a person. At most one live channel for each address.
channel = Table(
    "channel",
    metadata,
    key(),
    link("person_id", "person"),
    word("kind"),
    Column("address", Sealed, nullable=False),
    Column("address_index", String(64), nullable=False),
    word("state"),
    Column("since", UtcDateTime, nullable=False),
    Column("changed_at", UtcDateTime, nullable=False),
    #: An address that its owner has yet to prove says nothing; a manager's change waits for a second person.
    Column("proven_at", UtcDateTime),
    link("agreed_by", "person", optional=True),
    Column("agreed_at", UtcDateTime),
    one_of("kind", CHANNEL_KINDS),
    one_of("state", ("proposed", "waiting", "active", "blocked", "ended")),
    CheckConstraint("agreed_by IS NULL OR agreed_by <> person_id", name="agreed_by_another"),
    Index(
        "uq_channel_live_address",
        "kind",
        "address_index",
        unique=True,
        sqlite_where=text("state IN ('active', 'blocked')"),
        postgresql_where=text("state IN ('active', 'blocked')"),
    ),
    Index("ix_channel_person", "person_id"),
)

#: What a person agreed on for when they cannot speak freely; set on our own page, and never said in a chat.
phrase = Table(
    "phrase",
    metadata,
    link("person_id", "person", primary_key=True),
    #: `own`, `duress`, `decoys` (two words), `tap` (which innocent tap means duress, or empty), `code` (said on the
    #: phone, means danger).
    Column("words", SealedJson, nullable=False),
    Column("set_at", UtcDateTime, nullable=False),
)

#: One-time codes: linking a chat, signing in on the web (by a link that was handed over, or one that was asked for and
#: sent by e-mail), pairing a program, proving a channel, showing again who sits there. Only a digest is kept.
code = Table(
    "code",
    metadata,
    key(),
    Column("digest", String(64), nullable=False, unique=True),
    word("purpose"),
    link("person_id", "person"),
    Column("expires_at", UtcDateTime, nullable=False),
    Column("used_at", UtcDateTime),
    link("created_by", "person", optional=True),
    Column("created_at", UtcDateTime, nullable=False),
    one_of("purpose", ("link", "sign_in", "prove", "again", "email")),
)

#: A signed-in browser (`web`) or a paired program or phone (`device`).
session = Table(
    "session",
    metadata,
    key(),
    Column("digest", String(64), nullable=False, unique=True),
    word("kind"),
    link("person_id", "person"),
    Column("label", String(200), nullable=False, server_default=""),
    Column("created_at", UtcDateTime, nullable=False),
    Column("seen_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    Column("ended_at", UtcDateTime),
    #: When whoever sits there last showed that it is them.
    Column("proven_at", UtcDateTime),
    one_of("kind", ("web", "device")),
    Index("ix_session_person", "person_id"),
)

#: An account with the agency's own sign-in service (OpenID Connect) that speaks for a person.
identity = Table(
    "identity",
    metadata,
    key(),
    link("person_id", "person"),
    Column("issuer", String(300), nullable=False),
    #: Blind index of the subject; the subject itself is not kept.
    Column("subject_index", String(64), nullable=False),
    word("state"),
    Column("since", UtcDateTime, nullable=False),
    Column("changed_at", UtcDateTime, nullable=False),
    link("agreed_by", "person", optional=True),
    Column("agreed_at", UtcDateTime),
    one_of("state", ("waiting", "active", "ended")),
    CheckConstraint("agreed_by IS NULL OR agreed_by <> person_id", name="agreed_by_another"),
    Index("ix_identity_person", "person_id"),
    Index(
        "uq_identity_live_subject",
        "issuer",
        "subject_index",
        unique=True,
        sqlite_where=text("state IN ('waiting', 'active')"),
        postgresql_where=text("state IN ('waiting', 'active')"),
    ),
)

#: What somebody looks for again and again: one's own, for nobody else.
saved_filter = Table(
    "saved_filter",
    metadata,
    key(),
    link("person_id", "person"),
    #: The page that it is for, by a word of ours (`log`); `log:now` is what was typed there just now, without a name.
    word("page"),
    Column("name", Sealed, nullable=False),
    #: The fields of the page's form, by name.
    Column("query", SealedJson, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Index("ix_saved_filter_person", "person_id", "page"),
)

#: When somebody is away. Why is nobody's business here.
leave = Table(
    "leave",
    metadata,
    key(),
    link("person_id", "person"),
    Column("starts_at", UtcDateTime, nullable=False),
    Column("ends_at", UtcDateTime, nullable=False),
    link("created_by", "person", optional=True),
    Column("created_at", UtcDateTime, nullable=False),
    CheckConstraint("ends_at > starts_at", name="ends_after_start"),
    Index("ix_leave_person", "person_id", "ends_at"),
)
