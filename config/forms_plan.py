"""What managers decide of a plan, on plain pages: a measure with its changes, how the work goes on, a review."""

from config.forms import CASE, Form, Kind, Step

_CHANGE = {"kind": ("change",)}
#: What a measure may demand beside a number of people, an interval, and what is confirmed in words.
DEMANDS = ("police", "office", "daylight", "same_worker", "not_worker", "call_before", "call_after")
PEOPLE = ("2", "3", "4")
INTERVALS = ("10m", "15m", "30m", "1h")

#: `verdicts`: what can be said in the measure's state; `workers`: whom `same_worker` and `not_worker` are about.
MEASURE_DECISION = Form(
    "measure_decision",
    (
        Step(key="kind", kind=Kind.CHOICE, source="verdicts"),
        Step(key="reason", kind=Kind.CHOICE, source="ready", typed=True, sensitivity=CASE),
        Step(key="says", kind=Kind.TEXT, when=_CHANGE, optional=True, sensitivity=CASE),
        Step(key="people", kind=Kind.CHOICE, options=("1", *PEOPLE), when=_CHANGE, optional=True),
        Step(key="demands", kind=Kind.MANY, options=DEMANDS, when=_CHANGE, optional=True),
        Step(key="interval", kind=Kind.CHOICE, options=("none", *INTERVALS), when=_CHANGE, optional=True),
        Step(key="confirm", kind=Kind.TEXT, when=_CHANGE, optional=True, sensitivity=CASE),
        Step(key="worker_id", kind=Kind.CHOICE, source="workers", when=_CHANGE, optional=True, sensitivity=CASE),
        Step(key="who", kind=Kind.TEXT, when=_CHANGE, optional=True, sensitivity=CASE),
        Step(key="from_on", kind=Kind.DATE, when=_CHANGE, optional=True),
        Step(key="until_on", kind=Kind.DATE, when=_CHANGE, optional=True),
    ),
)

COURSE = Form(
    "course",
    (
        Step(key="kind", kind=Kind.CHOICE, options=("as_it_is", "with_measures", "somebody_else", "not_by_visits")),
        Step(key="reason", kind=Kind.TEXT, sensitivity=CASE),
        Step(key="until_on", kind=Kind.DATE),
    ),
)

REVIEW = Form(
    "plan_review",
    (Step(key="why", kind=Kind.TEXT, sensitivity=CASE), Step(key="review_on", kind=Kind.DATE)),
)

#: `measures`: those of the guidance.
PUT_FORWARD = Form(
    "put_forward",
    (
        Step(key="says", kind=Kind.CHOICE, source="measures", typed=True, sensitivity=CASE),
        Step(key="reason", kind=Kind.TEXT, sensitivity=CASE),
    ),
)
