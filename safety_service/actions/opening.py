"""Opening a family that one has nothing to do with now: a reason, for some hours, which its managers see."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from safety_service.actions import circle, families, ties
from safety_service.actions.actor import Actor
from safety_service.actions.apart import by_itself
from safety_service.actions.errors import NotFound
from safety_service.actions.evidence import keep
from safety_service.actions.families import Family
from safety_service.actions.telling import Priority, tell
from safety_service.domain.refusal import Refused
from safety_service.domain.words import Role
from safety_service.store import circles, exclusions, openings, people, roles, stamps
from safety_service.store import families as family_rows
from safety_service.store.database import Tx
from safety_service.store.openings import Opening

#: A reason in fewer characters says nothing; a longer one is cut.
LEAST, LONGEST = 10, 500
#: So many are shown at once; the rest when these have been looked at.
SHOWN = 50
LAST = 20
#: The page on which managers look at them.
PAGE = "/openings"
_STAMP = "openings"
_DAY = timedelta(days=1)


async def asked_about(tx: Tx, actor: Actor, ref: str) -> str:
    """The reference of a family that somebody is asked about, if they may know of it. Raises NotFound."""
    return (await _known(tx, actor, ref)).ref


async def _known(tx: Tx, actor: Actor, ref: str) -> Family:
    row = await family_rows.load(tx, actor.agency_id, family_rows.tidy_ref(ref))
    if row is None:
        raise NotFound
    return await families.may_know(tx, actor, row)


async def open_family(tx: Tx, actor: Actor, ref: str, reason: str) -> str:
    """Say why one opens a family: for some hours it may be read. Who has to do with it needs none, and keeps none.

    Gives the reference as it is kept. Raises NotFound; Refused `opening_reason_short`.
    """
    family = await _known(tx, actor, ref)
    said = " ".join(reason.replace("\x00", "").split())[:LONGEST]
    if await _has_to_do(tx, actor, family):
        return family.ref
    if len(said) < LEAST:
        raise Refused("opening_reason_short", least=LEAST)
    until = tx.now + (await tx.policy()).family.opening
    await openings.add(tx, actor.agency_id, family.id, actor.person_id, said, until)
    await keep(
        tx,
        actor,
        actor.agency_id,
        "opened",
        subject="family",
        subject_id=family.id,
        reason=said,
        until=until.isoformat(),
    )
    return family.ref


async def _has_to_do(tx: Tx, actor: Actor, family: Family) -> bool:
    teams = family.teams if family.visited else ()
    return await ties.has(tx, actor, family.id, teams) or await openings.open_for(tx, actor.person_id, family.id)


async def of_family(tx: Tx, actor: Actor, family: Family) -> list[Opening]:
    """The last ones of a family that the actor reads already, for its managers; for anybody else none.

    None by those whom the actor is kept off.
    """
    if actor.teams(Role.MANAGER).isdisjoint(family.teams):
        return []
    kept_off = await exclusions.of_person(tx, actor.person_id)
    return await openings.of_family(tx, family.id, LAST, but=kept_off.workers)


async def unseen(tx: Tx, actor: Actor) -> list[Opening]:
    """What no manager has looked at yet, of the families that the actor manages; never their own, nor of whom they
    are kept off. Raises Refused `managers_only`.
    """
    teams = actor.teams(Role.MANAGER)
    if not teams:
        raise Refused("managers_only")
    kept_off = await exclusions.of_person(tx, actor.person_id)
    found = await openings.unseen(tx, teams, actor.person_id, kept_off, SHOWN)
    if found:
        await keep(tx, actor, actor.agency_id, "read", subject="openings", subject_id=None, count=len(found))
    return found


async def see(tx: Tx, actor: Actor, opening_id: UUID) -> None:
    """A manager of the family has looked at why it was opened. Raises NotFound; Refused `never_your_own`."""
    row = await openings.load(tx, opening_id)
    if row is None or row.agency_id != actor.agency_id:
        raise NotFound
    if row.person_id == actor.person_id:
        raise Refused("never_your_own")
    if actor.person_id not in await _managers(tx, row.family_id, row.person_id):
        raise NotFound
    if await openings.see(tx, row.id, actor.person_id):
        await keep(tx, actor, actor.agency_id, "saw", subject="opening", subject_id=row.id)


async def chase_openings(tx: Tx, limit: int) -> int:
    """Each manager hears once a day how many of their families were opened so. Gives how many openings there were."""
    if tx.now.time() < circle.MORNING:
        return 0
    before = await stamps.last(tx, _STAMP)
    if before is not None and before.info.get("day") == tx.now.date().isoformat():
        return 0
    since = tx.now - _DAY if before is None else datetime.fromisoformat(str(before.info["until"]))
    rows = await openings.since(tx, since, tx.now, limit * 50)
    counted: Counter[UUID] = Counter()
    for family_id, opener in rows:
        counted.update(await _managers(tx, family_id, opener))
    for manager, count in counted.items():
        await by_itself(tx, _tell(tx, manager, count), f"who opened families could not be told: {manager}")
    await stamps.stamp(tx, _STAMP, {"day": tx.now.date().isoformat(), "until": tx.now.isoformat()})
    return len(rows)


async def _tell(tx: Tx, manager: UUID, count: int) -> None:
    params = {"count": count, "page": PAGE}
    once = f"opening.told:{manager}:{tx.now.date()}"
    await tell(tx, [manager], "opening.told", params, priority=Priority.ROUTINE, dedupe=once)


async def _managers(tx: Tx, family_id: UUID, opener: UUID) -> frozenset[UUID]:
    """The family's managers; of one that nobody visits, those of whoever opened it.

    Never they themselves, nor who is kept off them or off the family.
    """
    teams: Iterable[UUID]
    teams, _ = await circles.of_family(tx, family_id)
    if not teams:
        teams = (await people.get(tx, opener)).roles
    ours = [await roles.with_role(tx, Role.MANAGER, team_id=each) for each in teams]
    return frozenset().union(*ours) - await exclusions.excluded(tx, opener, family_id) - {opener}
