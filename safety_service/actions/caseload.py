"""The families of one's teams, and those that one goes to: by reference, a page at a time, with what waits at each.

Of a family that the actor would be asked why they open it stands the reference, and nothing else.
"""

from dataclasses import dataclass
from datetime import timedelta

from safety_service.actions import circle
from safety_service.actions.actor import Actor
from safety_service.actions.evidence import keep
from safety_service.domain.words import Role
from safety_service.store import exclusions, family_list
from safety_service.store.database import Tx
from safety_service.store.families import tidy_ref
from safety_service.store.family_list import Listed, Next, Reader, Waits

PAGE = 50
#: A visit that was to begin earlier than this is none that comes.
LATE = timedelta(hours=12)


@dataclass(frozen=True, slots=True, kw_only=True)
class Narrow:
    """Which of them. `text`: stands in the reference; `waiting`: a proposal is undecided; `own`: one goes there."""

    text: str = ""
    waiting: bool = False
    own: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A family in the list. `coming`: the next visit, of anybody where the actor manages it, else their own."""

    family: Listed
    coming: Next | None
    waits: Waits


@dataclass(frozen=True, slots=True)
class Page:
    """A page; `after` is the reference after which the next one begins, None on the last."""

    lines: list[Line]
    after: str | None


async def listed(tx: Tx, actor: Actor, narrow: Narrow, after: str = "") -> Page:
    """A page of them, in the order of their references. That it was looked at is kept."""
    reader = await reader_of(tx, actor)
    managed = actor.teams(Role.MANAGER)
    rows = await family_list.listed(
        tx,
        reader,
        managed,
        PAGE + 1,
        text=tidy_ref(narrow.text),
        after=tidy_ref(after),
        waiting=narrow.waiting,
        own=narrow.own,
    )
    shown = rows[:PAGE]
    ours = [each.id for each in shown if each.managed]
    coming = await family_list.coming(tx, reader, shown, tx.now - LATE) if shown else {}
    waits = await family_list.waits(tx, ours, await circle.today(tx, actor.agency_id), reader.kept_off)
    await keep(tx, actor, actor.agency_id, "searched", subject="family", subject_id=None, found=len(shown))
    lines = [Line(family=each, coming=coming.get(each.id), waits=waits.get(each.id, Waits())) for each in shown]
    return Page(lines, shown[-1].ref if len(rows) > PAGE else None)


async def reader_of(tx: Tx, actor: Actor) -> Reader:
    """The actor as lists of families see them."""
    return Reader(
        agency_id=actor.agency_id,
        person_id=actor.person_id,
        teams=frozenset(actor.teams(Role.MANAGER, Role.REVIEWER)),
        manages=bool(actor.teams(Role.MANAGER)),
        kept_off=await exclusions.of_person(tx, actor.person_id),
    )
