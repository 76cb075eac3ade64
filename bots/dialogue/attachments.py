"""Voice notes, photographs, files: that they came is a word like any other, and what they hold is kept sealed."""

from __future__ import annotations

from uuid import UUID

from bots.dialogue import at_work, forming
from bots.dialogue.turn import Turn
from config.forms_debrief import CHAT
from safety_service.actions import debriefs, drafts, kept_files
from safety_service.actions.drafts import Draft
from safety_service.actions.kept_files import MEDIA, Spoken
from safety_service.domain.refusal import Refused


async def heard(turn: Turn) -> None:
    """Kept with the debrief that asks for words, or that is still to be told; else with the visit.

    What is too large, or of another kind, is answered with why; that it came is a note all the same.
    """
    text = turn.said.text.strip() or turn.frame.say(f"say.{turn.said.kind}")
    draft = None if turn.inside else await drafts.latest(turn.tx, turn.actor)
    if draft is not None and forming.wants_words(turn, draft):
        await _answered(turn, draft, text)
    elif (about := await _to_be_told(turn)) is not None:
        await _keep(turn, debrief_id=about)
        await turn.answer("reply.file_kept", phase=None)
    else:
        await _noted(turn, text)


async def _answered(turn: Turn, draft: Draft, text: str) -> None:
    """Only a debrief may be spoken: what somebody else decides by is written."""
    answer = forming.read(turn, draft, text)
    if answer is None or answer.fault is not None:
        await at_work.note(turn, text)
        return
    if draft.form == CHAT.name:
        await _keep(turn, debrief_id=draft.subject_id)
    elif not turn.said.text.strip():
        await turn.answer("form.type_it", phase=None)
        await forming.ask(turn, draft)
        return
    await forming.typed(turn, draft, answer, text)


async def _to_be_told(turn: Turn) -> UUID | None:
    """The one debrief that somebody who is not inside has yet to tell; with several it could be any."""
    if turn.inside or turn.said.kind not in MEDIA:
        return None
    wanted = await debriefs.wanted_of(turn.tx, turn.actor)
    return wanted[0].id if len(wanted) == 1 else None


async def _noted(turn: Turn, text: str) -> None:
    try:
        async with turn.tx.savepoint():
            await _keep(turn, visit_id=None if turn.current is None else turn.current.id)
    except Refused as why:
        await at_work.note(turn, text)
        await turn.answer(f"refused.{why.code}", **{key: str(value) for key, value in why.facts.items()})
        return
    await at_work.note(turn, text)


async def _keep(turn: Turn, *, visit_id: UUID | None = None, debrief_id: UUID | None = None) -> None:
    file = turn.said.extra.get("file")
    if file is None or turn.said.kind not in MEDIA:
        return
    spoken = Spoken(
        kind=turn.said.kind,
        provider_id=f"{turn.said.channel}:{turn.said.provider_id}",
        said_at=turn.said.said_at,
        media_type=file["media_type"],
        size=file["size"],
        seconds=file["seconds"],
        source=file["id"],
    )
    if debrief_id is None:
        await kept_files.note(turn.tx, turn.actor, spoken, visit_id=visit_id)
    else:
        await kept_files.speak(turn.tx, turn.actor, debrief_id, spoken)
