"""Commands: every one also has a button where it makes sense; nobody has to remember them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta

from bots.dialogue import asking, at_work, forming, phone_state, plan_form, visit_form
from bots.dialogue.turn import Turn
from bots.dialogue.understanding import read_length, read_quick_visit
from config.forms import VISIT
from safety_service.actions import phrases
from safety_service.domain.refusal import Refused
from safety_service.domain.words import Role
from safety_service.store.visits import VisitRow

Command = Callable[[Turn, str], Awaitable[None]]


async def start(turn: Turn, _rest: str) -> None:
    """This chat is linked: who it speaks for, and what the service does and does not do."""
    await turn.answer("link.done", name=turn.actor.name)


async def visit(turn: Turn, rest: str) -> None:
    """Plan a visit; `/visit REF 45m every 15m` at once."""
    given = read_quick_visit(rest, turn.tx.now, turn.zone)
    if not given.ref:
        await forming.begin_or_go_on(turn, VISIT.name)
        return
    await forming.ask(turn, await visit_form.start_with(turn, given.ref, visit_form.quick(given)))


async def begin(turn: Turn, _rest: str = "") -> None:
    """Going in: at the next visit that has not begun."""
    await _with(turn, await turn.next_to_begin() or turn.current, at_work.begin)


async def here(turn: Turn, _rest: str = "") -> None:
    """ "in", "here": at the door it begins; said inside, it is an OK."""
    await _with(turn, turn.current if turn.inside else await turn.next_to_begin() or turn.current, at_work.begin)


async def ok(turn: Turn, _rest: str = "") -> None:
    """All well."""
    await _with(turn, turn.current, at_work.ok)


async def extend(turn: Turn, rest: str = "") -> None:
    """Longer; by how much, or by the usual."""
    by = read_length(rest.lstrip("+ ")) if rest.strip() else None
    if rest.strip() and by is None:
        raise Refused("extend_by_more_than_nothing")
    await extend_by(turn, by)


async def extend_by(turn: Turn, by: timedelta | None) -> None:
    """Longer by this much; None: by the usual."""

    async def longer(turn: Turn, row: VisitRow) -> None:
        await at_work.extend(turn, row, by)

    await _with(turn, turn.current, longer)


async def left(turn: Turn, _rest: str = "") -> None:
    """Out."""
    await _with(turn, turn.current, at_work.out)


async def home(turn: Turn, _rest: str = "") -> None:
    """Home."""
    await _with(turn, turn.current, at_work.home)


async def cancel(turn: Turn, _rest: str = "") -> None:
    """Not going."""
    await _with(turn, turn.current, at_work.cancel)


async def _with(turn: Turn, row: VisitRow | None, word: at_work.Word) -> None:
    if row is None:
        await turn.answer("reply.nothing_now")
    else:
        await word(turn, row)


async def sos(turn: Turn, _rest: str = "") -> None:
    """Send help."""
    await at_work.sos(turn)


async def ring_me(turn: Turn, _rest: str = "") -> None:
    """Ring me with a reason to leave."""
    await at_work.ring_me(turn)


async def help_(turn: Turn, _rest: str = "") -> None:
    """What can be said here now."""
    if turn.inside:
        await turn.answer("reply.help_inside", minutes=turn.situation()["extend_minutes"])
        return
    await turn.answer("reply.help")
    if turn.actor.is_any(Role.MANAGER):
        await turn.answer("reply.help_manager", phase=None)


async def stop(turn: Turn, _rest: str = "") -> None:
    """Ends nothing, and says so."""
    await turn.answer("reply.stop")


async def set_phrase(turn: Turn, _rest: str = "") -> None:
    """Agreed words are set on our own page, and never said here."""
    await turn.answer("reply.own_page", page=phrases.PAGE, page_label="button.own_page", phase=None, visit_id=None)


def _asking(ask: Callable[[Turn], Awaitable[None]]) -> Command:
    async def command(turn: Turn, _rest: str = "") -> None:
        await ask(turn)

    return command


COMMANDS: dict[str, Command] = {
    "start": start,
    "visit": visit,
    "begin": begin,
    "ok": ok,
    "extend": extend,
    "left": left,
    "out": left,
    "home": home,
    "cancel": cancel,
    "sos": sos,
    "ringme": ring_me,
    "battery": phone_state.battery,
    "nosignal": phone_state.no_signal,
    "setphrase": set_phrase,
    "today": _asking(asking.today),
    "where": _asking(asking.where),
    "debrief": _asking(asking.debrief),
    "brief": asking.brief,
    "plan": plan_form.plan,
    "board": _asking(asking.board),
    "alerts": _asking(asking.alerts),
    "cover": _asking(asking.cover),
    "me": _asking(asking.me),
    "help": help_,
    "stop": stop,
}
#: What may be said behind somebody's door; the rest would show names, and can wait.
INSIDE = frozenset(
    {
        "begin",
        "ok",
        "extend",
        "left",
        "out",
        "home",
        "cancel",
        "sos",
        "ringme",
        "where",
        "help",
        "stop",
        "battery",
        "nosignal",
    }
)
