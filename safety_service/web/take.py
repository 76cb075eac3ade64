"""The page of an alarm's link: nobody is signed in here. Opening it takes nothing; only its button does.

Phones, chats and mail programs open links unasked. The code is who somebody is: it is handed on to nobody, written into
no log, and wrong ones are counted.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from aiohttp import web

from bots.dialogue.dressing import Frame
from bots.dialogue.known import the_wording
from bots.dialogue.render import render
from safety_service import guesses
from safety_service.actions import by_link, refusals
from safety_service.actions.by_link import Held
from safety_service.actions.errors import NotFound
from safety_service.actions.taking import PAGE
from safety_service.domain.refusal import Refused
from safety_service.services import DATABASE, SETTINGS
from safety_service.store.database import Tx
from safety_service.transact import in_transaction
from safety_service.web.pages import message, page

routes = web.RouteTableDef()

PATH = f"{PAGE}{{code}}"
#: Our own page carries all that an alarm says, once its holder has the alert.
CHANNEL, CEILING = "webchat", "case"
#: What these refusals say stands on the page itself.
_SHOWN = frozenset({"taken_already", "resolved_already"})
#: What these do shows nowhere else on the page: without a word somebody half asleep would press them again.
_UNSEEN = frozenset({"trying", "rung-999", "wake"})

Result = TypeVar("Result")


@routes.get(PATH)
async def look(request: web.Request) -> web.StreamResponse:
    """How the alert stands, and a button. It does nothing."""
    held, why = await _by_link(request, lambda tx: by_link.look(tx, request.match_info["code"]))
    if why is not None:
        return _refused(request, why)
    assert held is not None
    return _quiet(page(request, "take.html", context={**_shown(held), "noted": "noted" in request.query}))


@routes.post(PATH)
async def act(request: web.Request) -> web.StreamResponse:
    """One of the buttons; then the page again, which shows what it did."""
    if _foreign(request):
        raise web.HTTPForbidden(text="This came from another site's page, so nothing was done.")
    fields = await request.post()
    verb, step = str(fields.get("do", "")), str(fields.get("step", ""))

    async def work(tx: Tx) -> None:
        actor, alert_id = await by_link.holder(tx, request.match_info["code"])
        await by_link.act(tx, actor, alert_id, verb, int(step) if step.isdecimal() else None)

    _, why = await _by_link(request, work)
    if why is not None and why.code not in _SHOWN:
        return _refused(request, why)
    raise web.HTTPSeeOther(f"{request.path}?noted" if why is None and verb in _UNSEEN else request.path)


async def _by_link(
    request: web.Request, work: Callable[[Tx], Awaitable[Result]]
) -> tuple[Result | None, Refused | None]:
    """What `work` gives, or why not. What is refused is undone, and kept; what leads nowhere is counted.

    Nobody guesses a code of 128 bits: whoever has one is let by, however many wrong ones came from their network.
    """
    code = request.match_info["code"]

    async def whole(tx: Tx) -> tuple[Result | None, Refused | None]:
        actor, alert_id = await by_link.holder(tx, code)
        try:
            async with tx.savepoint():
                return await work(tx), None
        except (Refused, NotFound) as why:
            await refusals.note(tx, actor, "link", why, subject="alert", subject_id=alert_id)
            return None, why if isinstance(why, Refused) else Refused("not_found")

    try:
        return await in_transaction(request.app[DATABASE], whole)
    except NotFound:
        shut = not await guesses.may_try(request)
        await guesses.was_wrong(request)
        return None, Refused("too_many" if shut else "not_found")


def _refused(request: web.Request, why: Refused) -> web.Response:
    if why.code == "too_many":
        said = "There were many wrong links from your network, and this is one. Look at the message again."
        return _quiet(message(request, "Too many wrong links", said, status=429, back=""))
    if why.code == "not_found":
        said = "It may have been cut off when it was copied, or it is too old. Sign in, or ask whoever is on duty."
        return _quiet(message(request, "This link does not work", said, status=404, back=""))
    shown = render(f"refused.{why.code}", why.facts, channel=CHANNEL, ceiling=CEILING, zone=ZoneInfo("UTC"))
    return _quiet(message(request, "That was not done", shown.text, status=409, back=request.path))


def _shown(held: Held) -> dict[str, Any]:
    """Before it is taken: which alarm, whose, and how to ring them. All else once the holder has it."""
    alert, params = held.row.alert, held.params
    frame = Frame(the_wording(), held.zone, held.now)
    # Another alarm about somebody who has also called for help silently is no reason to ring them either.
    hushed = params.get("variant") == "duress"
    return {
        "held": held,
        "alert": alert,
        "what": frame.named("kind", alert.kind),
        "worker": params["worker"],
        "phone": None if hushed else params["worker_phone"],
        "hushed": hushed,
        "taken": "" if alert.taken_at is None else frame.clock(alert.taken_at),
        "ended": "" if alert.resolved_at is None else frame.clock(alert.resolved_at),
        "found": "" if alert.resolution is None else frame.named("found", alert.resolution.found),
        "by_at": "" if alert.next_at is None else frame.clock(alert.next_at),
        "now": frame.clock(held.now),
        "label": lambda name: frame.say(f"button.{name}"),
        "text": _said(held, f"alarm.{alert.kind}") if held.mine else "",
        "words_999": _said(held, "reply.words_999") if held.mine and params["worker"] else "",
    }


def _said(held: Held, template: str) -> str:
    return render(template, held.params, channel=CHANNEL, ceiling=CEILING, zone=held.zone, now=held.now).text


def _foreign(request: web.Request) -> bool:
    """Whether another site's page sent it. With `no-referrer` our own forms say `Origin: null` in some browsers."""
    if request.headers.get("Sec-Fetch-Site") in {"cross-site", "same-site"}:
        return True
    origin = request.headers.get("Origin", "null")
    return origin != "null" and urlsplit(origin).netloc not in {
        request.host,
        urlsplit(request.app[SETTINGS].base_url).netloc,
    }


def _quiet(response: web.Response) -> web.Response:
    """The address is a secret: no other site, and not even we ourselves, are told it as where somebody came from."""
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["Cache-Control"] = "no-store"
    return response
