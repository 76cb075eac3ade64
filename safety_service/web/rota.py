"""The rota on pages: every team's gaps to come, a team's week, a shift, putting people on and repeating a week."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from aiohttp import web

from safety_service.actions import circle, rota_changes, rota_week, waking
from safety_service.actions.duty import posts_of_policy
from safety_service.actions.errors import NotFound
from safety_service.actions.rota_changes import MOST_WEEKS, PutOn
from safety_service.store.database import Tx
from safety_service.web import again
from safety_service.web.acting import done, looked
from safety_service.web.filling import Form, Typed
from safety_service.web.pages import page
from safety_service.web.paths import id_of
from safety_service.web.rota_drawn import counted, days_of, gaps_of
from safety_service.web.running_words import field_time, post_said, shown_names
from safety_service.web.visitor import Visitor

routes = web.RouteTableDef()

SUBJECT = "shift"
HERE = "/rota"
#: What is said above the week after something was done, by the word in the address.
SAID = {
    "on": "Done: they are on the rota, and they are told.",
    "on-away": "Done, but they are on leave for a part of it: that stays a gap.",
    "on-unreached": "Done, but nothing reaches them: invite them, or put somebody else on.",
    "on-idle": "Done. No ladder of the policy calls on that post: they hear only when everyone on duty does.",
    "off": "Done: they are off the rota, and they are told.",
    "repeated": "Done: the weeks after this one are like it now. Cover was not repeated.",
    "same": "Those weeks were like it already. Nothing was changed.",
}


@routes.get(HERE)
async def teams(request: web.Request) -> web.StreamResponse:
    """What is missing in each team in the two weeks to come; with one team alone, its week."""

    async def work(tx: Tx, visitor: Visitor) -> dict[str, Any] | UUID:
        found, outlook = await rota_week.ahead(tx, visitor.actor)
        if len(found) == 1:
            return found[0][0].id
        names = shown_names(outlook.people, outlook.hidden)
        zone = visitor.known.zone
        drawn = [(team, counted(each), gaps_of(team.id, each, names, zone, tx.now)) for team, each in found]
        drawn.sort(key=lambda each: not each[2])
        return {"teams": drawn, "days": rota_week.AHEAD.days, "nothing_wakes": outlook.nights is None}

    visitor, found = await looked(request, SUBJECT, work)
    if isinstance(found, UUID):
        raise web.HTTPSeeOther(f"{HERE}/{found}")
    return page(request, "rota_teams.html", visitor, context=found)


@routes.get(HERE + "/{id}")
async def week(request: web.Request) -> web.StreamResponse:
    """A team's week: the one in which `day` lies, or this one. Raises NotFound."""
    team_id, given = id_of(request), request.query.get("day", "")

    async def work(tx: Tx, visitor: Visitor) -> dict[str, Any]:
        day = _day(given) or await circle.today(tx, visitor.actor.agency_id)
        found = await rota_week.week(tx, visitor.actor, team_id, day)
        names = shown_names(found.outlook.people, found.outlook.hidden)
        mine = await rota_week.runs(tx, visitor.actor)
        week_ = timedelta(days=rota_week.WEEK)
        return {
            "team": found.team,
            "teams": [each for each in mine if each.id != team_id],
            "days": days_of(found, tx.now),
            "gaps": gaps_of(team_id, found.missing, names, found.zone, tx.now),
            "monday": found.monday,
            "title": _title(found.monday),
            "before": found.monday - week_,
            "after": found.monday + week_,
            "nothing_wakes": found.outlook.nights is None,
            "repeats": range(1, MOST_WEEKS + 1),
            "done": SAID.get(request.query.get("done", ""), ""),
        }

    visitor, context = await looked(request, SUBJECT, work)
    return page(request, "rota_week.html", visitor, context=context)


def _title(monday: date) -> str:
    last = monday + timedelta(days=rota_week.WEEK - 1)
    return f"{monday.day} {monday:%B} to {last.day} {last:%B %Y}"


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _putting_on(team_id: UUID) -> Form:
    async def draw(tx: Tx, visitor: Visitor) -> dict[str, Any]:
        team = await rota_week.team_of(tx, visitor.actor, team_id)
        posts = sorted(await posts_of_policy(tx), reverse=True)
        people = await rota_week.who_can(tx, visitor.actor, team_id)
        rules = await waking.rules_of(tx, visitor.actor.agency_id)
        begins = tx.now + timedelta(hours=1)
        return {
            "team": team,
            "posts": [(each, post_said(each)) for each in posts],
            "people": [(each.id, each.name, team_id in each.roles) for each in people],
            "begins": field_time(begins.replace(minute=0), rules.zone),
        }

    at = {"time_unknown": "from", "until_past": "to", "ends_before_start": "to", "shift_too_long": "to"}
    at |= {"post_unknown": "post", "not_to_them": "person", "worker_wanted": "person", "deactivated": "person"}
    return Form(subject=SUBJECT, template="rota_on.html", draw=draw, at=at)


@routes.get(HERE + "/{id}/on")
async def putting_on(request: web.Request) -> web.StreamResponse:
    """The form; its address may bring post and times: they are those of a gap."""
    return await _putting_on(id_of(request)).show(request)


@routes.post(HERE + "/{id}/on")
@again.asked
async def put_on(request: web.Request) -> web.StreamResponse:
    """Put somebody on a post."""
    team_id = id_of(request)

    async def do(tx: Tx, visitor: Visitor, typed: Typed) -> str:
        zone = visitor.known.zone
        starts_at, ends_at = typed.moment("from", zone), typed.moment("to", zone, ending=True)
        person_id = typed.id("person")
        if person_id is None:
            raise rota_week.nobody_chosen()
        put = await rota_changes.put_on(
            tx, visitor.actor, team_id, typed.get("post"), person_id, starts_at=starts_at, ends_at=ends_at
        )
        return f"{HERE}/{team_id}?day={starts_at.astimezone(zone).date()}&done={_said(put)}"

    return await _putting_on(team_id).take(request, "put_on", do)


def _said(put: PutOn) -> str:
    if put.added.unreachable:
        return "on-unreached"
    if put.away:
        return "on-away"
    return "on-idle" if put.added.in_no_ladder else "on"


@routes.post(HERE + "/{id}/repeat")
@again.asked
async def repeat(request: web.Request) -> web.StreamResponse:
    """Make the next weeks like this one."""
    team_id, given = id_of(request), await request.post()
    monday, weeks = _day(str(given.get("monday", ""))), str(given.get("weeks", ""))
    if monday is None or monday.weekday() != 0 or not weeks.isdecimal():
        raise NotFound

    async def work(tx: Tx, visitor: Visitor) -> str:
        made = await rota_changes.repeat(tx, visitor.actor, team_id, monday, int(weeks[:3]))
        there = monday + timedelta(days=rota_week.WEEK)
        return f"{HERE}/{team_id}?day={there}&done={'repeated' if made.added else 'same'}"

    return await done(request, "repeat", SUBJECT, work, back=f"{HERE}/{team_id}?day={monday}")
