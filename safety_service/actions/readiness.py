"""Readiness: before a visit it is said who would not be there. Nothing of it stops the visit, or the watch."""

from typing import Literal
from uuid import UUID

from safety_service.actions import matters, waking
from safety_service.actions import scene as scenes
from safety_service.actions.access import may_see_visit
from safety_service.actions.actor import Actor
from safety_service.actions.apart import by_itself
from safety_service.actions.errors import NotFound
from safety_service.actions.phrases import PAGE
from safety_service.actions.telling import Priority, iso, tell
from safety_service.domain.duty import Gap
from safety_service.domain.readiness import There, empty_rungs, posts, posts_of
from safety_service.domain.watch import level_of
from safety_service.domain.words import Phase
from safety_service.store import events, exclusions, leave, people, phrases, roles, rota, standing, visits
from safety_service.store.database import Tx
from safety_service.store.visits import VisitRow

When = Literal["planned", "begun"]


async def gaps_of(tx: Tx, actor: Actor, visit_id: UUID) -> list[Gap]:
    """Which rungs nobody would stand on for a part of a visit and its way home. Raises NotFound."""
    row = await visits.load(tx, visit_id)
    if row is None:
        raise NotFound
    may_see_visit(actor, await matters.of_visit(tx, row))
    return await gaps(tx, row)


async def gaps(tx: Tx, row: VisitRow) -> list[Gap]:
    """The same, for whoever has the visit already."""
    starts_at, ends_at = max(row.visit.starts_at, tx.now), row.visit.ends_at + row.visit.travel
    if ends_at <= starts_at:
        return []
    shifts = await rota.between(tx, [row.team_id], starts_at, ends_at)
    there = There(
        shifts=tuple(shifts),
        supervisors=await roles.supervisors_of(tx, row.workers),
        standing=await standing.of(tx, row.agency_id),
        barred=row.workers | await exclusions.excluded_any(tx, row.workers, row.family_id),
        leaves=tuple(await leave.of_people(tx, {each.person_id for each in shifts}, starts_at, ends_at)),
    )
    return empty_rungs(posts(row.visit.risk, await tx.policy()), there, starts_at, ends_at)


async def tell_gaps(tx: Tx, row: VisitRow, when: When) -> None:
    """Say it to those who go and to the managers, once when planned and once when begun; it undoes nothing else."""
    if when == "planned":
        await by_itself(tx, _own_words(tx, row), f"nobody was told that words of their own are missing: {row.id}")
    await by_itself(tx, _tell(tx, row, when), f"nobody was told who is missing for a visit: {row.id}")


async def _tell(tx: Tx, row: VisitRow, when: When) -> None:
    empty = posts_of(await gaps(tx, row))
    asleep = await _asleep(tx, row)
    if not empty and not asleep:
        return
    managers = await scenes.managers_now(tx, await scenes.of_visit(tx, row))
    known = await people.many(tx, managers | row.workers)
    names = [known[each].name for each in managers]
    about = {"visit_id": str(row.id), "ref": row.family_ref, "starts_at": iso(row.visit.starts_at)}
    once = f"ready:{row.id}:{when}"
    worker = ", ".join(sorted(known[each].name for each in row.workers))
    for template, posts_ in (("readiness.manager", empty), ("readiness.asleep", asleep)):
        for post in posts_:
            wanted = {**about, "post": post, "worker": worker}
            mark = f"{once}:{post}" if template == "readiness.manager" else f"{once}:{post}:asleep"
            await tell(tx, managers, template, wanted, priority=Priority.NEWS, visit_id=row.id, dedupe=mark)
    said = {**about, "by": " and ".join(sorted(names))}
    await tell(tx, row.workers, f"readiness.{when}", said, priority=Priority.NEWS, visit_id=row.id, dedupe=once)
    await events.log(
        tx,
        agency_id=row.agency_id,
        actor_id=None,
        verb="not_ready",
        subject="visit",
        subject_id=row.id,
        visit_id=row.id,
        details={"posts": list(empty), "asleep": list(asleep), "when": when},
    )


async def _asleep(tx: Tx, row: VisitRow) -> tuple[str, ...]:
    """Posts that are filled, and of which nobody can be woken, for whatever part of it is night."""
    starts_at, ends_at = max(row.visit.starts_at, tx.now), row.visit.ends_at + row.visit.travel
    if ends_at <= starts_at:
        return ()
    wanted = posts(row.visit.risk, await tx.policy())
    return await waking.posts_asleep(tx, row.agency_id, row.team_id, wanted, starts_at, ends_at)


async def _own_words(tx: Tx, row: VisitRow) -> None:
    """Who goes at high risk without words of their own is asked nothing at Out: they hear so while they can set them.

    Never from inside: whoever looks on would learn that there is such a word.
    """
    if not (await tx.policy()).level(level_of(row.visit.risk)).own_word:
        return
    about = {"page": PAGE, "page_label": "button.own_page"}
    lacking = await phrases.without(tx, row.workers)
    for worker_id in row.workers & lacking:
        live = await visits.live_of_worker(tx, worker_id)
        if any(each.visit.watch(worker_id).phase is Phase.INSIDE for each in live):
            lacking -= {worker_id}
    await tell(
        tx,
        lacking,
        "readiness.own_word",
        about,
        priority=Priority.NEWS,
        visit_id=row.id,
        dedupe=f"ready:{row.id}:own_word",
    )
