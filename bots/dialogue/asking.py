"""What one can ask for: one's day, what one is waited for, the board, open alerts, who is on duty, a family."""

from __future__ import annotations

from typing import Any

from bots.dialogue import debrief_form, forming, opening_form
from bots.dialogue.manager_forms import posts_held
from bots.dialogue.turn import Turn
from config.forms import COVER
from safety_service.actions import debriefs, duty, families, reading, speaking
from safety_service.actions.errors import NotFound
from safety_service.actions.reading import BoardRow
from safety_service.actions.telling import iso
from safety_service.actions.ties import REASON_WANTED
from safety_service.domain.refusal import Refused
from safety_service.domain.words import Phase, Role
from safety_service.store.visits import VisitRow

#: So many alerts, each with its buttons, are shown at once; and so many lines of the board.
ALERTS = 8
LINES = 40


async def today(turn: Turn) -> None:
    """One's own visits of the day."""
    rows = await reading.today(turn.tx, turn.actor)
    lines = [_visit_line(turn, each) for each in rows]
    await turn.answer("reply.today" if lines else "reply.today_none", count=len(lines), visits=lines)


def _visit_line(turn: Turn, row: VisitRow) -> dict[str, Any]:
    watch = turn.watch_of(row)
    phase = None if watch.phase is Phase.DONE else str(watch.phase)
    about = {"starts_at": iso(row.visit.starts_at), "ref": row.family_ref, "risk": str(row.visit.risk)}
    return {"line": "visit", **about, "phase": phase}


async def where(turn: Turn) -> None:
    """What one is being watched for, until when."""
    if turn.current is None:
        await turn.answer("reply.nothing_now")
        return
    watch = turn.watch_of(turn.current)
    await turn.answer(f"reply.where_{watch.phase}", next_at=iso(watch.next_at))


async def board(turn: Turn) -> None:
    """Who is out now, in one's teams."""
    if not turn.actor.teams(Role.MANAGER, Role.PRACTITIONER):
        raise Refused("not_your_role")
    rows = await reading.board(turn.tx, turn.actor)
    out = [each for each in rows if each.watch.phase in (Phase.INSIDE, Phase.HOME) or each.alerts]
    lines = [_board_line(each) for each in out[:LINES]]
    await turn.answer("reply.board" if out else "reply.board_none", count=len(out), visits=lines, phase=None)


def _board_line(row: BoardRow) -> dict[str, Any]:
    number = row.alerts[0].alert.number if row.alerts else None
    ref = None if row.alerts is None else row.visit.family_ref
    about = {"worker": row.worker, "phase": str(row.watch.phase), "due_at": iso(row.watch.due_at)}
    return {"line": "board", **about, "ref": ref, "number": number}


async def alerts(turn: Turn) -> None:
    """Open alerts that one may handle, each with its buttons."""
    page = await reading.alerts_of(turn.tx, turn.actor, open_only=True, limit=ALERTS)
    if not page.rows:
        await turn.answer("reply.alerts_none")
    for row in page.rows:
        params = await reading.alarm_of(turn.tx, turn.actor, row.id)
        mine = row.alert.owner_id == turn.actor.person_id
        await turn.answer("reply.alert", **{**params, "mine": mine, "phase": None})


async def cover(turn: Turn) -> None:
    """Who is on duty; whoever holds a post can hand it over."""
    on = await duty.who_is_on(turn.tx, turn.actor)
    lines = [
        {"line": "post", "post": each.post, "names": [person.name for person in each.people]}
        for each in on
        if each.people
    ]
    if not lines:
        await turn.answer("reply.cover_none")
        return
    held = await posts_held(turn)
    await turn.answer("reply.cover", posts=lines, held=bool(held), phase=None)


async def hand_over(turn: Turn) -> None:
    """Offer one's post to another manager."""
    if not await posts_held(turn):
        raise Refused("not_on_duty")
    await forming.start(turn, COVER.name)


async def me(turn: Turn) -> None:
    """Who the bot takes one for."""
    names = await speaking.team_names(turn.tx, turn.actor)
    roles = [
        {"line": "role", "role": str(role), "team": names[team]}
        for team, held in turn.actor.roles.items()
        for role in sorted(held)
    ]
    chats = await speaking.chats_of(turn.tx, turn.actor)
    await turn.answer("reply.me", name=turn.actor.name, roles=roles, chats=chats)


async def brief(turn: Turn, ref: str) -> None:
    """One tap to what is known of a family: the chat itself says nothing of it."""
    if not ref.strip():
        raise Refused("ref_wanted")
    try:
        family = await families.known(turn.tx, turn.actor, ref)
    except NotFound:
        await turn.answer("reply.brief_none", ref=ref.strip()[:40])
        return
    except Refused as why:
        if why.code != REASON_WANTED:
            raise
        await opening_form.ask(turn, ref.strip(), "briefing")
        return
    await opening_form.lead(turn, family.ref, "briefing")


async def debrief(turn: Turn) -> None:
    """The oldest debrief that has not been given."""
    open_ones = await debriefs.wanted_of(turn.tx, turn.actor)
    if not open_ones:
        await turn.answer("reply.debrief_none")
        return
    await debrief_form.go_on(turn, open_ones[0])
