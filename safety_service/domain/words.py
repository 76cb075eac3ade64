"""The words that stand in tables, API and exports, as enumerations (semantics.md, "Words kept as they stand")."""

from enum import StrEnum


class Risk(StrEnum):
    """How dangerous a visit is judged to be."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


class Status(StrEnum):
    """Where a visit stands as a whole."""

    PLANNED = "planned"
    WAITING = "waiting"
    BEGUN = "begun"
    OUT = "out"
    CLOSED = "closed"
    CANCELLED = "cancelled"
    NOT_BEGUN = "not_begun"


ENDED = frozenset({Status.CLOSED, Status.CANCELLED, Status.NOT_BEGUN})


class Outcome(StrEnum):
    """What came of the visit, said at out."""

    MET = "met"
    NO_ENTRY = "no_entry"
    REFUSED = "refused"
    ABORTED = "aborted"


class Phase(StrEnum):
    """What a worker is being watched for."""

    BEGIN = "begin"
    INSIDE = "inside"
    HOME = "home"
    DONE = "done"


class Stage(StrEnum):
    """The next thing that a watch will do."""

    REMIND = "remind"
    ASK = "ask"
    NUDGE = "nudge"
    ALARM = "alarm"


class Decided(StrEnum):
    """A manager's decision on a visit."""

    GO_AHEAD = "go_ahead"
    GO_AHEAD_WITH_MEASURES = "go_ahead_with_measures"
    CHANGE = "change"
    DO_NOT_VISIT = "do_not_visit"


class Proof(StrEnum):
    """Whether the worker's own word stands behind a word (high risk: extend, out, home)."""

    NOT_SET = "not_set"
    NOT_GIVEN = "not_given"
    RIGHT = "right"
    WRONG = "wrong"
    DURESS = "duress"


class Kind(StrEnum):
    """Why an alert was opened."""

    NOT_BEGUN = "not_begun"
    MISSED_CHECK_IN = "missed_check_in"
    NOT_OUT = "not_out"
    NOT_HOME = "not_home"
    RING_ME = "ring_me"
    SOS = "sos"
    DURESS = "duress"
    UNDELIVERABLE = "undeliverable"
    UNWATCHED = "unwatched"


DANGER = frozenset({Kind.SOS, Kind.DURESS})
#: The worker's own calls.
CRIES = DANGER | {Kind.RING_ME}
#: The worker's silence.
MISSES = frozenset({Kind.NOT_BEGUN, Kind.MISSED_CHECK_IN, Kind.NOT_OUT, Kind.NOT_HOME})
#: Alerts about the service, not about the worker's silence: they never swallow a miss.
ABOUT_SERVICE = frozenset({Kind.UNDELIVERABLE, Kind.UNWATCHED})


class State(StrEnum):
    """Where an alert stands."""

    OPEN = "open"
    TAKEN = "taken"
    RESOLVED = "resolved"


class Found(StrEnum):
    """What was found when an alert was resolved."""

    SAFE = "safe"
    FALSE_ALARM = "false_alarm"
    LATE = "late"
    HELPED = "helped"
    POLICE = "police"
    HARMED = "harmed"


class KnownBy(StrEnum):
    """How the person who resolves knows it."""

    HEARD_VOICE = "heard_voice"
    SEEN = "seen"
    POLICE_TOLD = "police_told"
    OTHER = "other"


class News(StrEnum):
    """What an owner can say without resolving."""

    STILL_TRYING = "still_trying"
    POLICE_RUNG = "police_rung"
    NOTE = "note"


class Role(StrEnum):
    """What a person may do in a team."""

    PRACTITIONER = "practitioner"
    MANAGER = "manager"
    REVIEWER = "reviewer"
    ADMINISTRATOR = "administrator"
