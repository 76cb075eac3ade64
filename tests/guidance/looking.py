"""Everything that there is to read, read by one person."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select, text

from safety_service.actions import (
    became,
    behaviours,
    briefing,
    briefing_readers,
    caseload,
    conversation,
    debrief_log,
    debriefs,
    evidence_read,
    exclusions,
    exports,
    facts,
    families,
    figures_behind,
    figures_of_care,
    items,
    measures,
    meetings,
    opening,
    over_time,
    overview,
    partners,
    plans,
    reading,
    retention,
    sharing,
    summaries,
    supervision,
    team_figures,
    timeline,
    undecided,
    undertakings,
)
from safety_service.actions.debrief_log import Search
from safety_service.actions.errors import NotFound
from safety_service.domain.refusal import Refused
from safety_service.store.tables.alerts import alert, outbox
from safety_service.store.tables.base import metadata
from safety_service.store.tables.people import rota
from safety_service.store.tables.visits import family, kept_file
from safety_service.store.visits import Wanted
from tests.guidance.marks import Town

Read = tuple[str, Callable[..., Awaitable[Any]], tuple[Any, ...], dict[str, Any]]
REFS = ("F-1", "F-2")
BY_REF = (
    families.read,
    families.find,
    facts.of_family,
    behaviours.of_family,
    partners.around,
    plans.read,
    plans.where,
    opening.asked_about,
    briefing.of,
    briefing.wanted,
    undertakings.of_family,
    meetings.of_family,
    sharing.record,
    summaries.listed,
    overview.of,
    over_time.of_family,
)
BY_ID: dict[str, tuple[Callable[..., Awaitable[Any]], ...]] = {
    "debrief": (debrief_log.read, became.became_of, debriefs.own),
    "visit": (reading.visit, summaries.of_visit),
    "item": (items.read_item,),
    "share": (sharing.read,),
    "meeting": (meetings.read,),
    "undertaking": (undertakings.read,),
    "measure": (measures.to_decide,),
    "alert": (reading.alert, reading.alarm_of, timeline.of_alert),
}


async def ids(town: Town) -> dict[str, list[UUID]]:
    """The ids of everything there is about the families of this town, by its table."""
    async with town.database.reading() as tx:
        mine = select(family.c.id).where(family.c.agency_id == town.world.agency_id)
        found = {
            table.name: list((await tx.conn.execute(select(table.c.id).where(table.c.family_id.in_(mine)))).scalars())
            for table in metadata.sorted_tables
            if "family_id" in table.c and "id" in table.c
        }
        raised = select(alert.c.id).where(alert.c.agency_id == town.world.agency_id)
        cried = list((await tx.conn.execute(raised)).scalars())
        stood = list((await tx.conn.execute(select(rota.c.id).where(rota.c.team_id == town.world.team_id))).scalars())
        kept = select(kept_file.c.id).where(kept_file.c.agency_id == town.world.agency_id)
        return {
            **found,
            "alert": cried,
            rota.name: stood,
            kept_file.name: list((await tx.conn.execute(kept)).scalars()),
        }


def reads(town: Town, there: Mapping[str, list[UUID]]) -> Iterator[Read]:
    """Every action that reads, for everything there is."""
    for action in BY_REF:
        yield from ((_name(action), action, (ref,), {}) for ref in REFS)
    for what, actions in BY_ID.items():
        for each in there[what]:
            yield from ((_name(action), action, (each,), {}) for action in actions)
    for who in ("Ann", "Ben"):
        yield "supervision.read", supervision.read, (town.world.ids[who],), {}
    yield from _lists(town)


def _name(action: Callable[..., Any]) -> str:
    return f"{action.__module__.rpartition('.')[2]}.{action.__name__}"


def _lists(town: Town) -> Iterator[Read]:
    agency_id, now = town.world.agency_id, town.world.now
    since, until = now - timedelta(days=1000), now + timedelta(days=1)
    for what in exports.WHAT:
        yield f"exports.{what}", exports.export, (what, agency_id, since, until), {}
    yield "figures", figures_of_care.figures_of_care, (agency_id, since, until), {}
    yield "trends", debrief_log.trends, (since.date(), until.date()), {}
    for ref in REFS:
        yield "plans.compare", plans.compare, (ref, 1, 2), {}
        for worker in ("Ann", "Ben"):
            yield "briefing.as_read_by", briefing_readers.as_read_by, (ref, town.world.ids[worker]), {}
    yield "caseload", caseload.listed, (caseload.Narrow(),), {}
    yield "undecided", undecided.of_managed, (), {}
    period = team_figures.Period(since.date(), until.date())
    yield "team_figures", team_figures.figures, (period,), {}
    for figure in (
        "alert:sos",
        "taken:nobody",
        "asked_again",
        "to_review",
        "given_in_time",
        "decided:accept",
        "recurred",
    ):
        yield f"behind.{figure}", figures_behind.behind, (figure, period), {}
    yield "evidence", evidence_read.look, (evidence_read.Search(),), {}
    yield "log", debrief_log.look, (Search(),), {}
    yield "items.mine", items.mine, (), {}
    yield "items.of_teams", items.of_teams, (), {}
    yield "visits", reading.visits_of, (Wanted(agency_id=agency_id),), {}
    yield "today", reading.today, (), {}
    yield "board", reading.board, (), {}
    yield "alerts", reading.alerts_of, (), {}
    yield "openings", opening.unseen, (), {}
    yield "exclusions", exclusions.of_agency, (agency_id,), {}
    yield "holds", retention.held, (), {}
    yield "debriefs.wanted_of", debriefs.wanted_of, (), {}
    yield "conversation", conversation.look, (None,), {}


async def read_all(town: Town, who: str) -> AsyncIterator[tuple[str, str]]:
    """What each of them gives this person, or says when it is refused."""
    there = await ids(town)
    async with town.database.transaction() as tx:
        actor = await town.world.actor(tx, who)
        for name, action, args, more in reads(town, there):
            try:
                yield name, repr(await action(tx, actor, *args, **more))
            except (Refused, NotFound) as no:
                yield f"{name} refused", f"{no!r} {no} {getattr(no, 'facts', '')}"


async def search_each(town: Town, who: str) -> AsyncIterator[tuple[str, int]]:
    """How much this person finds by each word, in the log and among families; one word for each place."""
    async with town.database.transaction() as tx:
        actor = await town.world.actor(tx, who)
        for word in {
            (each.kind, each.where, each.ref, each.worker): word for word, each in town.marks.items()
        }.values():
            page = await debrief_log.look(tx, actor, Search(text=word))
            yield word, len(page.rows) + len(await families.find(tx, actor, word))


async def new_messages(town: Town) -> list[tuple[str, str]]:
    """What was sent since the last look, and to whom: before it is cut to what their chat may carry."""
    async with town.database.reading() as tx:
        query = select(outbox.c.person_id, outbox.c.id, outbox.c.template, outbox.c.params)
        found = (await tx.conn.execute(query.where(outbox.c.id.not_in(town.read)))).all()
    town.read |= {row.id for row in found}
    return [(town.world.name(row.person_id), f"{row.template} {row.params!r}") for row in found]


async def rows(town: Town) -> AsyncIterator[tuple[str, str]]:
    """What stands in each column, opened."""
    async with town.database.reading() as tx:
        for table in metadata.sorted_tables:
            for row in await tx.conn.execute(select(table)):
                for name, value in row._mapping.items():
                    yield f"{table.name}.{name}", repr(value)


async def as_it_lies(town: Town) -> str:
    """Everything that the database holds, as it would be stolen."""
    async with town.database.reading() as tx:
        found = [
            repr((await tx.conn.execute(text(f'SELECT * FROM "{table.name}"'))).all())
            for table in metadata.sorted_tables
        ]
    return "\n".join(found)
