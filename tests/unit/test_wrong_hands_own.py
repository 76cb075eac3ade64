"""Nobody acts for themselves: whatever settles something for others is refused to whoever it is about."""

from __future__ import annotations

import contextlib
import importlib
import inspect
import pkgutil
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from safety_service import actions
from safety_service.actions import (
    accounts,
    acknowledging,
    alerts,
    by_link,
    courses,
    decisions,
    duty,
    exclusions,
    families,
    measures,
    opening,
    people_changing,
    policies,
    raising,
    reviews,
    rings,
    rota_changes,
    seconding,
    sharing,
    warning,
    words,
)
from safety_service.actions.courses import Direction
from safety_service.actions.measures import Verdict
from safety_service.actions.sharing import Decision as ShareDecision
from safety_service.actions.words import Word
from safety_service.domain.course import CourseKind
from safety_service.domain.plan import MeasureDecision
from safety_service.domain.refusal import Refused
from safety_service.domain.sharing import Basis
from safety_service.domain.sharing import Decided as Shared
from safety_service.domain.words import Decided, Found, KnownBy, News, Role
from safety_service.store import channels, identities, openings, people, rota, shares
from safety_service.store import families as family_rows
from safety_service.store.tables.alerts import ring
from tests.debriefs import given
from tests.guidance import at_plans
from tests.guidance.around import agency_at, bad_visit, told
from tests.world import World

Action = Callable[..., Awaitable[Any]]
YES = ShareDecision(decided=Shared.SHARE, basis=Basis.PROTECT_WORKER, reason="They go there tomorrow")


@dataclass(frozen=True)
class Own:
    """Something that is this person's own matter, and what is tried about it."""

    who: str
    args: tuple[Any, ...]


async def own_alert(world: World, *args: Any) -> Own:
    """Mia, who manages the team, called for help herself; she is on the ladder, too."""
    row = await world.inside("Mia")
    await world.do("Mia", words.sos, row.id, Word())
    return Own("Mia", ((await world.alert()).id, *args))


async def own_ring(world: World) -> Own:
    """She asked to be rung."""
    row = await world.inside("Mia")
    await world.do("Mia", words.ring_me, row.id, Word())
    async with world.database.reading() as tx:
        ring_id = (await tx.conn.execute(select(ring.c.id))).scalar_one()
    return Own("Mia", (ring_id, "spoke"))


async def own_visit(world: World) -> Own:
    """Her own visit waits for a decision."""
    row = await world.plan("Mia", answers={"hostility": "threat", "strategies": ["door"]})
    return Own("Mia", (row.id, Decided.GO_AHEAD, "I know them well"))


async def own_measure(world: World) -> Own:
    """Her own debrief proposed it."""
    debrief = await at_plans.told(world, "argued", who="Mia")
    two = (await at_plans.all_of(world, debrief))["two_people"]
    return Own("Mia", (two.id, Verdict(kind=MeasureDecision.REFUSE, reason="no need", changes={})))


async def own_family(world: World) -> Own:
    """She goes there tomorrow."""
    await world.plan("Mia", after=24 * 60)
    return Own("Mia", ("F-1", _direction(world)))


async def own_course(world: World) -> Own:
    """How the work goes on for herself."""
    return Own("Mia", (world.ids["Mia"], _direction(world)))


def _direction(world: World) -> Direction:
    until = (world.now + timedelta(days=20)).date()
    return Direction(kind=CourseKind.AS_IT_IS, reason="as before", until_on=until)


async def own_lowering(world: World) -> Own:
    """She goes there, and would rather not be asked so often."""
    await world.plan("Mia", after=24 * 60)
    return Own("Mia", ("F-1", "low", "they are kind", 7))


async def own_debrief(world: World) -> Own:
    """She told it herself."""
    return Own("Mia", (await given(world, "Mia", review="wanted", severity="medium"), "Well done, me"))


async def _own_share(world: World) -> UUID:
    row = await bad_visit(world, "Mia")
    await agency_at(world, row.family_id)
    await told(world, row, warning.follow, who="Mia")
    async with world.database.reading() as tx:
        return (await shares.of_family(tx, row.family_id))[0].id


async def own_share(world: World) -> Own:
    """Whether another agency hears of what she met."""
    return Own("Mia", (await _own_share(world), YES))


async def own_sent_share(world: World) -> Own:
    """Whether it has arrived there."""
    share_id = await _own_share(world)
    await world.do("Dev", sharing.decide, share_id, YES)
    return Own("Mia", (share_id, "Jo Field"))


async def own_opening(world: World) -> Own:
    """She opened a family with a reason herself."""
    await world.do("Dev", families.make, "F-9")
    await world.opens("Mia", "F-9")
    async with world.database.reading() as tx:
        family_id = await family_rows.by_ref(tx, world.agency_id, "F-9")
        assert family_id is not None
        found = await openings.of_family(tx, family_id, 9)
    return Own("Mia", (next(each.id for each in found if each.person_id == world.ids["Mia"]),))


async def own_exclusion(world: World) -> Own:
    """An administrator who is kept off somebody."""
    kept = await world.do("Adam", exclusions.add, world.ids["Adam"], worker_id=world.ids["Ann"], reason="married")
    return Own("Adam", (world.agency_id, kept))


async def own_policy(world: World) -> Own:
    """An administrator's own offer, which loosens something."""
    async with world.database.transaction() as tx:
        second = await people.add(tx, world.agency_id, "Alma", email="alma@example.org")
        await people.set_roles(tx, second.id, world.team_id, frozenset({Role.ADMINISTRATOR}))
    async with world.database.transaction() as tx:
        adam = await world.actor(tx, "Adam")
        applied = await policies.apply(tx, adam, '[risk.high]\ngrace = "6m"\n', who="Adam", why="too many alarms")
    assert applied.offer is not None
    return Own("Adam", (applied.offer.id,))


async def own_channel(world: World) -> Own:
    """What somebody added for her waits for a second person."""
    async with world.database.transaction() as tx:
        added = await channels.link(tx, world.ids["Mia"], "telegram", "another-phone", "waiting")
    return Own("Mia", (added.id,))


async def own_account(world: World) -> Own:
    """A work account that says that it is hers waits for a second person."""
    async with world.database.transaction() as tx:
        added = await identities.add(tx, world.ids["Mia"], "https://work.example", "mia", "waiting")
    return Own("Mia", (added.id,))


async def own_shift(world: World) -> Own:
    """Standing in for herself, for a part of her own shift."""
    begins, ends = world.now + timedelta(hours=1), world.now + timedelta(hours=3)
    shift = rota.new_shift(world.team_id, "deputy_on_duty", world.ids["Mia"], begins, ends)
    async with world.database.transaction() as tx:
        await rota.add(tx, shift, by=None)
    return Own("Mia", (shift.id, world.ids["Mia"], begins, ends))


async def own_training(world: World) -> Own:
    """An administrator writes down a training of their own."""
    return Own("Adam", (world.ids["Adam"], "personal_safety", world.now.date()))


async def own_cover(world: World) -> Own:
    """Standing in for herself."""
    return Own("Mia", ("manager_on_duty", world.now + timedelta(hours=2), world.ids["Mia"]))


def _alert(*args: Any) -> Callable[[World], Awaitable[Own]]:
    async def made(world: World) -> Own:
        return await own_alert(world, *args)

    return made


#: What is refused to whom it is about, and how it comes about.
REFUSED: tuple[tuple[Action, Callable[[World], Awaitable[Own]]], ...] = (
    (alerts.take, _alert()),
    (alerts.news, _alert(News.STILL_TRYING)),
    (alerts.note, _alert("all is well")),
    (alerts.escalate, _alert()),
    (alerts.resolve, _alert(Found.FALSE_ALARM, KnownBy.SEEN)),
    (by_link.take, _alert()),
    (by_link.act, _alert("take", None)),
    (rings.answer, own_ring),
    (decisions.decide, own_visit),
    (measures.decide, own_measure),
    (courses.for_family, own_family),
    (courses.for_worker, own_course),
    (raising.lower_risk, own_lowering),
    (reviews.review, own_debrief),
    (sharing.decide, own_share),
    (acknowledging.by_phone, own_sent_share),
    (opening.see, own_opening),
    (exclusions.end, own_exclusion),
    (policies.agree, own_policy),
    (seconding.agree, own_channel),
    (seconding.refuse, own_channel),
    (accounts.agree, own_account),
    (accounts.refuse, own_account),
    (rota_changes.cover, own_shift),
    (people_changing.train, own_training),
    (duty.cover, own_cover),
    (duty.hand_over, own_cover),
)
WHY = "never_your_own|cover_yourself"
#: Verbs that settle something for others, wherever an action has them.
SETTLING = frozenset(
    "take take_all act news note escalate pass_on resolve decide agree answer review see for_family for_worker"
    " lower_risk by_phone cover hand_over accept lost approve confirm close_item".split()
)
#: And those that need no such refusal, with the reason.
NOT_NEEDED = {
    "alerts.pass_on": "only whoever has it passes it on, and nobody has their own; tried below",
    "taking_many.take_all": "it takes each as alerts.take does",
    "duty.accept": "it is offered to them by somebody else",
    "losing.lost": "one's own is ended on the page of one's own devices; of others it is a manager's",
    "items.close_item": "what is theirs to do, they do; asked after until it is done",
    "briefing.confirm": "that one has read it oneself",
    "debriefs.answer": "one's own telling",
    "undertakings.note": "about a family, by its managers",
    "briefing.ask": "a question",
    "debrief_urgent.pass_on": "tells the managers, never the worker",
    "kept_files.note": "a worker's own voice note",
    "refusals.note": "keeps what was refused",
    "canary.note": "of a visit that is nobody's",
    "places.answer": "a geocoder's",
    "telling.answer": "our own answer to a word",
    "words.note": "a worker's own word",
    "sharing.note": "an entry in the log",
    "supervision.agree": "both sides are asked",
}


def _id(value: Any) -> str:
    return f"{value.__module__.rpartition('.')[2]}.{value.__name__}" if callable(value) else ""


@pytest.mark.parametrize(("action", "made"), REFUSED, ids=[_id(action) for action, _ in REFUSED])
async def test_it_is_refused_to_whom_it_is_about(
    world: World, action: Action, made: Callable[[World], Awaitable[Own]]
) -> None:
    own = await made(world)
    with pytest.raises(Refused, match=WHY):
        await world.do(own.who, action, *own.args)


async def test_somebody_elses_they_may_settle(world: World) -> None:
    """The refusals above are about whose it is, and nothing else."""
    row = await world.inside("Ann")
    await world.do("Ann", words.sos, row.id, Word())
    alert_id = (await world.alert()).id
    await world.do("Mia", alerts.take, alert_id)
    debrief_id = await given(world, "Ann", review="wanted", severity="medium")
    await world.do("Mia", reviews.review, debrief_id, "Well done")
    waits = await world.plan("Ben", ref="F-7", answers={"hostility": "threat", "strategies": ["door"]})
    await world.do("Mia", decisions.decide, waits.id, Decided.GO_AHEAD, "fine")


async def test_an_alert_is_not_passed_on_to_whom_it_is_about(world: World) -> None:
    own = await own_alert(world)
    await world.do("Dev", alerts.take, own.args[0])
    with pytest.raises(Refused, match="not_to_them"):
        await world.do("Dev", alerts.pass_on, own.args[0], world.ids["Mia"])
    with pytest.raises(Refused, match=WHY):
        await world.do("Mia", alerts.pass_on, own.args[0], world.ids["Dev"])


async def test_of_a_joint_visit_neither_settles_anything(world: World) -> None:
    row = await world.plan("Ann", workers=(world.ids["Ann"], world.ids["Ben"]))
    async with world.database.transaction() as tx:
        await people.set_roles(tx, world.ids["Ben"], world.team_id, frozenset({Role.PRACTITIONER, Role.MANAGER}))
    await world.do("Ann", words.begin, row.id, Word())
    await world.do("Ann", words.sos, row.id, Word())
    with pytest.raises(Refused, match=WHY):
        await world.do("Ben", alerts.take, (await world.alert()).id)


async def test_the_second_person_is_another_than_the_first(world: World) -> None:
    row = await world.inside("Ann")
    await world.do("Ann", words.sos, row.id, Word())
    alert_id = (await world.alert()).id
    await world.do("Dev", alerts.take, alert_id)
    await world.do("Dev", alerts.resolve, alert_id, Found.SAFE, KnownBy.SEEN)
    for _ in range(2):
        with contextlib.suppress(Refused):
            await world.do("Dev", alerts.resolve, alert_id, Found.SAFE, KnownBy.SEEN)
    assert (await world.alert()).alert.open
    await world.do("Mia", alerts.resolve, alert_id, Found.SAFE, KnownBy.SEEN)
    assert not (await world.alert()).alert.open


def test_no_action_that_settles_something_is_left_out() -> None:
    tried = {_id(action) for action, _ in REFUSED}
    there: set[str] = set()
    for module in pkgutil.iter_modules(actions.__path__):
        loaded = importlib.import_module(f"{actions.__name__}.{module.name}")
        for name, action in inspect.getmembers(loaded, inspect.iscoroutinefunction):
            if name in SETTLING and action.__module__ == loaded.__name__:
                there.add(f"{module.name}.{name}")
    assert there - tried - NOT_NEEDED.keys() == set()
