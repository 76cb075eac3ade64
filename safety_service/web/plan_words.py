"""The words of the plan's pages: states, decisions, demands, what changed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from config.duration import say_duration
from config.guidance import Demands, Guidance
from safety_service.domain.plan import Because, Difference
from safety_service.web.form_page import Words

STATES = {
    "proposed": "waits for a decision",
    "provisional": "holds until it is decided",
    "in_force": "in force",
    "refused": "refused",
    "done": "done",
    "lapsed": "ended",
}
VERDICTS = {
    "accept": "Accept it",
    "change": "Accept it with changes",
    "refuse": "Refuse it",
    "done": "It is done",
    "lapse": "It ends",
}
#: What stands above the ready reasons for each.
REASONS = {
    "accept": "Reasons to accept it",
    "change": "Reasons to accept it",
    "refuse": "Reasons to refuse it",
    "done": "Reasons why it is done",
    "lapse": "Reasons why it ends",
}
#: As it stands once it was decided.
DECIDED = {
    "accept": "accepted",
    "change": "accepted with changes",
    "refuse": "refused",
    "done": "done",
    "lapse": "ended",
}
COURSES = {
    "as_it_is": "As it is",
    "with_measures": "With the plan's measures",
    "somebody_else": "By somebody else than whoever was threatened or hurt",
    "not_by_visits": "Not by visits",
}
CAUSES = {
    "debrief": "after a debrief",
    "decision": "by a decision",
    "meeting": "by a meeting",
    "review": "by a review",
    "expiry": "because something ended",
}
DEMANDS = {
    "police": "With the police",
    "office": "Not at their home, at our office",
    "daylight": "By daylight",
    "same_worker": "One worker, and nobody else",
    "not_worker": "Not this worker",
    "call_before": "A call before",
    "call_after": "A call after",
}
CHANGES = {"new": "New", "gone": "No longer", "changed": "Changed"}
FIELDS = {
    "says": "words",
    "state": "state",
    "demands": "what it demands",
    "because": "reasons",
    "who": "who sees to it",
    "worker_id": "whom it is about",
    "from_on": "beginning",
    "until_on": "end",
}
DECIDING = Words(
    says={
        "kind": "What do you decide?",
        "reason": "Why? It cannot be changed afterwards.",
        "says": "The measure",
        "people": "How many go",
        "demands": "What it demands of a visit",
        "interval": "Longest time between two check-ins",
        "confirm": "What whoever plans has to confirm",
        "worker_id": "The worker whom it is about",
        "who": "Who sees to it",
        "from_on": "From",
        "until_on": "Until (you are asked then; it holds until you answer)",
    },
    options={
        "people": {"1": "One is enough", "2": "2", "3": "3", "4": "4"},
        "demands": DEMANDS,
        "interval": {"none": "As the risk asks", "10m": "10 min", "15m": "15 min", "30m": "30 min", "1h": "1 hour"},
    },
    only_if=dict.fromkeys(
        ("says", "people", "demands", "interval", "confirm", "worker_id", "who", "from_on", "until_on"),
        "Only if you accept it with changes",
    ),
)
COURSE = Words(
    says={
        "kind": "How does the work go on?",
        "reason": "Why?",
        "until_on": "Until which day?",
    },
    options={"kind": COURSES},
    help={"until_on": "You are asked again before it ends."},
)
PUT_FORWARD = Words(says={"says": "What would make it safer?", "reason": "Why?"})
REVIEW = Words(says={"why": "What did you look at, and what did you find?", "review_on": "Looked at again on"})


def demanded(demands: Demands) -> str:
    """What a measure demands of a visit, in words."""
    return ", ".join(_demanded(demands))


def _demanded(demands: Demands) -> Iterator[str]:
    if demands.people is not None:
        yield f"{demands.people} people"
    yield from (words for name, words in DEMANDS.items() if getattr(demands, name))
    if demands.interval is not None:
        yield f"a check-in every {in_minutes(demands.interval)}"
    if demands.training:
        yield f"training: {demands.training}"
    if demands.confirm:
        yield demands.confirm


def in_minutes(interval: timedelta) -> str:
    """How long, in minutes where it is so many."""
    minutes, rest = divmod(interval.total_seconds(), 60)
    return say_duration(interval) if rest else f"{minutes:g} minutes"


def because(why: Because, guidance: Guidance) -> str:
    """Why there is a measure: what was met, likely reasons, needs, somebody's words, and the clauses."""
    said = [
        *(guidance.says("behaviours", each) for each in why.behaviours),
        *(guidance.says("reasons", each) for each in why.reasons),
        *(guidance.says("needs", each) for each in why.needs),
        *filter(None, [why.words]),
    ]
    clauses = f" ({', '.join(why.clauses)})" if why.clauses else ""
    return f"{'; '.join(said)}{clauses}".strip()


def changed(difference: Difference) -> str:
    """A difference between two versions as a line."""
    fields = ", ".join(FIELDS.get(each, each) for each in difference.fields)
    return f"{CHANGES[difference.what]}: {difference.says}" + (f" ({fields})" if fields else "")
