"""Being on duty, seen from the chat: who is on, standing in for somebody, handing one's own post over.

Nobody goes off a post before somebody else has said yes to it: a post that is handed over stays with the giver until it
is accepted.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from safety_service.actions import access
from safety_service.actions.actor import Actor
from safety_service.actions.errors import NotFound
from safety_service.actions.evidence import keep
from safety_service.actions.telling import Priority, iso, tell
from safety_service.domain.duty import Shift
from safety_service.domain.refusal import Refused
from safety_service.domain.words import Role
from safety_service.store import channels, exclusions, people, rota, teams
from safety_service.store.database import Tx
from safety_service.store.people import Person
from safety_service.store.teams import Team

#: Cover is for days, not months: a slip in the date must not put somebody on duty for a year.
LONGEST_COVER = timedelta(days=14)
ON_DUTY = "_on_duty"


@dataclass(frozen=True, slots=True)
class OnPost:
    """Who holds a post now; `people` is empty where nobody does."""

    team: Team
    post: str
    people: tuple[Person, ...]


async def who_is_on(tx: Tx, actor: Actor) -> list[OnPost]:
    """Every post of the actor's teams, with who holds it now."""
    wanted = await posts_of_policy(tx)
    found: list[OnPost] = []
    for team in (await teams.many(tx, actor.roles)).values():
        held = await rota.on_duty(tx, team.id, tx.now)
        known = await people.even_unread(tx, {person for on in held.values() for person in on})
        for post in sorted(wanted | held.keys()):
            on = [known[person] for person in held.get(post, frozenset())]
            found.append(OnPost(team, post, tuple(sorted(on, key=lambda each: each.name))))
    return found


async def posts_of_policy(tx: Tx) -> frozenset[str]:
    """The posts that the ladders of the policy in force call on."""
    ladders = (await tx.policy()).ladder.values()
    return frozenset(rung.who for ladder in ladders for rung in ladder.rungs or () if rung.who.endswith(ON_DUTY))


async def cover(tx: Tx, actor: Actor, post: str, until: datetime, for_person: UUID) -> Shift:
    """The actor stands in on this post for somebody, from now until then; both know.

    Raises NotFound; Refused: `managers_only`, `cover_yourself`, `until_past`, `until_too_far`, `not_on_duty`.
    """
    _sensible(tx, until)
    if for_person == actor.person_id:
        raise Refused("cover_yourself")
    team = await _team_where_on(tx, await _seen(tx, actor, for_person), post, until, within=actor.roles)
    access.may_run_rota(actor, team.agency_id, team.id)
    shift = rota.new_shift(team.id, post, actor.person_id, tx.now, until, covers_id=for_person)
    await _put(tx, shift, by=actor.person_id)
    await _tell(tx, for_person, "duty.covered", shift, team, by=actor.name)
    await keep_shift(tx, actor, actor.agency_id, "covered", shift)
    return shift


async def hand_over(tx: Tx, actor: Actor, post: str, until: datetime, to_person: UUID) -> Shift:
    """Offer the actor's own post to another manager until then. The actor stays on until it is accepted.

    Raises NotFound; Refused: `cover_yourself`, `until_past`, `until_too_far`, `not_on_duty`, `not_to_them`,
    `not_reachable`.
    """
    _sensible(tx, until)
    if to_person == actor.person_id:
        raise Refused("cover_yourself")
    giver = await people.get(tx, actor.person_id)
    team = await _team_where_on(tx, giver, post, until, within=actor.roles)
    receiver = await _seen(tx, actor, to_person)
    if not receiver.active:
        raise NotFound
    if not receiver.has(Role.MANAGER):
        raise Refused("not_to_them", name=receiver.name)
    if not await channels.reached(tx, [to_person]):
        raise Refused("not_reachable", name=receiver.name)
    offer = rota.new_shift(team.id, post, to_person, tx.now, until, covers_id=actor.person_id)
    await rota.add(tx, offer, by=actor.person_id, offered=True)
    await _tell(tx, to_person, "duty.offered", offer, team, by=actor.name)
    await keep_shift(tx, actor, actor.agency_id, "offered_post", offer)
    return offer


async def accept(tx: Tx, actor: Actor, offer_id: UUID) -> Shift:
    """Take the post that was offered; from now on the giver is off it. Raises NotFound; Refused: `offer_gone`."""
    offer = await _offer_to(tx, actor, offer_id)
    if not await rota.remove(tx, offer.id):
        raise Refused("offer_gone")
    shift = rota.new_shift(offer.team_id, offer.post, actor.person_id, tx.now, offer.ends_at, offer.covers_id)
    await _put(tx, shift, by=actor.person_id)
    await _tell_giver(tx, actor, "duty.accepted", shift)
    await keep_shift(tx, actor, actor.agency_id, "accepted_post", shift)
    return shift


async def decline(tx: Tx, actor: Actor, offer_id: UUID) -> None:
    """Say no to the post that was offered: the giver keeps it. Raises NotFound; Refused: `offer_gone`."""
    offer = await _offer_to(tx, actor, offer_id)
    await rota.remove(tx, offer.id)
    await _tell_giver(tx, actor, "duty.declined", offer)
    await keep_shift(tx, actor, actor.agency_id, "declined_post", offer)


async def _offer_to(tx: Tx, actor: Actor, offer_id: UUID) -> Shift:
    offer = await rota.offer(tx, offer_id)
    if offer is None or offer.ends_at <= tx.now:
        raise Refused("offer_gone")
    if offer.person_id != actor.person_id:
        raise NotFound
    return offer


def _sensible(tx: Tx, until: datetime) -> None:
    if until <= tx.now:
        raise Refused("until_past")
    if until > tx.now + LONGEST_COVER:
        raise Refused("until_too_far", days=LONGEST_COVER.days)


async def _seen(tx: Tx, actor: Actor, person_id: UUID) -> Person:
    """Somebody whom the rota shows the actor: of their agency, and nobody they are kept off. Raises NotFound."""
    found = (await people.many(tx, [person_id])).get(person_id)
    hidden = (await exclusions.of_person(tx, actor.person_id)).workers
    if found is None or found.agency_id != actor.agency_id or person_id in hidden:
        raise NotFound
    return found


async def _team_where_on(tx: Tx, person: Person, post: str, until: datetime, *, within: Iterable[UUID]) -> Team:
    """The team, among these and the person's own, on whose rota they hold this post before `until`."""
    shifts = await rota.between(tx, {*within, *person.roles}, tx.now, until)
    mine = [shift for shift in shifts if shift.person_id == person.id and shift.post == post]
    if not mine:
        raise Refused("not_on_duty", name=person.name, post=post)
    return await teams.get(tx, mine[0].team_id)


async def _put(tx: Tx, shift: Shift, *, by: UUID) -> None:
    """Put a cover on the rota. Giving a post back ends the cover that it came by: two who cover each other are none."""
    running = await rota.between(tx, [shift.team_id], tx.now, shift.ends_at)
    circle = [
        each
        for each in running
        if each.post == shift.post and each.person_id == shift.covers_id and each.covers_id == shift.person_id
    ]
    for each in circle:
        await rota.end(tx, each, tx.now)
    # Whoever takes it back is on until then, even if their own shift ends before.
    await rota.add(tx, replace(shift, covers_id=None) if circle else shift, by=by)


async def _tell_giver(tx: Tx, actor: Actor, template: str, shift: Shift) -> None:
    assert shift.covers_id is not None
    await _tell(tx, shift.covers_id, template, shift, await teams.get(tx, shift.team_id), by=actor.name)


async def _tell(tx: Tx, person_id: UUID, template: str, shift: Shift, team: Team, *, by: str) -> None:
    params = {"shift_id": str(shift.id), "post": shift.post, "team": team.name, "by": by, "until": iso(shift.ends_at)}
    await tell(tx, [person_id], template, params, priority=Priority.NEWS)


async def keep_shift(tx: Tx, by: Actor | None, agency_id: UUID, verb: str, shift: Shift) -> None:
    """Keep in the evidence log what became of a shift."""
    await keep(
        tx,
        by,
        agency_id,
        verb,
        subject="shift",
        subject_id=shift.id,
        team_id=str(shift.team_id),
        post=shift.post,
        person_id=str(shift.person_id),
        covers_id=None if shift.covers_id is None else str(shift.covers_id),
        starts_at=iso(shift.starts_at),
        ends_at=iso(shift.ends_at),
    )
