"""Who cannot be woken by night: seen days before, told to the administrators, and shown where duty is looked at."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from safety_service.actions import circle
from safety_service.actions.actor import Actor
from safety_service.actions.apart import by_itself
from safety_service.actions.reached_by import providers
from safety_service.actions.telling import Priority, iso, tell
from safety_service.domain import waking
from safety_service.domain.duty import Shift
from safety_service.domain.readiness import LEAST_STANDING
from safety_service.domain.waking import Rules
from safety_service.domain.words import Role
from safety_service.store import agencies, channels, exclusions, people, roles, rota, stamps, standing
from safety_service.store.agencies import Agency
from safety_service.store.database import Tx
from safety_service.store.people import Person

#: The stamp of the last look, and how long until the next one.
LOOKED = "night_gaps"
EVERY = timedelta(hours=1)
#: So long before a way stops counting its owner is asked to try it; so many batches of them are looked at.
TRY_BEFORE = timedelta(days=14)
OLD_ONES = 50
#: What is missing for the whole agency is said again after this.
AGAIN = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Asleep:
    """Somebody who will stand on a rung by night, and whom nothing wakes."""

    person: Person
    shift: Shift


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """What is missing in the nights ahead. `standing`: those on the standing list who have two ways that count.

    `hidden`: of whom the reader learns nothing: not that it is they whom nothing wakes.
    """

    nothing_wakes: bool
    asleep: tuple[Asleep, ...]
    standing: int
    hidden: frozenset[UUID] = frozenset()

    @property
    def standing_short(self) -> bool:
        """Fewer than two people of the standing list can be reached in two ways."""
        return self.standing < LEAST_STANDING

    @property
    def lines(self) -> tuple[str, ...]:
        """Without names, for logs and checks."""
        found = []
        if self.nothing_wakes:
            found.append("nobody can be woken by night: there is no provider for calls or text messages")
        elif self.asleep:
            count = len({each.person.id for each in self.asleep})
            found.append(f"{count} on the rungs of the next nights cannot be woken")
        if self.standing_short:
            found.append(f"{self.standing} on the standing list can be reached in two tried ways; two are needed")
        return tuple(found)


async def rules_of(tx: Tx, agency_id: UUID) -> Rules:
    """What counts as waking in this agency, with the providers that there are."""
    policy = (await tx.policy()).night
    kinds = await providers(tx) or frozenset()
    return Rules(
        waking=kinds & frozenset(policy.waking),
        proven_for=policy.proven_for,
        hours=policy.hours,
        zone=await circle.zone_of(tx, agency_id),
    )


async def outlook(tx: Tx, agency_id: UUID) -> Outlook:
    """The agency's nights for as long ahead as the policy says."""
    rules = await rules_of(tx, agency_id)
    until = tx.now + (await tx.policy()).night.gaps_told
    shifts = await rota.between(tx, await roles.teams_of_agency(tx, agency_id), tx.now, until)
    by = await standing.of(tx, agency_id)
    awake = await _awake(tx, {each.person_id for each in shifts}, rules)
    asleep = waking.asleep(shifts, awake, rules, tx.now, until)
    names = await people.even_unread(tx, {each.person_id for each in asleep})
    ways = await channels.live_many(tx, by)
    return Outlook(
        nothing_wakes=not rules.waking,
        asleep=tuple(Asleep(names[each.person_id], each) for each in asleep),
        standing=sum(waking.has_two(ways.get(each, ()), rules, tx.now) for each in by),
    )


async def _awake(tx: Tx, person_ids: Collection[UUID], rules: Rules) -> frozenset[UUID]:
    found = await channels.live_many(tx, person_ids)
    return frozenset(each for each, ways in found.items() if waking.can_be_woken(ways, rules, tx.now))


async def posts_asleep(
    tx: Tx, agency_id: UUID, team_id: UUID, wanted: Collection[str], starts_at: datetime, ends_at: datetime
) -> tuple[str, ...]:
    """Of these posts of a team those that somebody holds then, by night, and of which nobody can be woken."""
    rules = await rules_of(tx, agency_id)
    if not waking.by_night(rules, starts_at, ends_at):
        return ()
    shifts = [each for each in await rota.between(tx, [team_id], starts_at, ends_at) if each.post in wanted]
    awake = await _awake(tx, {each.person_id for each in shifts}, rules)
    return waking.posts_asleep(shifts, awake, rules, starts_at, ends_at)


async def seen_by(tx: Tx, actor: Actor) -> Outlook | None:
    """For managers (of their own teams) and administrators; None for everybody else."""
    administers = actor.is_any(Role.ADMINISTRATOR)
    teams = actor.teams(Role.MANAGER)
    if not administers and not teams:
        return None
    whole = await outlook(tx, actor.agency_id)
    mine = tuple(each for each in whole.asleep if administers or each.shift.team_id in teams)
    hidden = (await exclusions.of_person(tx, actor.person_id)).workers
    return Outlook(nothing_wakes=whole.nothing_wakes, asleep=mine, standing=whole.standing, hidden=hidden)


async def missing(tx: Tx) -> list[str]:
    """What is missing in each agency, a line each, without names of people; nothing before anything was ever sent."""
    if await providers(tx) is None:
        return []
    real = [each for each in await agencies.every(tx) if not each.demonstration]
    return [f"{each.name}: {line}" for each in real for line in (await outlook(tx, each.id)).lines]


async def chase(tx: Tx, limit: int) -> int:
    """Once an hour, and never at night: tell the administrators what they do not know yet. Gives how many agencies.

    Whoever has not confirmed a way for long is asked to try it, before it stops counting.
    """
    looked = await stamps.last(tx, LOOKED)
    if tx.now.time() < circle.MORNING or (looked is not None and looked.at > tx.now - EVERY):
        return 0
    await stamps.stamp(tx, LOOKED)
    await by_itself(tx, _ask_to_try(tx, limit), "nobody was asked to try their ways")
    known = await agencies.every(tx)
    for each in known:
        await by_itself(tx, _tell(tx, each), f"nobody was told who cannot be woken: {each.id}")
    return len(known)


async def _ask_to_try(tx: Tx, limit: int) -> None:
    counted = (await tx.policy()).night.proven_for
    asked = tx.now - counted + min(TRY_BEFORE, counted / 2)
    for each in await channels.proven_before(tx, asked, OLD_ONES * limit):
        params = {"kind": each.kind, "at": iso(each.proven_at), "page": "/channels"}
        once = f"try:{each.id}:{iso(each.proven_at)}"
        await tell(tx, [each.person_id], "channel.old", params, priority=Priority.ROUTINE, dedupe=once)


async def _tell(tx: Tx, agency: Agency) -> None:
    found = await outlook(tx, agency.id)
    if found.nothing_wakes and agency.demonstration:
        return
    whom = await roles.with_role(tx, Role.ADMINISTRATOR, agency_id=agency.id)
    month = int(tx.now.timestamp() // AGAIN.total_seconds())
    if found.nothing_wakes:
        once = f"night:nothing:{agency.id}:{month}"
        await tell(tx, whom, "night.nothing_wakes", {}, priority=Priority.NEWS, dedupe=once)
    else:
        for each in found.asleep:
            params = {"names": [each.person.name], "post": each.shift.post, "starts_at": iso(each.shift.starts_at)}
            once = f"night:{each.shift.id}:{each.person.id}:{month}"
            await tell(tx, whom, "night.gap", params, priority=Priority.NEWS, dedupe=once)
    if found.standing_short:
        once = f"night:standing:{agency.id}:{found.standing}:{month}"
        await tell(tx, whom, "night.standing", {"count": found.standing}, priority=Priority.NEWS, dedupe=once)
