"""Who is on duty now, for its page: what the actor holds and may hand over, and what they were asked to take over."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from safety_service.actions import duty
from safety_service.actions.actor import Actor
from safety_service.actions.colleagues import colleagues
from safety_service.actions.duty import LONGEST_COVER, OnPost
from safety_service.domain.duty import Shift
from safety_service.domain.words import Role
from safety_service.store import exclusions, offered, people, teams
from safety_service.store.database import Tx
from safety_service.store.people import Person
from safety_service.store.teams import Team


@dataclass(frozen=True, slots=True, kw_only=True)
class Now:
    """`posts`: who holds what; `asked`: offers to the actor; `given`: theirs that nobody has taken yet."""

    posts: Sequence[OnPost]
    asked: Sequence[Shift]
    given: Sequence[Shift]
    teams: Mapping[UUID, Team]
    people: Mapping[UUID, Person]
    #: To whom the actor can hand over.
    managers: Sequence[Person]
    hidden: frozenset[UUID]

    def mine(self, actor: Actor) -> list[OnPost]:
        """What the actor holds now."""
        return [each for each in self.posts if any(person.id == actor.person_id for person in each.people)]


async def now(tx: Tx, actor: Actor) -> Now:
    """All of it, for anybody who is in a team."""
    posts = await duty.who_is_on(tx, actor)
    until = tx.now + LONGEST_COVER
    found = await offered.of(tx, tx.now, until, teams=actor.roles, person_id=actor.person_id)
    asked = [each for each in found if each.person_id == actor.person_id]
    given = [each for each in found if each.covers_id == actor.person_id]
    hidden = (await exclusions.of_person(tx, actor.person_id)).workers
    managers = await colleagues(tx, actor, Role.MANAGER)
    return Now(
        posts=posts,
        asked=asked,
        given=given,
        teams=await teams.many(tx, {each.team_id for each in found} | set(actor.roles)),
        people=await people.many(tx, {each for one in found for each in (one.person_id, one.covers_id) if each}),
        managers=[each for each in managers if each.id not in hidden],
        hidden=hidden,
    )
