"""An alert on a page of its own: what the alarm says now, and what can be done about it. Opening it does nothing."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from uuid import UUID

from aiohttp import web
from multidict import MultiMapping

from bots.dialogue.render import render
from safety_service.actions import alerts as handling
from safety_service.actions import kept_files, matters, reading, refusals
from safety_service.actions.access import Matter, may_handle
from safety_service.actions.actor import Actor
from safety_service.actions.alarm import alarm_params
from safety_service.actions.errors import NotFound
from safety_service.actions.visitors import names_of
from safety_service.domain.keeping import how_long
from safety_service.domain.refusal import Refused
from safety_service.domain.words import Found, KnownBy, News, State
from safety_service.services import DATABASE, WORDING
from safety_service.store.alerts import AlertRow
from safety_service.store.database import Tx
from safety_service.transact import in_transaction
from safety_service.web import again
from safety_service.web.pages import message, page
from safety_service.web.paths import id_of
from safety_service.web.recordings import recordings
from safety_service.web.visitor import Visitor, visitor_of

routes = web.RouteTableDef()

#: Our own page carries all that an alarm says.
CHANNEL, CEILING = "webchat", "case"
LONGEST_NOTE = 2000  # characters
#: What ends an alert: who does that has shown lately that it is them. Nothing before it waits for that.
ENDS = frozenset({"resolve", "agree"})

Fields = MultiMapping[Any]
Act = Callable[[Tx, Actor, UUID, Fields], Awaitable[AlertRow]]


@routes.get("/alerts/{id}")
async def alert(request: web.Request) -> web.StreamResponse:
    """The page. That it was read is kept in the evidence log."""

    async def work(tx: Tx) -> tuple[Visitor, dict[str, Any]]:
        visitor = await visitor_of(tx, request, keeps=True)
        return visitor, await _shown(tx, request, visitor)

    visitor, context = await in_transaction(request.app[DATABASE], work)
    return page(request, "alert.html", visitor, context=context)


@routes.post("/alerts/{id}/{verb}")
@again.asked_when(lambda request: request.match_info["verb"] in ENDS)
async def act(request: web.Request) -> web.StreamResponse:
    """One of the buttons; then the page again, which shows what it did."""
    verb = request.match_info["verb"]
    if verb not in ACTS:
        raise NotFound
    fields = await request.post()

    async def work(tx: Tx) -> tuple[Visitor, Refused | NotFound | None]:
        visitor = await visitor_of(tx, request, keeps=True)
        try:
            async with tx.savepoint():
                await ACTS[verb](tx, visitor.actor, id_of(request), fields)
        except (Refused, NotFound) as why:
            await refusals.note(tx, visitor.actor, verb, why, subject="alert", subject_id=id_of(request))
            return visitor, why
        return visitor, None

    visitor, why = await in_transaction(request.app[DATABASE], work)
    back = f"/alerts/{id_of(request)}"
    if isinstance(why, NotFound):
        raise why
    if why is not None:
        said = render(f"refused.{why.code}", why.facts, channel=CHANNEL, ceiling=CEILING, zone=visitor.known.zone)
        return message(request, "That was not done", said.text, status=409, back=back, visitor=visitor)
    raise web.HTTPSeeOther(back)


async def _shown(tx: Tx, request: web.Request, visitor: Visitor) -> dict[str, Any]:
    row = await reading.alert(tx, visitor.actor, id_of(request))
    scene = await handling.scene_of(tx, row)
    params = await alarm_params(tx, row, scene)
    may = row.alert.open and _may(visitor.actor, await matters.of_alert(tx, row, scene))

    def said(template: str) -> str:
        return render(template, params, channel=CHANNEL, ceiling=CEILING, zone=visitor.known.zone, now=tx.now).text

    wording = request.app[WORDING]
    return {
        "alert": row.alert,
        "text": said(f"alarm.{row.alert.kind}"),
        "words_999": said("reply.words_999") if may and params["worker"] else "",
        "now": visitor.clock(tx.now),
        "phone": None if params.get("variant") == "duress" else params["worker_phone"],
        "worker": params["worker"],
        "mine": row.alert.owner_id == visitor.person_id,
        "may": may,
        "label": lambda name: wording.label(f"button.{name}"),
        "founds": _options(wording.labels, "found", Found),
        "known_bys": _options(wording.labels, "known_by", KnownBy),
        "removed": how_long((await tx.policy()).retention.visits) if scene.row and scene.row.removed else None,
        "recordings": recordings(await kept_files.of_alert(tx, visitor.actor, row.id), visitor.known.zone),
        **await _story(tx, visitor, row),
    }


async def _story(tx: Tx, visitor: Visitor, row: AlertRow) -> dict[str, Any]:
    """Who has it, what was found, and whether a second person is waited for."""
    found = row.alert.resolution
    people = (row.alert.owner_id, None if found is None else found.by)
    names = await names_of(tx, {each for each in people if each is not None})
    waits = found is not None and row.alert.open
    return {
        "owner": None if row.alert.owner_id is None else names[row.alert.owner_id],
        "finding": found,
        "found_by": None if found is None else names[found.by],
        "second_wanted": waits,
        "my_finding": found is not None and found.by == visitor.person_id,
        "nobody": row.alert.state is State.OPEN,
        "ended": None if row.alert.resolved_at is None else visitor.clock(row.alert.resolved_at),
    }


def _may(actor: Actor, matter: Matter) -> bool:
    try:
        may_handle(actor, matter)
    except Refused:
        return False
    return True


def _options(labels: Mapping[str, str], step: str, values: type[Found] | type[KnownBy]) -> dict[str, str]:
    return {str(each): labels[f"option.resolve.{step}.{each}"] for each in values}


async def _take(tx: Tx, actor: Actor, alert_id: UUID, _fields: Fields) -> AlertRow:
    return await handling.take(tx, actor, alert_id)


async def _take_over(tx: Tx, actor: Actor, alert_id: UUID, _fields: Fields) -> AlertRow:
    return await handling.take(tx, actor, alert_id, take_over=True)


async def _wake(tx: Tx, actor: Actor, alert_id: UUID, fields: Fields) -> AlertRow:
    step = str(fields.get("step", ""))
    return await handling.escalate(tx, actor, alert_id, int(step) if step.isdecimal() else None)


async def _trying(tx: Tx, actor: Actor, alert_id: UUID, fields: Fields) -> AlertRow:
    return await handling.news(tx, actor, alert_id, News.STILL_TRYING, _note(fields))


async def _rung_999(tx: Tx, actor: Actor, alert_id: UUID, fields: Fields) -> AlertRow:
    return await handling.news(tx, actor, alert_id, News.POLICE_RUNG, _note(fields))


async def _resolve(tx: Tx, actor: Actor, alert_id: UUID, fields: Fields) -> AlertRow:
    try:
        found, known_by = Found(str(fields.get("found"))), KnownBy(str(fields.get("known_by")))
    except ValueError:
        raise web.HTTPBadRequest(text="Say what was found and how you know.") from None
    return await handling.resolve(tx, actor, alert_id, found, known_by, _note(fields))


async def _agree(tx: Tx, actor: Actor, alert_id: UUID, fields: Fields) -> AlertRow:
    """To what the page showed: had the finding changed meanwhile, this would be a finding of one's own."""
    first = (await reading.alert(tx, actor, alert_id)).alert.resolution
    if first is None or first.found != fields.get("found"):
        raise Refused("second_person_wanted")
    return await handling.resolve(tx, actor, alert_id, first.found, first.known_by, _note(fields) or "agreed")


def _note(fields: Fields) -> str:
    return str(fields.get("note", "")).strip()[:LONGEST_NOTE]


ACTS: dict[str, Act] = {
    "take": _take,
    "take-over": _take_over,
    "wake": _wake,
    "trying": _trying,
    "rung-999": _rung_999,
    "resolve": _resolve,
    "agree": _agree,
}
