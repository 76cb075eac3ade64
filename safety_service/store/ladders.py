"""A ladder as it is frozen onto an alert."""

from dataclasses import asdict
from datetime import timedelta
from functools import lru_cache
from typing import Any

from safety_service.domain.ladder import CALLS, VOICE_ANSWER, Ladder, Rung


@lru_cache(maxsize=100)
def written(ladder: Ladder) -> dict[str, Any]:
    """As JSON; times in seconds. Every alert of a kind has the same one, which nobody changes."""

    def plain(value: object) -> object:
        return value.total_seconds() if isinstance(value, timedelta) else value

    flat = {name: plain(value) for name, value in asdict(ladder).items() if name != "rungs"}
    return {**flat, "rungs": [{"who": each.who, "answer": plain(each.answer)} for each in ladder.rungs]}


_TIMES = ("repeat", "everyone_after", "news_within", "reply", "reach", "confirm")


def read(kept: dict[str, Any]) -> Ladder:
    """The same, of any age."""
    times = {name: None if kept[name] is None else timedelta(seconds=kept[name]) for name in _TIMES}
    rungs = tuple(Rung(each["who"], timedelta(seconds=each["answer"])) for each in kept["rungs"])
    # An alert that older code opened says nothing of calls.
    calls = kept.get("calls", CALLS)
    answer = timedelta(seconds=kept.get("voice_answer", VOICE_ANSWER.total_seconds()))
    return Ladder(rungs=rungs, together=kept["together"], calls=calls, voice_answer=answer, **times)  # type: ignore[arg-type]
