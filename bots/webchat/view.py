"""What the chat page shows: messages with their buttons, what may still be pressed, and what is always in reach."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from bots.dialogue.buttons import Tap, for_phase
from bots.dialogue.render import Button, Rendered, ceiling_for, render
from bots.dialogue.tokens import Token
from config.policy import Policy
from config.wording import Wording
from safety_service.actions import words
from safety_service.actions.conversation import Conversation, Heard, Told, look
from safety_service.domain.words import Role
from safety_service.store.database import Tx
from safety_service.web.visitor import Visitor

CHANNEL = "webchat"
#: While somebody may be looking over the worker's shoulder.
INSIDE_CEILING = "public"
#: Of an alert that is resolved no address stays on the screen.
OVER_CEILING = "plan"
#: The worker's own cries stay at the foot of the page while a visit runs, and so need not stand in each message.
CRIES = ("ring_me", "help")
RUNNING = ("inside", "home")
#: What stands there when none runs.
START = ("today", "plan")

View = dict[str, Any]


async def view_since(tx: Tx, visitor: Visitor, since: datetime | None, wording: Wording, public_url: str) -> View:
    """What is new since then, and how the page stands now."""
    spoken = await look(tx, visitor.actor, since)
    policy = await tx.policy()
    always = await _always(tx, visitor, wording)
    cries_apart = any(_is_cry(each["token"]) for each in always)
    told = [_told(each, spoken, visitor, policy, public_url, cries_apart) for each in spoken.told]
    heard = [_heard(each, visitor) for each in spoken.heard]
    return {
        "cursor": tx.now.isoformat(),
        "from": None if spoken.shown_from is None else spoken.shown_from.isoformat(),
        "messages": sorted(told + heard, key=_place),
        "open": sorted(str(each) for each in spoken.open),
        "always": always,
    }


def _place(message: View) -> Any:
    """Rows made later have later ids: an answer carries the time of the word that it answers, and comes after it."""
    return message["place"]


def _told(
    row: Told, spoken: Conversation, visitor: Visitor, policy: Policy, public_url: str, cries_apart: bool
) -> View:
    ceiling = OVER_CEILING if row.over else ceiling_for(policy, CHANNEL, row.template)
    rendered = render(
        row.template,
        row.params,
        channel=CHANNEL,
        ceiling=INSIDE_CEILING if spoken.inside else ceiling,
        zone=visitor.known.zone,
        now=row.at,
        # A link to this very page leads nowhere.
        public_url=public_url if row.alert_id is not None or row.params.get("page") else "",
    )
    return {
        "id": str(row.id),
        "place": f"{row.at.isoformat()} {row.id}",
        "mine": False,
        "seen": row.seen,
        "at": row.at.isoformat(),
        "clock": visitor.clock(row.at),
        "text": rendered.text,
        "buttons": _buttons(rendered, cries_apart),
    }


def _buttons(rendered: Rendered, cries_apart: bool) -> Sequence[View]:
    return [
        _button(button)
        for row in rendered.buttons
        for button in row
        if not (cries_apart and _is_cry(button.token or ""))
    ]


def _button(button: Button) -> View:
    shown: View = {"label": button.label, "kind": button.kind}
    if button.token is not None:
        shown["token"] = button.token
    if button.url is not None:
        shown["url"] = button.url
    return shown


def _heard(row: Heard, visitor: Visitor) -> View:
    said = row.payload.get("extra", {}).get("label") or row.payload.get("text", "")
    return {
        "id": row.provider_id.partition(":")[2],
        "place": f"{row.at.isoformat()} {row.id}",
        "mine": True,
        "at": row.at.isoformat(),
        "clock": visitor.clock(row.at),
        "text": said,
    }


async def _always(tx: Tx, visitor: Visitor, wording: Wording) -> list[View]:
    """While a visit of theirs runs: ring me and help, with labels that say nothing to somebody else. Else: a start."""
    row = await words.current(tx, visitor.actor)
    phase = None if row is None else row.visit.watch(visitor.person_id).phase
    if row is None or phase not in RUNNING:
        visits = visitor.actor.teams(Role.PRACTITIONER, Role.MANAGER)
        start = [_reach(Tap(each, Token(each)), wording) for each in START]
        return [*start, {**_reach(Tap("send_help", Token("help")), wording), "urgent": True}] if visits else []
    rows = for_phase({"phase": phase, "visit_id": str(row.id)})
    cries = [tap for taps in rows for tap in taps if _is_cry(str(tap.token))]
    return [{**_reach(each, wording), "urgent": True} for each in cries]


def _reach(tap: Tap, wording: Wording) -> View:
    return {"label": wording.label(f"button.{tap.label}"), "token": str(tap.token), "kind": "token"}


def _is_cry(token: str) -> bool:
    return token.partition(":")[0] in CRIES
