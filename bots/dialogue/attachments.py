"""Voice notes, photographs, files: that they came is a word like any other, and what they hold is kept sealed."""

from __future__ import annotations

from uuid import UUID

from bots.dialogue import for_help, forming, own_words
from bots.dialogue.turn import Turn
from config.forms_debrief import CHAT
from safety_service.actions import debriefs, drafts, kept_files, words
from safety_service.actions.drafts import Draft
from safety_service.actions.kept_files import MEDIA, Spoken
from safety_service.domain.refusal import Refused
from safety_service.store.debriefs import Debrief


async def heard(turn: Turn) -> None:
    """Kept with the debrief that asks for words, or that is still to be told; else with the visit.

    While an alert about somebody is open, what they send is for whoever comes, and for no debrief. What is too large,
    or of another kind, is answered with why; that it came, and what stood with it, is a note all the same.
    """
    await own_words.overheard(turn, turn.said.text)
    text = turn.said.text.strip() or turn.frame.say(f"say.{turn.said.kind}")
    apart = turn.inside or await for_help.call_of(turn) is not None
    draft = None if apart else await drafts.latest(turn.tx, turn.actor)
    if draft is not None and forming.wants_words(turn, draft):
        await _answered(turn, draft, text)
    elif not apart and (about := await _to_be_told(turn)) is not None:
        await _told_of(turn, about)
    else:
        await _noted(turn, text)


async def _answered(turn: Turn, draft: Draft, text: str) -> None:
    """Only a debrief may be spoken: what somebody else decides by is written."""
    answer = forming.read(turn, draft, text)
    if answer is None or answer.fault is not None:
        await for_help.note(turn, text)
        return
    spoken = draft.form == CHAT.name
    if (spoken and await _kept(turn, debrief_id=draft.subject_id)) or turn.said.text.strip():
        await forming.typed(turn, draft, answer, text)
    else:
        if not spoken:
            await turn.answer("form.type_it", phase=None)
        await forming.ask(turn, draft)


async def _to_be_told(turn: Turn) -> Debrief | None:
    """The one debrief that somebody who is not inside has yet to tell; with several it could be any."""
    if turn.said.kind not in MEDIA:
        return None
    wanted = await debriefs.wanted_of(turn.tx, turn.actor)
    return wanted[0] if len(wanted) == 1 else None


async def _told_of(turn: Turn, about: Debrief) -> None:
    typed = turn.said.text.strip()
    if typed:
        await words.note(turn.tx, turn.actor, about.visit_id, turn.word(note=typed))
    if await _kept(turn, debrief_id=about.id):
        await turn.answer("reply.file_kept", phase=None)


async def _noted(turn: Turn, text: str) -> None:
    """Why it was not kept comes last: it is what there is to do something about.

    The note is first, for it locks the visit: with the news of the file written before, two who send something from one
    visit in the same moment would wait for each other.
    """
    place = await for_help.place_of(turn)
    await for_help.note(turn, text)
    why = await _refused(turn, visit_id=place)
    if why is not None:
        await _say_why(turn, why)


async def _kept(turn: Turn, *, debrief_id: UUID) -> bool:
    why = await _refused(turn, debrief_id=debrief_id)
    if why is not None:
        await _say_why(turn, why)
    return why is None


async def _refused(turn: Turn, *, visit_id: UUID | None = None, debrief_id: UUID | None = None) -> Refused | None:
    """Keep it; or why it is not kept."""
    try:
        async with turn.tx.savepoint():
            await _keep(turn, visit_id=visit_id, debrief_id=debrief_id)
    except Refused as why:
        return why
    return None


async def _say_why(turn: Turn, why: Refused) -> None:
    await turn.answer(f"refused.{why.code}", **{key: str(value) for key, value in why.facts.items()})


async def _keep(turn: Turn, *, visit_id: UUID | None, debrief_id: UUID | None) -> None:
    file = turn.said.extra.get("file")
    if turn.said.kind not in MEDIA:
        raise Refused("file_not_known")
    if file is None:
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
