"""Which buttons a message has. They follow from its template and params, and are never stored."""

from __future__ import annotations

from collections.abc import Callable

from bots.dialogue.taps import Params, Rows, Tap, id_of
from bots.dialogue.tokens import Token
from bots.dialogue.worker_buttons import at_the_door, begun, cry, for_phase, how_long, inside, on_the_way, own_word

__all__ = ["Tap", "for_phase", "option_tap", "rows_for"]


def rows_for(template: str, params: Params) -> Rows:
    """The buttons of a message, row by row."""
    exact = _EXACT.get(template)
    if exact is not None:
        return exact(params)
    family = template.partition(".")[0]
    return _FAMILIES[family](params) if family in _FAMILIES else ()


def _about(verb: str, params: Params, key: str = "alert_id", *, step: bool = False) -> Tap:
    return Tap(verb, Token(verb, id_of(params, key), params.get("step") if step else None))


def _unrung(params: Params) -> bool:
    """Whether the worker's phone must not ring: nothing here may tempt anybody."""
    return "duress" in (params.get("kind"), params.get("variant"))


def _alarm(params: Params) -> Rows:
    first = _about("take_over" if params.get("state") == "taken" else "take", params)
    about = (first,) if not params.get("worker") else (first, *_call(params), _about("map", params))
    words = (_about("words_999", params),) if params.get("worker") else ()
    return (about, (*words, _about("pass_on", params), _about("wake", params, step=True)))


def _call(params: Params) -> tuple[Tap, ...]:
    return () if _unrung(params) else (_about("call", params),)


def owners(params: Params) -> Rows:
    """What the one who has it can do."""
    heard = () if _unrung(params) else (_about("safe", params),)
    return (
        (*heard, _about("trying", params), _about("rung_999", params)),
        (*_call(params), _about("pass_on", params), _about("close", params)),
    )


def _offer(params: Params) -> Rows:
    return (
        (_about("accept", params), _about("decline", params)),
        (*_call(params), _about("map", params), _about("words_999", params)),
    )


def _one(verb: str) -> Callable[[Params], Rows]:
    return lambda params: ((_about(verb, params),),)


def _second(params: Params) -> Rows:
    return ((_about("agree", params), _about("not_so", params)),)


def _alert_listed(params: Params) -> Rows:
    return owners(params) if params.get("mine") else _alarm(params)


def _ring(params: Params) -> Rows:
    return (tuple(_about(verb, params, "ring_id") for verb in ("spoke", "raise", "no_answer")),)


def _decision(params: Params) -> Rows:
    taps = [Tap(kind, Token("decide", id_of(params, "visit_id"), None, kind)) for kind in _DECISIONS]
    return (tuple(taps[:2]), tuple(taps[2:]))


_DECISIONS = ("go_ahead", "go_ahead_with_measures", "change", "do_not_visit")


def _proposal(params: Params) -> Rows:
    """To change it takes our own page, to which the message leads."""
    return (
        tuple(Tap(f"measure_{kind}", Token("measure", id_of(params, "measure_id"), None, kind)) for kind in _PROPOSAL),
    )


_PROPOSAL = ("accept", "refuse")


def _debrief(params: Params) -> Rows:
    return ((Tap("debrief", Token("debrief", id_of(params, "debrief_id"))),),)


def _pass_to(params: Params) -> Rows:
    """One button for each person who could have it; the last resort is the next rung."""
    people = tuple(
        (Tap("", Token("pass_to", id_of(params, "alert_id"), None, each["id"]), said=str(each["name"])),)
        for each in params.get("people", ())
    )
    return (*people, (_about("wake", params, step=True),))


def _gap_alerts(params: Params) -> Rows:
    """One alert can be acted on from here; several are shown one by one."""
    return _alert_listed(params) if params.get("alert_id") else ()


def _plain(*verbs: str) -> Callable[[Params], Rows]:
    return lambda _params: (tuple(Tap(verb, Token(verb)) for verb in verbs),)


def _form(params: Params) -> Rows:
    """A question's options, two in a row where they are short, and below them Back, Skip, Done, Leave it."""
    if "draft" not in params:
        return for_phase(params)
    options = [_option(params, index, option) for index, option in enumerate(params.get("options", ()))]
    wide = any(len(tap.said or "") > _SHORT for tap in options) or params.get("step") in _ONE_A_ROW
    each_row = 1 if wide else 2
    rows = [tuple(options[start : start + each_row]) for start in range(0, len(options), each_row)]
    if params.get("position"):
        rows.append((Tap("position", kind="position"),))
    rows.append(tuple(_turn(params, verb) for verb in ("done", "skip", "back", "leave") if params.get(verb)))
    return (*(row for row in rows if row), *for_phase(params))


_SHORT = 18
_ONE_A_ROW = frozenset({"strategies", "reason"})


def _option(params: Params, index: int, option: Params) -> Tap:
    token = Token("f", id_of(params, "draft"), params["seq"], str(index))
    return option_tap(option, token, picked=option["value"] in params.get("picked", ()))


def option_tap(option: Params, token: Token | None = None, *, picked: bool = False) -> Tap:
    """An option of a form as a button: a label that is kept (`name`), or what it says itself."""
    return Tap(
        str(option.get("name", "")),
        token,
        said=option.get("label"),
        at=option.get("at"),
        seconds=option.get("seconds"),
        picked=picked,
    )


def _turn(params: Params, verb: str) -> Tap:
    return Tap(verb, Token("f", id_of(params, "draft"), params["seq"], verb))


def _post(verb: str, params: Params) -> Tap:
    return Tap(verb, Token(verb, id_of(params, "shift_id")))


def _go_on(params: Params) -> Rows:
    return ((_turn(params, "go_on"), _turn(params, "restart")),)


_EXACT: dict[str, Callable[[Params], Rows]] = {
    "ask.going_in": at_the_door,
    "ask.not_begun": at_the_door,
    "ask.home": on_the_way,
    "ask.own_word": own_word,
    "bundle.alarms": lambda params: (
        (_about("take_all", params, "bundle_id"), Tap("list_alarms", Token("list_alarms"))),
    ),
    "reply.took_all": lambda params: ((_about("take_all", params, "bundle_id"),),) if params.get("more") else (),
    "alert.taken": _one("take_over"),
    "alert.taken_over": _one("take_over"),
    "alert.lapsed": _one("take"),
    "alert.nobody": _one("take"),
    "alert.offer": _offer,
    "alert.second_wanted": _second,
    "alert.resolved": lambda _params: (),
    "alert.news_wanted": owners,
    "alert.not_accepted": owners,
    **{f"alert.again_{kind}": owners for kind in ("not_begun", "missed_check_in", "not_out", "not_home")},
    **{f"alert.again_{kind}": owners for kind in ("ring_me", "sos", "duress", "undeliverable", "unwatched")},
    "ring.wanted": _ring,
    "decision.wanted": _decision,
    "plan.proposed": _proposal,
    "plan.undecided": _proposal,
    "debrief.remind": _debrief,
    "form.go_on": _go_on,
    **dict.fromkeys(("gap.alerts", "gap.lost_alerts"), _gap_alerts),
    "reply.took": owners,
    "reply.trying": owners,
    "reply.rung_999": owners,
    "reply.noted": owners,
    "reply.not_so": owners,
    "refused.taken_already": lambda params: _one("take_over")(params) if params.get("alert_id") else (),
    "reply.alert": _alert_listed,
    "reply.begin": begun,
    "reply.how_long": how_long,
    "reply.pass_to": _pass_to,
    "reply.pass_to_nobody": _pass_to,
    "reply.help": lambda params: ((cry("help", params, label="send_help"),), *_plain("today", "plan")(params)),
    "reply.help_wanted": inside,
    "reply.help_wanted_outside": lambda params: ((cry("help", params, label="send_help"),), *for_phase(params)),
    "reply.today": lambda params: (*for_phase(params), *_plain("plan")(params)),
    "reply.today_none": _plain("plan"),
    "reply.cover": lambda params: ((Tap("hand_over", Token("hand_over")),),) if params.get("held") else (),
    "link.done": _plain("today", "plan"),
    "channel.waiting": lambda params: (
        tuple(_about(verb, params, "channel_id") for verb in ("channel_yes", "channel_no")),
    ),
    "policy.offered": lambda params: (tuple(_about(verb, params, "offer_id") for verb in ("policy_yes", "policy_no")),),
    "duty.offered": lambda params: ((_post("post_yes", params), _post("post_no", params)),),
}

_FAMILIES: dict[str, Callable[[Params], Rows]] = {
    "ask": inside,
    "gap": for_phase,
    "alarm": _alarm,
    "reply": for_phase,
    "refused": for_phase,
    "form": _form,
}
