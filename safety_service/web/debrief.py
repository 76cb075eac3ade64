"""A worker's own debrief, part by part: what is too long or too private for a chat. What is typed is kept each time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from aiohttp import web

from config.forms import Form, Kind, Step
from config.forms_debrief import DebriefPart, debrief_form, debrief_parts
from safety_service.actions import debriefs
from safety_service.actions.colleagues import colleagues
from safety_service.actions.debrief_addenda import add_addendum
from safety_service.actions.debrief_asking import edition_of, signals, to_the_worker, visit_of
from safety_service.domain.words import Role
from safety_service.store.database import Tx
from safety_service.store.debriefs import Debrief
from safety_service.store.guidances import Edition
from safety_service.web.acting import done, looked
from safety_service.web.debrief_words import HEADINGS, PRIVATE, SIGNALS, debrief_words
from safety_service.web.form_answers import read_answers
from safety_service.web.form_page import Part, Words, form_page
from safety_service.web.pages import message
from safety_service.web.paths import id_of
from safety_service.web.visitor import Visitor

routes = web.RouteTableDef()

ADDENDUM = Form("addendum", (Step(key="text", kind=Kind.TEXT),))
_ADDENDUM_WORDS = Words(says={"text": "What is to be added?"}, help={"text": "What you told before stays as it is."})


@dataclass(frozen=True, slots=True)
class Telling:
    """A debrief as far as it is told, and the part that is open. `owners`: who can see to a gap."""

    row: Debrief
    edition: Edition
    about: Mapping[str, Any]
    owners: tuple[tuple[str, str], ...]
    #: What the service saw by itself.
    signals: tuple[str, ...] = ()
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


@routes.get("/debriefs/{id}/tell")
async def tell(request: web.Request) -> web.StreamResponse:
    """One part of it, with what was answered so far."""

    async def work(tx: Tx, visitor: Visitor) -> Telling:
        telling = await _telling(tx, visitor, id_of(request))
        missing = debriefs.missing(telling.edition.guidance, telling.row) if "missing" in request.query else {}
        return replace(telling, answers=telling.held, faults=missing)

    visitor, telling = await looked(request, "debrief", work)
    if telling.row.state != "draft":
        raise web.HTTPSeeOther(f"/debriefs/{telling.row.id}/add")
    return _page(request, visitor, telling, telling.part(request.query.get("part")))


@routes.post("/debriefs/{id}/tell")
async def told(request: web.Request) -> web.StreamResponse:
    """Keep this part, and go where the button says. What cannot be used is named at its field, and nothing is lost."""
    posted = await request.post()
    visitor, telling = await looked(request, "debrief", lambda tx, visitor: _telling(tx, visitor, id_of(request)))
    part, form = telling.part(str(posted.get("part", ""))), debrief_form(telling.edition.guidance)
    read = read_answers(form, posted, visitor.known.zone, keys=part.keys, before=telling.held)
    if read.wrong:
        shown = replace(telling, answers={**telling.held, **read.answers}, faults=read.wrong)
        return _page(request, visitor, shown, part)

    async def work(tx: Tx, visitor: Visitor) -> str:
        answers = _with_nothing_met(part, read.answers)
        row = await debriefs.keep(tx, visitor.actor, telling.row.id, answers, keys=part.keys)
        if part.key == "a" and debriefs.ready(row.answers):
            row = await debriefs.give_first_part(tx, visitor.actor, row.id)
        return await _go(tx, visitor, replace(telling, row=row), part, str(posted.get("do", "")))

    return await done(request, "tell", "debrief", work, back=request.path)


def _with_nothing_met(part: DebriefPart, answers: Mapping[str, Any]) -> dict[str, Any]:
    """Nothing chosen where a hard visit is asked what was met: that is an answer."""
    hard = part.key == "a" and answers.get("mood") in ("off", "bad")
    return {"met": [], **answers} if hard else dict(answers)


async def _go(tx: Tx, visitor: Visitor, telling: Telling, part: DebriefPart, do: str) -> str:
    here = f"/debriefs/{telling.row.id}"
    if do == "submit":
        missing = debriefs.missing(telling.edition.guidance, telling.row)
        if missing:
            first = next(each for each in telling.parts if set(each.keys) & missing.keys())
            return f"{here}/tell?part={first.key}&missing=1"
        await debriefs.submit(tx, visitor.actor, telling.row.id, {})
        return f"{here}/kept"
    if do == "later":
        return f"{here}/kept"
    following = telling.beside(part, -1 if do == "back" else 1) or part
    return f"{here}/tell?part={following.key}"


@routes.get("/debriefs/{id}/kept")
async def kept(request: web.Request) -> web.StreamResponse:
    """What has become of it so far."""
    visitor, telling = await looked(request, "debrief", lambda tx, visitor: _telling(tx, visitor, id_of(request)))
    if telling.row.state == "draft":
        here = f"/debriefs/{telling.row.id}/tell"
        said = "It is kept as it is. Come back to it when you can: you will be reminded."
        return message(request, "Kept", said, back=here, visitor=visitor)
    return message(request, "Given", "Thank you. What comes to mind later can be added.", back="/chat", visitor=visitor)


@routes.get("/debriefs/{id}/add")
async def add(request: web.Request) -> web.StreamResponse:
    """Something to be added to what was given."""
    visitor, telling = await looked(request, "debrief", lambda tx, visitor: _telling(tx, visitor, id_of(request)))
    if telling.row.state == "draft":
        raise web.HTTPSeeOther(f"/debriefs/{telling.row.id}/tell")
    return form_page(
        request,
        ADDENDUM,
        _ADDENDUM_WORDS,
        visitor,
        heading=_heading(visitor, telling),
        action=f"/debriefs/{telling.row.id}/add",
        answers={},
        zone=visitor.known.zone,
        intro=("You have given this. It stands as it is, and you can add to it.",),
        buttons=(("add", "Add it"),),
        links=_beside(telling, private=False),
    )


@routes.post("/debriefs/{id}/add")
async def added(request: web.Request) -> web.StreamResponse:
    """Add it, with its date."""
    text = str((await request.post()).get("text", ""))

    async def work(tx: Tx, visitor: Visitor) -> None:
        await add_addendum(tx, visitor.actor, id_of(request), text)

    return await done(request, "add", "debrief", work, back=f"/debriefs/{id_of(request)}/kept")


def _page(request: web.Request, visitor: Visitor, telling: Telling, part: DebriefPart) -> web.Response:
    guidance = telling.edition.guidance
    faults = {key: fault for key, fault in telling.faults.items() if key in part.keys}
    # A quiet visit's own question is asked in the chat, one each time; here only where it was.
    keys = tuple(key for key in part.keys if not key.startswith("quiet_") or key in telling.answers)
    last = telling.beside(part, 1) is None
    buttons = [("submit", "Give it: final")] if last else [("next", "Keep, and go on")]
    if telling.beside(part, -1) is not None:
        buttons.append(("back", "Keep, and go back"))
    private = part.key in ("e", "reflected")
    return form_page(
        request,
        debrief_form(guidance),
        debrief_words(guidance, telling.owners),
        visitor,
        heading=_heading(visitor, telling),
        action=f"/debriefs/{telling.row.id}/tell",
        answers=telling.answers,
        zone=visitor.known.zone,
        faults=faults,
        parts=[Part(heading=_place(telling, part), keys=keys)],
        intro=PRIVATE if private else _seen(telling, part),
        buttons=[*buttons, ("later", "Keep, the rest later")],
        hidden={"part": part.key},
        links=_beside(telling, private=private),
    )


def _beside(telling: Telling, *, private: bool) -> tuple[tuple[str, str], ...]:
    """Reflections are nothing to be spoken: whoever may read the rest may listen."""
    if private:
        return (("/notices/advice", "Where to find advice and support"),)
    return ((f"/debriefs/{telling.row.id}/speak", "Say it: record a voice note"),)


def _seen(telling: Telling, part: DebriefPart) -> tuple[str, ...]:
    """Part A says what is noted already, so that nobody has to write it."""
    if part.key != "a" or not telling.signals:
        return ()
    return (f"Noted by itself: {', '.join(telling.signals)}.",)


def _place(telling: Telling, part: DebriefPart) -> str:
    place = [each.key for each in telling.parts].index(part.key) + 1
    return f"{HEADINGS[part.key]} ({place} of {len(telling.parts)})"


def _heading(visitor: Visitor, telling: Telling) -> str:
    at = telling.row.asked_at.astimezone(visitor.known.zone)
    return f"{telling.about['ref']}, {at:%A} {at.day} {at:%B}"


async def _telling(tx: Tx, visitor: Visitor, debrief_id: UUID) -> Telling:
    row = await debriefs.own(tx, visitor.actor, debrief_id)
    managers = await colleagues(tx, visitor.actor, Role.MANAGER)
    owners = ((str(visitor.person_id), "Me"), *((str(each.id), each.name) for each in managers))
    seen = to_the_worker(await signals(tx, await visit_of(tx, row.visit_id), row.worker_id, row.answers))
    said = tuple(dict.fromkeys(SIGNALS.get(each["kind"], each["kind"]) for each in seen))
    return Telling(row, await edition_of(tx, row), await debriefs.about(tx, row), owners, said)
