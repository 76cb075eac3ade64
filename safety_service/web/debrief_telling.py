"""A debrief as it is being told: its parts, where one is among them, and the page of one part."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from aiohttp import web

from config.forms import Kind
from config.forms_debrief import DebriefPart, debrief_form, debrief_parts
from safety_service.actions import debriefs, drafts
from safety_service.actions.actor import Actor
from safety_service.actions.colleagues import colleagues
from safety_service.actions.debrief_asking import edition_of, signals, to_the_worker, visit_of
from safety_service.domain.words import Role
from safety_service.store.database import Tx
from safety_service.store.debriefs import Debrief
from safety_service.store.guidances import Edition
from safety_service.web.debrief_words import HEADINGS, PRIVATE, SIGNALS, debrief_words
from safety_service.web.form_page import fields
from safety_service.web.pages import page
from safety_service.web.visitor import Visitor

#: The draft of what cannot be used yet.
ASIDE = f"{drafts.ON_PAGES}debrief"


@dataclass(frozen=True, slots=True)
class Telling:
    """A debrief as far as it is told, and the part that is open. `owners`: who can see to a gap."""

    row: Debrief
    edition: Edition
    about: Mapping[str, Any]
    owners: tuple[tuple[str, str], ...]
    #: What the service saw by itself.
    signals: tuple[str, ...] = ()
    #: What was typed and cannot be used yet, by question: a group of which a part is still empty, a day that is none.
    aside: Mapping[str, Any] = field(default_factory=dict)
    answers: Mapping[str, Any] = field(default_factory=dict)
    faults: Mapping[str, str] = field(default_factory=dict)

    @property
    def held(self) -> dict[str, Any]:
        """Everything that was answered, part E too: it is the worker's own."""
        return {**self.row.answers, **(self.row.private or {})}

    @property
    def parts(self) -> list[DebriefPart]:
        """The parts that have a question to ask."""
        every = debrief_parts(self.edition.guidance)
        return [each for each in every if each.key == "a" or any(step.asked(self.held) for step in each.steps)]

    def part(self, key: str | None) -> DebriefPart:
        """The part with this key; without one, the first that is still to be told."""
        first = self.row.first_part_at is None or len(self.parts) == 1
        key = key or ("a" if first else self.parts[1].key)
        return next((each for each in self.parts if each.key == key), self.parts[0])

    def beside(self, part: DebriefPart, by: int) -> DebriefPart | None:
        """The part before this one (-1), or after it (+1)."""
        place = [each.key for each in self.parts].index(part.key) + by
        return self.parts[place] if 0 <= place < len(self.parts) else None


def typed_of(part: DebriefPart) -> tuple[str, ...]:
    """What of a part is typed. The page keeps it by itself; a tap that was not meant is kept by no script."""
    return tuple(each.key for each in part.steps if each.kind in (Kind.TEXT, Kind.GROUP))


def tell_page(request: web.Request, visitor: Visitor, telling: Telling, part: DebriefPart) -> web.Response:
    """One part, with what was answered, and the others to go to."""
    guidance = telling.edition.guidance
    faults = {key: fault for key, fault in telling.faults.items() if key in part.keys}
    # A quiet visit's own question is asked in the chat, one each time; here only where it was.
    keys = tuple(key for key in part.keys if not key.startswith("quiet_") or key in telling.answers)
    form, words = debrief_form(guidance), debrief_words(guidance, telling.owners)
    questions = fields(form, words, telling.answers, visitor.known.zone, faults=faults, keys=keys)
    last = telling.beside(part, 1) is None
    private = part.key in ("e", "reflected")
    context = {
        "heading": heading(visitor, telling),
        "here": f"/debriefs/{telling.row.id}/tell",
        "part": part.key,
        "place": place(telling, part),
        "intro": PRIVATE if private else seen(telling, part),
        "questions": questions,
        "wrong": [(each.name, each.says, each.fault) for each in questions if each.fault],
        "last": last,
        "first": telling.beside(part, -1) is None,
        "private": private,
        "parts": list(_parts(telling, part)),
    }
    return page(request, "debrief_tell.html", visitor, status=422 if faults else 200, context=context)


def _parts(telling: Telling, open_now: DebriefPart) -> Iterator[dict[str, Any]]:
    """Every part, and whether anything is told in it."""
    for number, each in enumerate(telling.parts, start=1):
        told = any(telling.held.get(key) not in (None, "", [], {}) for key in each.keys)
        yield {
            "key": each.key,
            "number": number,
            "name": HEADINGS[each.key],
            "told": told,
            "here": each.key == open_now.key,
        }


def seen(telling: Telling, part: DebriefPart) -> tuple[str, ...]:
    """Part A says what is noted already, so that nobody has to write it."""
    if part.key != "a" or not telling.signals:
        return ()
    return (f"Noted by itself: {'; '.join(telling.signals)}.",)


def place(telling: Telling, part: DebriefPart) -> str:
    """The part's name, and where it is among the others."""
    place = [each.key for each in telling.parts].index(part.key) + 1
    return f"{HEADINGS[part.key]} ({place} of {len(telling.parts)})"


def heading(visitor: Visitor, telling: Telling) -> str:
    """Of which visit it is."""
    at = telling.row.asked_at.astimezone(visitor.known.zone)
    return f"{telling.about['ref']}, {at:%A} {at.day} {at:%B}"


async def telling_of(tx: Tx, visitor: Visitor, debrief_id: UUID) -> Telling:
    """The visitor's own debrief. Raises NotFound."""
    row = await debriefs.own(tx, visitor.actor, debrief_id)
    managers = await colleagues(tx, visitor.actor, Role.MANAGER)
    owners = ((str(visitor.person_id), "Me"), *((str(each.id), each.name) for each in managers))
    noted = to_the_worker(await signals(tx, await visit_of(tx, row.visit_id), row.worker_id, row.answers))
    aside = await drafts.of(tx, visitor.actor, ASIDE, row.id)
    return Telling(
        row=row,
        edition=await edition_of(tx, row),
        about=await debriefs.about(tx, row),
        owners=owners,
        signals=tuple(dict.fromkeys(SIGNALS.get(each["kind"], each["kind"]) for each in noted)),
        aside={} if aside is None else aside.answers,
    )


async def put_aside(
    tx: Tx, actor: Actor, telling: Telling, keys: Collection[str], unusable: Mapping[str, Any] | None = None
) -> None:
    """Keep what cannot be used of the answers to these questions; what was put aside of them before is forgotten."""
    left = {key: each for key, each in telling.aside.items() if key not in keys}
    now = {**left, **(unusable or {})}
    if now != telling.aside:
        await drafts.begin(tx, actor, ASIDE, telling.row.id, now)
