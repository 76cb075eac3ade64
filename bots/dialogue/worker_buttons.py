"""The buttons of somebody who is watched: at the door, inside, on the way; and those of their own word."""

from __future__ import annotations

from collections.abc import Mapping

from bots.dialogue.taps import Params, Rows, Tap, id_of
from bots.dialogue.tokens import Token


def _word(verb: str, params: Params, *, label: str | None = None, words: Mapping[str, str] | None = None) -> Tap:
    """A worker's word: it carries the question's number, so that an older one cannot answer a newer."""
    return Tap(label or verb, Token(verb, id_of(params, "visit_id"), params.get("ask")), words=words or {})


def _longer(params: Params, label: str = "extend") -> Tap:
    return _word("extend", params, label=label, words={"minutes": f"{params.get('extend_minutes', 15):g}"})


def _shorter(params: Params) -> Tap:
    minutes = f"{params.get('short_minutes', 5):g}"
    return _word("extend_short", params, label="extend", words={"minutes": minutes})


def cry(verb: str, params: Params, label: str | None = None) -> Tap:
    """Ring me and help never grow stale: they carry no number."""
    return Tap(label or verb, Token(verb, id_of(params, "visit_id")))


def inside(params: Params) -> Rows:
    """Always there from Going in to Out."""
    return (
        (_word("ok", params), _shorter(params), _longer(params), _word("out", params)),
        (cry("ring_me", params), cry("help", params)),
    )


def begun(params: Params) -> Rows:
    """Just gone in: what the phone may not be able to do."""
    rows = for_phase(params)
    return (*rows, (_word("battery", params), _word("no_signal", params))) if params.get("phase") == "inside" else rows


def how_long(params: Params) -> Rows:
    """For how long there will be no signal."""
    lengths = tuple(
        Tap("", Token("quiet", id_of(params, "visit_id"), params.get("ask"), str(each)), seconds=each)
        for each in _QUIET
    )
    return (lengths, *for_phase(params))


_QUIET = (900, 1800, 2700)


def own_word(params: Params) -> Rows:
    """The four words, two in a row; and the cries, which wait for nothing."""
    seconds = params.get("held_s")
    held = f"{params.get('held', '')}.{'' if seconds is None else f'{seconds:g}'}".rstrip(".")
    about = id_of(params, "visit_id"), params.get("ask")
    taps = [
        Tap("", Token("word", *about, f"{place}.{held}"), said=str(each).capitalize())
        for place, each in enumerate(params.get("four", ()))
    ]
    return (*(tuple(taps[at : at + 2]) for at in range(0, len(taps), 2)), *for_phase(params)[1:])


def at_the_door(params: Params) -> Rows:
    """Before begin."""
    return ((_word("begin", params), _word("late", params), _word("not_going", params)),)


def on_the_way(params: Params) -> Rows:
    """After out, until home."""
    return (
        (_word("home", params), _longer(params)),
        (cry("ring_me", params), cry("help", params, label="send_help")),
    )


def for_phase(params: Params) -> Rows:
    """The buttons that fit where the worker is now: `phase` says it."""
    shown = {"begin": at_the_door, "inside": inside, "home": on_the_way}.get(str(params.get("phase")))
    return shown(params) if shown is not None else ()
