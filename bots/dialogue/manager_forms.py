"""A manager's forms in the chat: closing an alert, deciding on a visit, handing a post over."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from bots.dialogue import forming
from bots.dialogue.forming import Keeper
from bots.dialogue.known import REASONS
from bots.dialogue.turn import Turn
from config.forms import COVER, DECISION, RESOLVE, Step
from safety_service.actions import alerts, decisions, drafts, duty, reading
from safety_service.actions.colleagues import colleagues
from safety_service.actions.drafts import Draft
from safety_service.actions.telling import iso
from safety_service.domain.words import Decided, Found, KnownBy, Role

#: What the form is about, as its questions say it.
ABOUT = "_about"
#: For how long a post is offered to be handed over, in hours.
HANDED_FOR = (1, 2, 4, 8)


class _About(Keeper):
    """A form whose questions all say what they are about."""

    async def words(self, turn: Turn, draft: Draft, step: Step) -> dict[str, Any]:  # noqa: ARG002
        """What it is about, and what was answered so far."""
        return {**draft.answers.get(ABOUT, {}), **self.form.given(draft.answers)}


class ResolveForm(_About):
    """The subject is the alert."""

    form = RESOLVE

    async def finish(self, turn: Turn, draft: Draft) -> None:
        """Close it; an SOS waits for a second person."""
        given = RESOLVE.given(draft.answers)
        found, known_by = Found(given["found"]), KnownBy(given["known_by"])
        row = await alerts.resolve(turn.tx, turn.actor, draft.subject_id, found, known_by, given.get("note", ""))
        await drafts.end(turn.tx, draft)
        said = "reply.second_asked" if row.alert.open else "reply.resolved"
        await turn.answer(said, number=row.alert.number, alert_id=str(row.id))


async def resolve(turn: Turn, alert_id: UUID, *, found: Found | None = None) -> None:
    """Ask what was found (unless that was said), and how it is known."""
    params = await reading.alarm_of(turn.tx, turn.actor, alert_id)
    about = {"number": params["number"], "worker": params.get("worker")}
    answers: dict[str, Any] = {ABOUT: about}
    if found is not None:
        answers["found"] = str(found)
    await forming.start(turn, RESOLVE.name, alert_id, answers)


class DecisionForm(_About):
    """The subject is the visit."""

    form = DECISION

    async def options(self, turn: Turn, draft: Draft, step: Step) -> list[dict[str, Any]]:
        """For the reason, what managers say most."""
        if step.key != "reason":
            return await super().options(turn, draft, step)
        names = [f"reason.{draft.answers['kind']}.{number}" for number in range(1, REASONS + 1)]
        return [{"value": turn.frame.say(name), "name": name} for name in names]

    async def finish(self, turn: Turn, draft: Draft) -> None:
        """Decide."""
        given = DECISION.given(draft.answers)
        await decisions.decide(turn.tx, turn.actor, draft.subject_id, Decided(given["kind"]), given["reason"])
        await drafts.end(turn.tx, draft)
        await turn.answer("reply.decided", kind=given["kind"])


async def decide(turn: Turn, visit_id: UUID, kind: Decided) -> None:
    """Ask for the reason of a decision on this visit."""
    row = await reading.visit(turn.tx, turn.actor, visit_id)
    about = {
        "ref": row.family_ref,
        "starts_at": iso(row.visit.starts_at),
        "risk": str(row.visit.risk),
        "because": [each["says"] for each in row.because],
    }
    await forming.start(turn, DECISION.name, visit_id, {"kind": str(kind), ABOUT: about})


class CoverForm(Keeper):
    """Hands a post that one holds to another manager; it stays until they say yes."""

    form = COVER

    async def options(self, turn: Turn, draft: Draft, step: Step) -> list[dict[str, Any]]:  # noqa: ARG002
        """One's own posts, other managers, some hours."""
        if step.key == "post":
            held = await posts_held(turn)
            return [{"value": each, "label": turn.frame.named("post", each)} for each in held]
        if step.key == "to":
            managers = await colleagues(turn.tx, turn.actor, Role.MANAGER)
            return [{"value": str(each.id), "label": each.name} for each in managers]
        moments = [(turn.tx.now + timedelta(hours=each)).isoformat() for each in HANDED_FOR]
        return [{"value": each, "at": each} for each in moments]

    async def finish(self, turn: Turn, draft: Draft) -> None:
        """Offer it."""
        given = COVER.given(draft.answers)
        until = datetime.fromisoformat(given["until"])
        shift = await duty.hand_over(turn.tx, turn.actor, given["post"], until, UUID(given["to"]))
        await drafts.end(turn.tx, draft)
        name = await _name_of(turn, shift.person_id)
        await turn.answer("reply.handed_over", post=shift.post, name=name)


async def _name_of(turn: Turn, person_id: UUID) -> str:
    found = await colleagues(turn.tx, turn.actor, Role.MANAGER)
    return next((each.name for each in found if each.id == person_id), "")


async def posts_held(turn: Turn) -> list[str]:
    """The posts on which the speaker is on duty now."""
    on = await duty.who_is_on(turn.tx, turn.actor)
    return sorted({each.post for each in on if turn.actor.person_id in {person.id for person in each.people}})
