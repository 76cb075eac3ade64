"""Around the family: other agencies, what was shared, meetings, supervision; and what may not be deleted yet."""

from sqlalchemy import CheckConstraint, Column, Date, Index, Integer, String, Table, UniqueConstraint, text

from safety_service.store.tables.base import key, link, metadata, one_of, word
from safety_service.store.types import Sealed, SealedJson, UtcDateTime

#: Another agency at this family: whom to reach there, what they meet, whether they still go.
partner = Table(
    "partner",
    metadata,
    key(),
    link("agency_id", "agency"),
    link("family_id", "family"),
    Column("organisation", Sealed, nullable=False),
    #: `name`, `role`, `email`, `phone`.
    Column("contact", SealedJson, nullable=False),
    Column("verified_at", UtcDateTime),
    link("verified_by", "person", optional=True),
    #: Behaviours that they meet, by the guidance's keys.
    Column("meets", SealedJson, nullable=False),
    #: `yes`, `reduced`, `no`, `not_known`.
    word("visits"),
    Column("withheld", Sealed),
    #: `appeasing`, `opposing`, `neither`, `not_known`.
    word("stance"),
    #: Must not learn what is shared about this family, and why.
    Column("kept_out", Sealed),
    Column("version", Integer, nullable=False, server_default="1"),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    link("updated_by", "person", optional=True),
    Column("ended_at", UtcDateTime),
    one_of("visits", ("yes", "reduced", "no", "not_known")),
    one_of("stance", ("appeasing", "opposing", "neither", "not_known")),
    Index("ix_partner_family", "family_id"),
)

#: The information-sharing record (G10): proposed by an incident, decided by a person, acknowledged by the other agency.
share = Table(
    "share",
    metadata,
    key(),
    link("agency_id", "agency"),
    link("team_id", "team"),
    link("family_id", "family"),
    link("debrief_id", "debrief", optional=True),
    link("partner_id", "partner"),
    #: What a debrief tells only after a share was decided is the next round: that share stays as it was decided.
    Column("round", Integer, nullable=False, server_default="1"),
    word("state"),
    #: `text` (the least that they need), `context`.
    Column("body", SealedJson, nullable=False),
    word("basis", optional=True),
    Column("basis_note", Sealed),
    Column("proposed_at", UtcDateTime, nullable=False),
    link("decided_by", "person", optional=True),
    Column("decided_at", UtcDateTime),
    Column("reason", Sealed),
    #: Only a digest of the one-time link is kept.
    Column("digest", String(64), unique=True),
    Column("acknowledge_by", UtcDateTime),
    Column("next_at", UtcDateTime),
    #: How many people have been asked to see to it: it climbs.
    Column("step", Integer, nullable=False, server_default="0"),
    Column("acknowledged_at", UtcDateTime),
    Column("acknowledged_by", Sealed),
    one_of("state", ("proposed", "sent", "acknowledged", "withheld")),
    CheckConstraint("state <> 'proposed' OR next_at IS NOT NULL", name="undecided_is_chased"),
    CheckConstraint("state = 'proposed' OR decided_by IS NOT NULL", name="decided_by_somebody"),
    UniqueConstraint("debrief_id", "partner_id", "round"),
    Index("ix_share_family", "family_id"),
    Index(
        "ix_share_next_at",
        "next_at",
        sqlite_where=text("next_at IS NOT NULL"),
        postgresql_where=text("next_at IS NOT NULL"),
    ),
)

#: G12: a meeting of agencies, or a joint debrief; it ends in a version of the plan and a date for the next review.
meeting = Table(
    "meeting",
    metadata,
    key(),
    link("agency_id", "agency"),
    link("team_id", "team"),
    link("family_id", "family"),
    word("kind"),
    word("state"),
    link("called_by", "person"),
    Column("called_at", UtcDateTime, nullable=False),
    Column("meets_at", UtcDateTime, nullable=False),
    #: `why`, `invited`, `parents`, `parents_why`, `share_what`, `share_how`, `share_when`, `notes`, `decisions`.
    Column("body", SealedJson, nullable=False),
    Column("plan_number", Integer),
    Column("review_on", Date),
    Column("next_at", UtcDateTime),
    Column("version", Integer, nullable=False, server_default="1"),
    one_of("kind", ("risk", "joint_debrief", "review")),
    one_of("state", ("called", "held", "cancelled")),
    CheckConstraint("state <> 'held' OR plan_number IS NOT NULL", name="held_has_a_plan"),
    CheckConstraint("state <> 'held' OR review_on IS NOT NULL", name="held_has_a_review"),
    Index("ix_meeting_family", "family_id", "meets_at"),
    Index(
        "ix_meeting_next_at",
        "next_at",
        sqlite_where=text("next_at IS NOT NULL"),
        postgresql_where=text("next_at IS NOT NULL"),
    ),
)

#: G11: what was talked about and agreed. Records stand.
supervision = Table(
    "supervision",
    metadata,
    key(),
    link("agency_id", "agency"),
    link("worker_id", "person"),
    link("supervisor_id", "person"),
    Column("at", UtcDateTime, nullable=False),
    #: `discussed`, `agreed`, `items` (ids and what was said of each), `judgements` (family, worker's and supervisor's).
    Column("body", SealedJson, nullable=False),
    Index("ix_supervision_worker", "worker_id", "at"),
)

#: A family whose records retention does not touch while this holds.
hold = Table(
    "hold",
    metadata,
    key(),
    link("agency_id", "agency"),
    link("family_id", "family"),
    Column("why", Sealed, nullable=False),
    link("by", "person"),
    Column("at", UtcDateTime, nullable=False),
    Column("ended_at", UtcDateTime),
    link("ended_by", "person", optional=True),
    Index("ix_hold_family", "family_id"),
)
