"""What is filled in around a family, on plain pages: undertakings, shares, meetings, supervision. None of it in a chat.

Several things of one kind (decisions, new items) are numbered groups: what is left empty is nothing.
"""

from collections.abc import Iterable, Mapping

from config.forms import CASE, Form, Kind, Step

#: How many decisions a page has room for; the rest are added as items.
DECISIONS = 5
NEW_ITEMS = 3
YES = ("yes",)
RISKS = ("low", "medium", "high")


def _text(key: str, *, optional: bool = False, when: Mapping[str, tuple[str, ...]] | None = None) -> Step:
    return Step(key=key, kind=Kind.TEXT, optional=optional, when=when or {}, sensitivity=CASE)


def _day(key: str, *, optional: bool = False) -> Step:
    return Step(key=key, kind=Kind.DATE, optional=optional)


def _choice(
    key: str,
    options: Iterable[str] = (),
    *,
    source: str = "",
    optional: bool = False,
    typed: bool = False,
    when: Mapping[str, tuple[str, ...]] | None = None,
) -> Step:
    return Step(
        key=key,
        kind=Kind.CHOICE,
        options=tuple(options),
        source=source,
        optional=optional,
        typed=typed,
        when=when or {},
    )


UNDERTAKING = Form(
    "undertaking",
    (
        _text("concern"),
        _text("expected"),
        _text("otherwise"),
        _text("agencies", optional=True),
        _text("told"),
        _day("told_on"),
        _day("review_on"),
    ),
)

UNDERTAKING_NOTE = Form(
    "undertaking_note",
    (
        _choice("state", ("open", "kept", "broken", "ended")),
        _text("note"),
        Step(key="review_on", kind=Kind.DATE, optional=True, when={"state": ("open", "broken")}),
    ),
)

_SHARED = {"decided": ("share",)}
#: Somebody of the other agency has said on the phone that they have it.
ACKNOWLEDGED = Form("acknowledged", (_text("name"),))
SHARE = Form(
    "share",
    (
        _choice("decided", ("share", "withhold")),
        _choice("basis", ("protect_worker", "protect_child", "vital_interest", "legal_duty", "consent"), when=_SHARED),
        _text("basis_note", optional=True, when=_SHARED),
        Step(key="with_context", kind=Kind.MANY, options=YES, optional=True, when=_SHARED),
        Step(key="unverified", kind=Kind.MANY, options=YES, optional=True, when=_SHARED),
        _text("reason"),
    ),
)

MEETING = Form(
    "meeting",
    (
        _choice("kind", ("risk", "joint_debrief", "review")),
        Step(key="meets_at", kind=Kind.TIME),
        _text("why"),
        Step(key="invited", kind=Kind.MANY, source="partners", optional=True, sensitivity=CASE),
        _choice("parents", ("invited", "excluded")),
        _text("parents_why", when={"parents": ("excluded",)}),
        _text("share_what"),
        _text("share_how"),
        _text("share_when"),
    ),
)

_DECISION = (
    _text("what", optional=True),
    _choice("owner", source="team", optional=True),
    _text("who", optional=True),
    _day("due_on", optional=True),
)
HELD = Form(
    "held",
    (
        _text("notes"),
        *(
            Step(key=f"decision_{number}", kind=Kind.GROUP, optional=True, parts=_DECISION)
            for number in range(1, DECISIONS + 1)
        ),
        _text("told", optional=True),
        _day("review_on"),
    ),
)

CANCELLED = Form("cancelled", (_text("why"),))

WISH = Form(
    "wish",
    (
        _text("text"),
        _choice("family", source="families", optional=True, typed=True),
        _choice("risk", RISKS, optional=True),
    ),
)

_NEW = (_text("text", optional=True), _day("due_on", optional=True), _choice("mine", ("worker", "me"), optional=True))
_JUDGED = (
    _choice("family", source="families", optional=True, typed=True),
    _choice("worker", RISKS, optional=True),
    _text("worker_why", optional=True),
    _choice("supervisor", RISKS, optional=True),
    _text("supervisor_why", optional=True),
)


def supervision_form(items: Iterable[str], judgements: Iterable[str]) -> Form:
    """The form of one supervision: with room for what became of each of these open items and judgements, by id."""
    closed = tuple(_text(each, optional=True) for each in items)
    settled = tuple(_text(each, optional=True) for each in judgements)
    groups = (("closed", closed), ("settled", settled), ("judged", _JUDGED))
    return Form(
        "supervision",
        (
            Step(key="discussed", kind=Kind.MANY, source="points", optional=True, sensitivity=CASE),
            _text("notes"),
            _text("agreed", optional=True),
            *(Step(key=key, kind=Kind.GROUP, optional=True, parts=parts) for key, parts in groups if parts),
            *(
                Step(key=f"new_{number}", kind=Kind.GROUP, optional=True, parts=_NEW)
                for number in range(1, NEW_ITEMS + 1)
            ),
        ),
    )
