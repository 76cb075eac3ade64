"""A worker's agenda as a card: what was met, what is to come, what is open, how they are."""

from __future__ import annotations

from collections.abc import Callable

from bots.dialogue.known import the_wording
from config.guidance import Guidance
from safety_service.actions.supervision import Seen
from safety_service.domain.supervising import Wellbeing
from safety_service.store.items import Item
from safety_service.web.around_page import Card, said_day, said_time
from safety_service.web.visitor import Visitor

BACK = {"yes": "Would go back", "with_someone": "Would go back with somebody", "not_me": "Would not go back"}
#: The guidance's words for a section and a key.
Says = Callable[[str, str], str]


def agenda_cards(seen: Seen, guidance: Guidance, visitor: Visitor) -> list[Card]:
    """The card of what there is to talk about; none where only the days are seen."""
    agenda = seen.agenda
    if agenda is None:
        return []
    says = guidance.says
    met = [f"{e.family_ref}, {said_day(e.on)}: {_words(says, 'behaviours', e.kinds)}" for e in agenda.hostility]
    coming = [
        f"{e.family_ref}, {said_time(e.starts_at, visitor)}: {e.risk}. {'; '.join(e.because)}" for e in agenda.expected
    ]
    states = [_state(each, says) for each in agenda.wellbeing]
    missing = [f"{each.family_ref}, {said_time(each.asked_at, visitor)}" for each in agenda.overdue]
    judged = [
        f"{e.family_ref}: {e.worker}, says the worker ({e.worker_why}); {e.supervisor}, says the supervisor"
        f" ({e.supervisor_why})"
        for e in agenda.judgements
    ]
    thoughts = [f"{says('reflections', key)}: {count}" for key, count in agenda.reflections.items()]
    lines = [
        ("Hostility met", "\n".join(met)),
        ("Hostility expected", "\n".join(coming)),
        ("Open", "\n".join(item_line(each) for each in agenda.items)),
        ("Reflections", "\n".join(thoughts)),
        ("How they are", "\n".join(states)),
        ("Debriefs that are missing", "\n".join(missing)),
        ("Judged differently", "\n".join(judged)),
    ]
    since = "so far" if agenda.since is None else f"last one: {said_time(agenda.since, visitor)}"
    return [Card(title=f"To talk about ({since})", lines=lines)]


def _state(each: Wellbeing, says: Says) -> str:
    told = (each.feeling, _words(says, "support", each.support), BACK.get(each.back, ""))
    return f"{said_day(each.on)}: {'. '.join(part for part in told if part)}"


def _words(says: Says, section: str, keys: tuple[str, ...]) -> str:
    return ", ".join(says(section, key) for key in keys)


def item_line(each: Item) -> str:
    """An open item in one line."""
    label = the_wording().label(f"item.{each.kind}")
    due = f" (by {said_day(each.due_on)})" if each.due_on else ""
    return f"{label}: {each.body.get('text', '')}{due}"
