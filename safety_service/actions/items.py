"""Open items: opened by what was told, asked after, and closed by somebody who says what became of it."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from safety_service.actions import evidence
from safety_service.actions.access import Matter, may_close_item, may_see_item
from safety_service.actions.actor import Actor
from safety_service.actions.apart import by_itself
from safety_service.actions.errors import NotFound
from safety_service.actions.telling import Priority, tell
from safety_service.domain.refusal import Refused
from safety_service.domain.words import Role
from safety_service.store import agencies, events, exclusions, families, items, roles
from safety_service.store.database import Tx
from safety_service.store.exclusions import KeptOff
from safety_service.store.ids import new_id
from safety_service.store.items import Item

#: Local time of day at which a due item is asked after.
ASKED_AT = time(9)
#: An item that cannot be chased now is tried again after this.
NOT_NOW = timedelta(minutes=15)
#: Kinds that are open once for a family (or a worker) and key, however often they come up.
ONCE = frozenset({"open_question", "meeting"})


async def open_item(  # noqa: PLR0913 - an item is about many things, each named at the call
    tx: Tx,
    *,
    agency_id: UUID,
    team_id: UUID,
    kind: str,
    text: str,
    key: str = "",
    body: Mapping[str, Any] | None = None,
    family_id: UUID | None = None,
    worker_id: UUID | None = None,
    debrief_id: UUID | None = None,
    owner_id: UUID | None = None,
    due_on: date | None = None,
    by: UUID | None = None,
) -> Item:
    """Open an item; `by` None: the service itself. Asked after on its day, or every so often. Gives it as it stands.

    `text` says what there is to do; `body` more, by kind.
    """
    if kind in ONCE and (there := await _there(tx, family_id, worker_id, kind, key)) is not None:
        return there
    made = Item(
        id=new_id(),
        agency_id=agency_id,
        team_id=team_id,
        family_id=family_id,
        worker_id=worker_id,
        debrief_id=debrief_id,
        kind=kind,
        key=key,
        body={**(body or {}), "text": text},
        owner_id=owner_id,
        due_on=due_on,
        opened_at=tx.now,
        opened_by=by,
    )
    kept = await items.add(tx, replace(made, next_at=await _first_asked(tx, made)))
    await _log(tx, None, kept, "item_opened", by=None if by is None else str(by))
    return kept


async def close_item(tx: Tx, actor: Actor, item_id: UUID, note: str) -> Item:
    """Say what became of it: it is closed, and stays readable. Raises NotFound; Refused."""
    row = await items.load(tx, item_id, lock=True)
    if row is None:
        raise NotFound
    may_close_item(actor, await _matter(tx, row), await _concerned(tx, row), private=row.kind == "supervision")
    if row.closed_at is not None:
        raise Refused("item_closed")
    if not note.strip():
        raise Refused("item_note_wanted")
    closed = replace(row, closed_at=tx.now, closed_by=actor.person_id, closed_note=note.strip(), next_at=None)
    await items.save(tx, closed)
    await _log(tx, actor, closed, "item_closed", note=note.strip())
    return closed


async def read_item(tx: Tx, actor: Actor, item_id: UUID) -> Item:
    """One item. Raises NotFound."""
    row = await items.load(tx, item_id)
    if row is None:
        raise NotFound
    may_see_item(actor, await _matter(tx, row), await _concerned(tx, row), private=row.kind == "supervision")
    await _log(tx, actor, row, "read")
    return row


async def open_of_family(tx: Tx, family_id: UUID) -> list[Item]:
    """What is open about a family that the caller has been let see."""
    return await items.open_of_family(tx, family_id)


async def open_of_worker(tx: Tx, worker_id: UUID) -> list[Item]:
    """What is open for a worker, for themself and their supervisor; who asks has been let in by the caller."""
    return await items.open_of_worker(tx, worker_id)


async def mine(tx: Tx, actor: Actor) -> list[Item]:
    """What is open for the actor: theirs to do, or of their supervision; nothing of whom they are kept off."""
    kept_off = await exclusions.of_person(tx, actor.person_id)
    found = await items.open_of_worker(tx, actor.person_id)
    seen = [each for each in found if not _kept_off(kept_off, each)]
    return [each for each in seen if each.kind != "supervision" or actor.person_id in await _concerned(tx, each)]


async def of_teams(tx: Tx, actor: Actor, limit: int = 200) -> list[Item]:
    """What is open in the teams that the actor manages or reviews, less what they are kept off."""
    kept_off = await exclusions.of_person(tx, actor.person_id)
    seen = await items.open_of_teams(tx, actor.teams(Role.MANAGER, Role.REVIEWER), limit, kept_off)
    if seen:
        await evidence.keep(tx, actor, actor.agency_id, "read", subject="items", subject_id=None, count=len(seen))
    return seen


def _kept_off(kept_off: KeptOff, row: Item) -> bool:
    return kept_off.from_matter(() if row.worker_id is None else (row.worker_id,), row.family_id)


async def refs_of(tx: Tx, rows: Collection[Item]) -> dict[UUID, str]:
    """The references of the families that items are about, which the caller has been let see."""
    return await items.refs_of(tx, rows)


async def chase_items(tx: Tx, limit: int) -> int:
    """Ask after what is due: its owner, and the team's managers where it is theirs to see. Gives how many were due."""
    due = await items.due(tx, limit)
    for row in due:
        if not await by_itself(tx, _chase(tx, row), f"an item could not be asked after: {row.id}"):
            await items.save(tx, replace(row, next_at=tx.now + NOT_NOW))
    return len(due)


async def _chase(tx: Tx, row: Item) -> None:
    asked = {each for each in (row.owner_id or row.worker_id,) if each is not None}
    if row.kind != "supervision":
        asked |= await roles.with_role(tx, Role.MANAGER, team_id=row.team_id)
    else:
        concerned = await _concerned(tx, row)
        asked = set((asked & concerned) | (concerned - {row.worker_id}) or concerned)
    asked -= (await _matter(tx, row)).excluded
    ref = None if row.family_id is None else await families.ref_of(tx, row.family_id)
    params = {"item": row.kind, "ref": ref, "opened_at": row.opened_at.isoformat(), "page": f"/items/{row.id}"}
    await tell(tx, asked, "item.due", params, priority=Priority.ROUTINE, dedupe=f"item:{row.id}:{tx.now.date()}")
    await items.save(tx, replace(row, next_at=tx.now + (await tx.policy()).debrief.item_every))
    await _log(tx, None, row, "item_asked_after")


async def _there(tx: Tx, family_id: UUID | None, worker_id: UUID | None, kind: str, key: str) -> Item | None:
    if family_id is not None:
        found = await items.open_of_family(tx, family_id)
    else:
        found = [] if worker_id is None else await items.open_of_worker(tx, worker_id)
    return next((each for each in found if (each.kind, each.key) == (kind, key)), None)


async def _first_asked(tx: Tx, row: Item) -> datetime:
    if row.due_on is None:
        return tx.now + (await tx.policy()).debrief.item_every
    agency = await agencies.get(tx, row.agency_id)
    return max(tx.now, datetime.combine(row.due_on, ASKED_AT, ZoneInfo(agency.timezone)))


async def _matter(tx: Tx, row: Item) -> Matter:
    workers = frozenset() if row.worker_id is None else frozenset({row.worker_id})
    excluded = await exclusions.excluded_any(tx, workers, row.family_id)
    return Matter(agency_id=row.agency_id, team_id=row.team_id, workers=workers, excluded=excluded)


async def _concerned(tx: Tx, row: Item) -> frozenset[UUID]:
    """Its owner, whose it is, and their supervisor; of a supervision, whoever supervises now, and no longer who did."""
    own = frozenset() if row.worker_id is None else frozenset({row.worker_id})
    owner = frozenset() if row.owner_id is None else frozenset({row.owner_id})
    concerned = own | await roles.supervisors_of(tx, own)
    return concerned if own and row.kind == "supervision" else concerned | owner


async def _log(tx: Tx, actor: Actor | None, row: Item, verb: str, **details: Any) -> None:
    """One entry about it; of a supervision without what was said: the log has more readers than they are two."""
    about = {"kind": row.kind, "key": row.key, "via": "clock" if actor is None else actor.via, **details}
    if row.kind == "supervision":
        about = {name: value for name, value in about.items() if name not in ("key", "note")}
    await events.log(
        tx,
        agency_id=row.agency_id,
        actor_id=None if actor is None else actor.person_id,
        verb=verb,
        subject="item",
        subject_id=row.id,
        details=about,
    )
