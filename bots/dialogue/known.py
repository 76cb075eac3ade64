"""Every template and label that the code speaks of, with the braces that it fills: the wording is checked by it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from functools import cache

from bots.dialogue import known_policy, known_running, known_taking, known_visits, known_ways
from bots.dialogue.known_refusals import REFUSALS
from config.forms import FORMS, Form, Step
from config.forms_debrief import CHAT
from config.wording import Wording, WordingError, read_wording
from safety_service.actions.gap_telling import Cause
from safety_service.domain.course import CourseKind
from safety_service.domain.debrief import Urgent
from safety_service.domain.effects import Question
from safety_service.domain.plan import MeasureDecision
from safety_service.domain.words import Decided, Found, Kind, KnownBy, Outcome, Phase, Risk, Role

Braces = AbstractSet[str]
#: Every form that is asked in a chat.
ALL_FORMS = (*FORMS.values(), CHAT)


@cache
def the_wording() -> Wording:
    """The wording, checked whole. Raises WordingError naming every fault."""
    wording = read_wording()
    if faults := wording.faults(templates(), labels()):
        raise WordingError(faults)
    return wording


#: Ready-made reasons for each decision.
REASONS = 3
#: Words that may come while an alarm is open.
LATE = ("begin", "ok", "extend", "silence", "out", "home", "cancel")
#: Templates for the same moment said in another way: asked again, high risk, that kind of alert.
VARIANTS = {
    "ask.going_in": ("high",),
    "ask.check_in": ("again",),
    "ask.end": ("again",),
    "ask.home": ("again",),
    "ask.own_word": ("again",),
    "alarm.ring": ("sos", "not_begun", "duress"),
    **{f"alert.late_{each}": ("duress",) for each in LATE},
    **dict.fromkeys(("ring.wanted", "debrief.urgent", "debrief.talk", "briefing.asked"), ("duress",)),
    "reply.alert": ("duress",),
    "reply.took": ("duress",),
    "reply.call": ("duress",),
    "reply.words_999": ("sos", "duress"),
    "worker.unread": ("inside",),
    "decision.told": ("go_ahead_with_measures", "change", "do_not_visit"),
    "plan.proposed": ("provisional",),
    "plan.undecided": ("provisional",),
    **known_taking.VARIANTS,
    "form.visit.confirm": ("high",),
    "form.visit.done": ("high", "lacking"),
}

#: Everything that can reach a worker between Going in and Out; a test reads along that each is safe at the door.
INSIDE = frozenset(
    {
        *(f"ask.{each}" for each in ("still_on", "check_in", "check_in/again", "end", "end/again", "own_word")),
        *(f"reply.{each}" for each in ("begin", "ok", "ok_far", "extend", "silence", "ring_me", "sos")),
        *(
            f"reply.{each}"
            for each in ("note", "note_kept", "file_kept", "stale", "old_button", "nothing_now", "later", "failed")
        ),
        *(f"reply.{each}" for each in ("help_wanted", "help_inside", "where_inside", "stop")),
        *(f"refused.{each}" for each in ("other", "not_found", "already_out", "cancel_only_before_begin")),
        *(f"refused.{each}" for each in ("cap_reached", "extend_by_more_than_nothing", "visit_is_over")),
        *(f"refused.{each}" for each in ("not_your_visit", "silence_is_for_inside", "not_begun_yet")),
        "refused.file_too_large",
        "refused.file_not_known",
        "file.lost",
        *(f"reply.{each}" for each in ("battery", "how_long")),
        "ask.own_word/again",
        "worker.read",
        "worker.unread/inside",
        "readiness.begun",
        *(f"gap.{each}" for each in ("worker", "lost_worker", "past")),
    }
)

_ASK = "time minutes ref starts_at ends_at"
_VISIT = "starts_at ends_at due_at ref risk RISK"
_SHORT = "number worker owner at kind"
_NEWS = f"{_SHORT} by by_at note said_at found known_by"
_ALARM = (
    f"{_SHORT} risk RISK company no_phone no_worker worker_phone office_phone opened_at due_at last_word_at starts_at"
    " ends_at address ref map because transport exit code_phrase last_seen description car medical next_of_kin"
    " told next passed by by_at battery_at spoken_at met since expected_at left_at"
)
_MANAGER = "ref worker risk RISK at until starts_at lacking"
_NEXT = "next_at next_ref"

_BRACES: dict[str, str] = {
    **{f"ask.{each}": _ASK for each in Question},
    "worker.read": "at",
    "worker.unread": "office_phone",
    **{f"gap.{each}": "from until office_phone" for each in ("worker", "home", "begin", "past")},
    **{f"gap.lost_{each}": "from until office_phone" for each in ("worker", "home", "begin")},
    **dict.fromkeys(("gap.manager", "gap.lost_manager"), "from until count"),
    **dict.fromkeys(("gap.alerts", "gap.lost_alerts"), "from until numbers yours"),
    "gap.administrator": "from until cause",
    "gap.unkept": "from count",
    **{f"alarm.{each}": _ALARM for each in (*Kind, "place", "ring", "told")},
    **{f"alert.{each}": _NEWS for each in ("taken", "taken_over", "lapsed", "resolved", "news_wanted", "not_accepted")},
    **{f"alert.late_{each}": _NEWS for each in LATE},
    **{f"alert.news_{each}": _NEWS for each in ("still_trying", "police_rung", "note")},
    **{f"alert.again_{each}": _NEWS for each in Kind},
    "alert.came": _SHORT,
    "alert.came_along": f"{_SHORT} by",
    "alert.offer": _ALARM,
    **known_ways.BRACES,
    **known_policy.BRACES,
    **known_running.BRACES,
    **known_visits.BRACES,
    **known_taking.BRACES,
    "alert.second_wanted": _NEWS,
    "alert.nobody": _SHORT,
    "ring.wanted": "worker worker_phone no_phone asked_at by_at code_phrase",
    **{f"manager.{each}": _MANAGER for each in ("begun_undecided", "assumed_out", "cap_reached", "planned_silence")},
    "decision.wanted": f"{_MANAGER} because",
    "decision.told": "ref starts_at kind by reason measures",
    "plan.proposed": "ref says own_says by_at because",
    "plan.undecided": "ref says own_says by_at",
    "plan.ended": "ref says own_says until_on",
    "plan.nobody_decides": "ref by_at",
    "plan.decided": "ref says own_says verdict by reason",
    "plan.running": "ref worker risk RISK new lacking",
    "plan.demanded": "ref starts_at lacking managers",
    "plan.review": "ref due_on",
    "plan.course_ends": "ref worker course until_on",
    "reply.plan": "ref",
    "reply.measure_decided": "says verdict",
    "debrief.remind": "starts_at ref",
    "debrief.overdue": "worker starts_at ref",
    "debrief.talk": "worker worker_phone starts_at ref",
    "debrief.urgent": "worker worker_phone starts_at ref urgent visits",
    "debrief.tell": "worker starts_at ref tell",
    "debrief.rest": "starts_at ref",
    "debrief.rest_overdue": "worker starts_at ref",
    "item.due": "item ref opened_at",
    "opening.told": "count",
    "facts.review": "ref count",
    "briefing.offer": "ref",
    "briefing.asked": "worker worker_phone ref note",
    "readiness.planned": "by",
    "readiness.begun": "by",
    "readiness.manager": "worker starts_at ref post",
    "review.wanted": "worker starts_at ref",
    "share.wanted": "ref count",
    **dict.fromkeys(("share.nobody_known", "share.acknowledged"), "ref"),
    **dict.fromkeys(("share.undecided", "share.unacknowledged"), "ref at"),
    **{f"undertaking.{each}": "ref" for each in ("broken", "which", "review")},
    **{f"meeting.{each}": "ref starts_at" for each in ("called", "held", "cancelled", "overdue", "review_due")},
    "supervision.asked": "worker",
    "supervision.recorded": "",
    "supervision.changed": "name",
    "supervision.handed": "worker",
    "link.new_channel": "kind at",
    "link.done": "name",
    "link.settings_changed": "at",
    "readiness.own_word": "",
    "reply.battery": f"{_VISIT} office_phone",
    "reply.how_long": "",
    "reply.own_page": "",
    **{f"duty.{each}": "post team by until" for each in ("covered", "offered", "accepted", "declined")},
    "reply.handed_over": "post name",
    "reply.post_taken": "post until",
    "reply.post_declined": "",
    "reply.debrief_none": "",
    **dict.fromkeys(("reply.file_kept", "reply.note_alarm"), ""),
    "file.lost": "said_at file office_phone",
    **{f"reply.{each}": _VISIT for each in ("begin", "ok", "late", "silence", "ring_me", "sos", "note", "note_kept")},
    "reply.ok_far": f"{_VISIT} distance",
    "reply.extend": f"{_VISIT} last out_by",
    "reply.out": f"{_VISIT} said_at {_NEXT}",
    "reply.home": f"{_VISIT} said_at {_NEXT}",
    "reply.cancel": _VISIT,
    "reply.ring_me_outside": "office_phone",
    "reply.sos_outside": "office_phone",
    **{f"reply.{each}": "" for each in ("stale", "old_button", "nothing_now", "later", "help_wanted")},
    **{f"reply.{each}": "" for each in ("help_wanted_outside", "help", "help_manager", "stop")},
    "reply.help_inside": "minutes",
    "reply.failed": "office_phone",
    "reply.today": "count visits",
    "reply.board": "count visits",
    **{f"reply.{each}": "" for each in ("today_none", "board_none", "alerts_none", "cover_none")},
    **{f"reply.where_{each}": f"{_VISIT} next_at" for each in ("begin", "inside", "home")},
    "reply.alert": f"{_ALARM} no_owner",
    "reply.cover": "posts",
    "reply.me": "name roles chats",
    "reply.brief": "ref",
    "reply.brief_none": "ref",
    "reply.took": f"{_ALARM} by_at",
    **{f"reply.{each}": _ALARM for each in ("call", "call_nobody", "map", "map_nowhere", "words_999", "pass_to")},
    "reply.pass_to_nobody": _ALARM,
    "reply.passed": "name",
    **{f"reply.{each}": "by_at number" for each in ("trying", "rung_999", "noted", "woken", "not_woken")},
    **{f"reply.{each}": "number" for each in ("second_asked", "not_so", "declined", "ring_spoke", "ring_raise")},
    "reply.resolved": "number",
    "reply.decided": "kind",
    **{f"line.{each}": f"{_VISIT} phase outcome worker number" for each in ("visit", "board", "past")},
    "line.post": "post names",
    "line.role": "role team",
    **{
        f"form.{each}": "given"
        for each in ("go_on", "elsewhere", "left", "finished", "unknown", "empty", "too_long", "type_it")
    },
    **{f"form.{each}": "given" for each in ("no_time", "no_duration", "no_place")},
    "form.visit.done": "starts_at length ref risk lacking managers",
    "form.debrief.done": _NEXT,
    "form.debrief.first": _NEXT,
}

#: What a form's questions may say besides their own words.
_FORM_BRACES = {
    "visit": "ref starts length every purpose risk RISK because lacking",
    "debrief": f"said_at starts_at due_at question {_NEXT}",
    "resolve": "number worker found",
    "decision": "worker starts_at ref risk RISK because kind",
    "measure": "says verdict",
    "cover": "",
    "opening": "ref",
}

_BUTTONS = (
    "plan_page measure_accept measure_refuse"
    " more ok extend out ring_me battery no_signal own_page"
    " help send_help begin late not_going home plan today debrief take take_over call map"
    " words_999 pass_on wake safe trying rung_999 close accept decline agree not_so spoke raise no_answer go_ahead"
    " go_ahead_with_measures change do_not_visit back leave done skip same go_on restart position hand_over"
    " post_yes post_no read"
).split()
_SAYINGS = "now you tomorrow day minutes hour hours hours_and seconds last_extra nobody_has any chosen seen_at"
_SAYINGS += " call_before call_after own_measure since_on seen_away cannot_take not_so agreed voice photo document note"
_SAYINGS += " this_is position"
ITEMS = "assessment_gap risk_assessment open_question supervision action meeting"
_POSTS = "manager_on_duty deputy_on_duty supervisor standing everyone"


def templates() -> Mapping[str, Braces]:
    """Every template with the braces that may stand in it."""
    known = {name: frozenset(braces.split()) for name, braces in _BRACES.items()}
    known |= {f"refused.{code}": frozenset(facts.split()) for code, facts in REFUSALS.items()}
    for form in ALL_FORMS:
        braces = frozenset(_FORM_BRACES[form.name].split())
        known |= {f"form.{form.name}.{step.key}": braces for step in form.steps}
    known |= {f"{name}/{moment}": known[name] for name, moments in VARIANTS.items() for moment in moments}
    return known


def labels() -> Braces:
    """Every label of a button or a word."""
    groups: dict[str, Iterable[str]] = {
        "button": (*_BUTTONS, *known_ways.BUTTONS, *known_taking.BUTTONS, *known_policy.BUTTONS),
        "risk": Risk,
        "kind": (*Kind, *Decided, "telegram", "webchat", "web", "device", *known_ways.KINDS),
        "verdict": MeasureDecision,
        "course": CourseKind,
        "found": Found,
        "known_by": KnownBy,
        "post": _POSTS.split(),
        "role": Role,
        "phase": (each for each in Phase if each is not Phase.DONE),
        "company": ("alone", "with"),
        "cause": Cause,
        "say": _SAYINGS.split(),
        "outcome": (*Outcome, "none"),
        "item": ITEMS.split(),
        "urgent": Urgent,
        "tell": ("team", "police"),
        **{f"reason.{kind}": map(str, range(1, REASONS + 1)) for kind in Decided},
    }
    named = {f"{group}.{name}" for group, names in groups.items() for name in names}
    options = {each for form in ALL_FORMS for step in form.steps for each in _option_labels(form, step)}
    return frozenset({"more", "repeat", "again", "waiting"} | named | options)


def _option_labels(form: Form, step: Step) -> Iterable[str]:
    """Lengths of time say themselves; every other option has its label."""
    return () if step.kind == "duration" else (f"option.{form.name}.{step.key}.{each}" for each in step.options)
