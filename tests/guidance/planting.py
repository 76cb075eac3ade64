"""Everything that people do around a family, each with words put where they must not be read by everybody.

Anybody may try anything: what is refused is remembered as it was said.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from safety_service.actions import debriefs, exclusions, planning, words
from safety_service.actions.errors import NotFound
from safety_service.actions.planning import PlanRequest
from safety_service.actions.words import Word
from safety_service.domain.refusal import Refused
from safety_service.store import agencies, channels, people, rota, standing, teams
from safety_service.store import debriefs as rows
from safety_service.store.database import Database
from tests.guidance.marks import CAST, ELSEWHERE, NORTH, Town
from tests.world import MINUTE, World


async def settle(database: Database, number: int) -> Town:
    """The whole cast in an agency of their own, Otto in another one; Eve is kept off F-1."""
    async with database.transaction() as tx:
        agency = await agencies.add(tx, f"Elmshire {number}", office_phone="01632 960000", demonstration=True)
        other = await agencies.add(tx, f"Oakshire {number}", demonstration=True)
        north, south = await teams.add(tx, agency.id, "North"), await teams.add(tx, agency.id, "South")
        west = await teams.add(tx, other.id, "West")
        town = Town(World(database, agency.id, north.id), number)
        for name, (where, roles) in CAST.items():
            team = west if where == ELSEWHERE else north if where == NORTH else south
            mail = f"{name.lower()}{number}@example.org"
            made = await people.add(tx, other.id if where == ELSEWHERE else agency.id, name, email=mail)
            town.world.ids[name] = made.id
            await people.set_roles(tx, made.id, team.id, roles)
            await channels.link(tx, made.id, "telegram", f"chat-{name}-{number}")
        for post, name in (("manager_on_duty", "Mia"), ("deputy_on_duty", "Dev")):
            until = tx.now + timedelta(days=400)
            shift = rota.new_shift(north.id, post, town.world.ids[name], tx.now - MINUTE, until)
            await rota.add(tx, shift, by=None)
        for name in ("Dev", "Adam"):
            await standing.add(tx, agency.id, town.world.ids[name])
    await supervises(town, "Sue", "F-1", worker="Ann")
    await supervises(town, "Rex", "F-1", worker="Ben")
    await kept_off(town, "Eve", "F-1")
    return town


async def tries(town: Town, who: str, action: Callable[..., Awaitable[Any]], *args: Any, **more: Any) -> Any:
    """What comes of it; None where it is refused."""
    try:
        return await town.world.do(who, action, *args, **more)
    except (Refused, NotFound) as no:
        town.refused.append((who, f"{no!r} {no} {getattr(no, 'facts', '')}"))
        return None


async def goes_there(town: Town, who: str, ref: str) -> None:
    """A visit is planned, begun and left; a debrief is wanted. Who goes there is known there from then on."""
    world = town.world
    if CAST[who][0] == ELSEWHERE:  # theirs would be another family, of the same reference
        return
    purpose, address = town.mark("visit", "purpose", ref, who), town.mark("visit", "address", ref, who)
    request = PlanRequest(
        family_ref=ref,
        starts_at=world.now,
        ends_at=world.now + 45 * MINUTE,
        purpose=purpose,
        address_text=address,
        answers={"strategies": ["door"], "note": town.mark("visit", "plan", ref, who)},
    )
    row = await tries(town, who, planning.plan_visit, request)
    if row is None:
        return
    town.goes(who, ref)
    for word in (words.begin, words.left, words.home):
        await tries(town, who, word, row.id, Word(note=town.mark("visit", "word", ref, who)))
        world.clock.move(timedelta(minutes=5))
    async with world.database.reading() as tx:
        wanted = await rows.of_visit(tx, row.id, world.ids[who])
    if wanted is not None:
        town.debriefs.append(wanted.id)
        town.whose[wanted.id] = (who, ref)
        await tells(town, who, ref, wanted.id)


async def tells(town: Town, who: str, ref: str, debrief_id: UUID) -> None:
    """Part A: what was met, and what happened."""
    number = len(town.debriefs)
    met = (["open_threat"], ["argued"], ["hit"], [])[number % 4]
    kind = "draft" if number % 5 == 0 else "debrief"
    answers = {
        "mood": "bad",
        "seen": "with_others",
        "go_on": "yes",
        "met": met,
        "happened": town.mark(kind, "happened", ref, who),
        **_where_met(town, who, ref, met, kind),
    }
    await tries(town, who, debriefs.answer, debrief_id, answers)
    if kind != "draft":
        await tries(town, who, debriefs.give_first_part, debrief_id)


def _where_met(town: Town, who: str, ref: str, met: list[str], kind: str) -> dict[str, Any]:
    if not met:
        return {}
    hurt = {"hurt": "yes", "incident_ref": town.mark(kind, "incident_ref", ref, who)} if met == ["hit"] else {}
    return {"who_did": town.mark(kind, "who_did", ref, who), "tell_now": ["agencies"], **hurt}


async def tells_the_rest(town: Town, who: str, ref: str) -> None:
    """The rest of the last debrief, part E too, by whom it is; it is submitted."""
    if not town.debriefs:
        return
    debrief_id = town.debriefs[-1]
    owner, where = town.whose[debrief_id]
    async with town.database.reading() as tx:
        guidance = (await tx.guidance(town.world.agency_id)).guidance
    reflection, area = next(iter(guidance.asked("reflections"))), next(iter(guidance.asked("areas")))
    answers = {
        "reflect": [reflection],
        f"reflect_{reflection}": town.mark("private", "reflection", where, owner),
        "feeling": town.mark("private", "feeling", where, owner),
        "support": list(guidance.asked("support")),
        "areas": [area],
        f"gap_{area}": {
            "why": town.mark("item", "gap", where, owner),
            "action": town.mark("item", "gap action", where, owner),
            "due": "2027-01-04",
        },
        "account": town.mark("debrief", "account", where, owner),
        "safer": [town.mark("family", "measure", where, owner)],
    }
    await tries(town, owner, debriefs.answer, debrief_id, answers)
    await _whatever_is_left(town, owner, debrief_id, guidance)
    await tries(town, owner, debriefs.submit, debrief_id, {})


async def _whatever_is_left(town: Town, owner: str, debrief_id: UUID, guidance: Any) -> None:
    async with town.database.reading() as tx:
        kept = await rows.load(tx, debrief_id)
        assert kept is not None
        form = await debriefs.form_of(tx, kept)
    for key in debriefs.missing(guidance, kept):
        step = form.step(key)
        value = [step.options[-1]] if step.kind == "many" else step.options[-1] if step.options else "x"
        await tries(town, owner, debriefs.answer, debrief_id, {key: value})


async def supervises(town: Town, who: str, ref: str, *, worker: str = "Ann") -> None:
    """Somebody else supervises them from now on."""
    if CAST[who][0] == ELSEWHERE or who == worker:
        return
    async with town.database.transaction() as tx:
        row = await people.get(tx, town.world.ids[worker])
        await people.save(tx, replace(row, supervisor_id=town.world.ids[who]))
    town.supervisor[worker] = who


async def kept_off(town: Town, who: str, ref: str) -> None:
    """Somebody is kept off a family."""
    reason = town.mark("exclusion", "reason")
    done = await tries(town, "Adam", exclusions.add, town.world.ids[who], family_ref=ref, reason=reason)
    if done is not None:
        town.off.add((who, ref))


async def kept_off_ann(town: Town, who: str, ref: str) -> None:
    """Somebody is kept off a worker."""
    reason, ann = town.mark("exclusion", "reason"), town.world.ids["Ann"]
    done = await tries(town, "Adam", exclusions.add, town.world.ids[who], worker_id=ann, reason=reason)
    if done is not None:
        town.off.add((who, "Ann"))
