"""The risk reduction plan: its versions, measures, decisions; how the work goes on; who has read the briefing."""

from sqlalchemy import CheckConstraint, Column, Date, Index, Integer, String, Table, UniqueConstraint, text

from safety_service.store.tables.base import key, link, metadata, one_of, word
from safety_service.store.types import Sealed, SealedJson, UtcDateTime

MEASURE_STATES = ("proposed", "provisional", "in_force", "refused", "done", "lapsed")
DECISIONS = ("accept", "change", "refuse", "done", "lapse")
#: How the work goes on: as it is, with measures, by somebody else, not by visits.
COURSES = ("as_it_is", "with_measures", "somebody_else", "not_by_visits")

#: A version is a picture of every measure as it stood; it is never changed, the next one follows it.
plan_version = Table(
    "plan_version",
    metadata,
    key(),
    link("agency_id", "agency"),
    link("family_id", "family"),
    Column("number", Integer, nullable=False),
    Column("made_at", UtcDateTime, nullable=False),
    link("made_by", "person", optional=True),
    #: What made it: `debrief`, `decision`, `meeting`, `review`, `expiry`.
    word("cause"),
    Column("why", Sealed, nullable=False),
    Column("measures", SealedJson, nullable=False),
    Column("review_on", Date),
    UniqueConstraint("family_id", "number"),
)

measure = Table(
    "measure",
    metadata,
    key(),
    link("agency_id", "agency"),
    link("family_id", "family"),
    #: The guidance's key, or `own` for one in somebody's own words.
    word("key"),
    Column("says", Sealed, nullable=False),
    #: As config.guidance.Demands writes them; held against every visit.
    Column("demands", SealedJson, nullable=False),
    #: Why: `debriefs`, `behaviours`, `reasons`, `clauses`, `words`.
    Column("because", SealedJson, nullable=False),
    #: Who sees to it, in words; and whom a demand is about (the named worker, the one who does not go).
    Column("who", Sealed),
    link("worker_id", "person", optional=True),
    word("state"),
    Column("from_on", Date, nullable=False),
    Column("until_on", Date),
    link("debrief_id", "debrief", optional=True),
    link("proposed_by", "person", optional=True),
    Column("proposed_at", UtcDateTime, nullable=False),
    #: Who has to decide, or to renew it; and when they are asked (again).
    link("owner_id", "person", optional=True),
    Column("decide_by", UtcDateTime),
    Column("next_at", UtcDateTime),
    one_of("state", MEASURE_STATES),
    CheckConstraint("state NOT IN ('proposed', 'provisional') OR next_at IS NOT NULL", name="undecided_is_chased"),
    Index("ix_measure_family", "family_id", "state"),
    Index("ix_measure_debrief", "debrief_id"),
    Index(
        "ix_measure_next_at",
        "next_at",
        sqlite_where=text("next_at IS NOT NULL"),
        postgresql_where=text("next_at IS NOT NULL"),
    ),
)

#: Decisions stand; they are only ever followed by another.
measure_decision = Table(
    "measure_decision",
    metadata,
    key(),
    link("measure_id", "measure"),
    word("kind"),
    Column("reason", Sealed, nullable=False),
    #: What was changed: `says`, `demands`, `who`, `from_on`, `until_on`; the rest is as it was.
    Column("changes", SealedJson),
    link("by", "person"),
    Column("at", UtcDateTime, nullable=False),
    one_of("kind", DECISIONS),
    Index("ix_measure_decision_measure", "measure_id", "at"),
    Index("ix_measure_decision_at", "at"),
)

#: G16: how the work goes on, for a family or for a worker; covers the visits of that plan version until its end.
course = Table(
    "course",
    metadata,
    key(),
    link("agency_id", "agency"),
    link("family_id", "family", optional=True),
    link("worker_id", "person", optional=True),
    word("kind"),
    Column("reason", Sealed, nullable=False),
    link("by", "person"),
    Column("at", UtcDateTime, nullable=False),
    Column("plan_number", Integer),
    Column("until_on", Date, nullable=False),
    one_of("kind", COURSES),
    CheckConstraint("(family_id IS NULL) <> (worker_id IS NULL)", name="one_subject"),
    Index("ix_course_family", "family_id", "at"),
    Index("ix_course_worker", "worker_id", "at"),
)

#: "I have read it": once for each version of the plan.
briefing_read = Table(
    "briefing_read",
    metadata,
    key(),
    link("family_id", "family"),
    link("person_id", "person"),
    link("visit_id", "visit", optional=True),
    Column("plan_number", Integer, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    UniqueConstraint("family_id", "person_id", "plan_number"),
    Index("ix_briefing_read_person", "person_id", "at"),
)

#: G8: what is expected of the family, and what follows otherwise. It is no agreement between partners.
undertaking = Table(
    "undertaking",
    metadata,
    key(),
    link("agency_id", "agency"),
    link("family_id", "family"),
    #: `concern`, `expected`, `otherwise`, `told`, `agencies` (what each does when it is broken).
    Column("body", SealedJson, nullable=False),
    word("state"),
    link("made_by", "person"),
    Column("made_at", UtcDateTime, nullable=False),
    Column("review_on", Date, nullable=False),
    Column("next_at", UtcDateTime),
    one_of("state", ("open", "kept", "broken", "ended")),
    Index("ix_undertaking_family", "family_id", "state"),
    Index(
        "ix_undertaking_next_at",
        "next_at",
        sqlite_where=text("next_at IS NOT NULL"),
        postgresql_where=text("next_at IS NOT NULL"),
    ),
)

undertaking_note = Table(
    "undertaking_note",
    metadata,
    key(),
    link("undertaking_id", "undertaking"),
    word("state"),
    Column("note", Sealed, nullable=False),
    link("by", "person"),
    Column("at", UtcDateTime, nullable=False),
    link("debrief_id", "debrief", optional=True),
    Index("ix_undertaking_note_undertaking", "undertaking_id", "at"),
)

#: G14: what the family takes away from a contact: fields of a list, and nothing else.
contact_summary = Table(
    "contact_summary",
    metadata,
    key(),
    link("agency_id", "agency"),
    link("family_id", "family"),
    link("visit_id", "visit"),
    link("by", "person"),
    Column("at", UtcDateTime, nullable=False),
    Column("body", SealedJson, nullable=False),
    #: `read_out`, `printed`, `sent`, or nothing yet.
    word("given", optional=True),
    Index("ix_contact_summary_visit", "visit_id"),
)

#: G3: the agency's statement on unacceptable behaviour, its code of conduct, where to find advice; a new one each time.
notice = Table(
    "notice",
    metadata,
    key(),
    link("agency_id", "agency"),
    word("kind"),
    Column("title", String(200), nullable=False),
    Column("text", Sealed, nullable=False),
    link("by", "person", optional=True),
    Column("at", UtcDateTime, nullable=False),
    one_of("kind", ("statement", "code_of_conduct", "advice")),
    Index("ix_notice_agency", "agency_id", "kind", "at"),
)
