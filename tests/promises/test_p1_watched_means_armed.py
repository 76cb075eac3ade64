"""P1: whoever is being watched has a next deadline stored, always; and watching is never refused."""

from datetime import timedelta

import pytest

from safety_service.actions import alerts, words
from safety_service.actions.words import Word
from safety_service.domain.words import Found, KnownBy, Phase, Risk, Status
from tests.world import World

MINUTE = timedelta(minutes=1)


async def test_a_planned_visit_is_armed_from_the_moment_it_is_planned(world: World) -> None:
    row = await world.plan(after=30)
    watch = row.visit.watch(world.ids["Ann"])
    assert watch.phase is Phase.BEGIN
    assert watch.due_at == row.visit.starts_at
    assert watch.alarm_at == row.visit.starts_at + 20 * MINUTE
    assert watch.next_at is not None


async def test_begin_arms_the_first_check_in(world: World) -> None:
    row = await world.inside()
    watch = row.visit.watch(world.ids["Ann"])
    assert watch.phase is Phase.INSIDE
    assert watch.due_at == world.now + 30 * MINUTE, "nothing known of the family: medium risk, 30 minutes"


async def test_the_watch_goes_on_while_an_alert_is_open(world: World) -> None:
    row = await world.inside()
    await world.later(36)
    assert len(await world.alerts()) == 1
    watch = (await world.visit(row.id)).visit.watch(world.ids["Ann"])
    assert watch.phase is Phase.INSIDE
    assert watch.next_at is not None and watch.next_at > world.now
    await world.later(60)
    kinds = [each.alert.kind for each in await world.alerts()]
    assert kinds == ["missed_check_in"], "a second miss goes to the alert that is open"


async def test_resolving_in_the_middle_of_a_visit_re_arms_it_within_one_interval(world: World) -> None:
    row = await world.inside()
    await world.later(36)
    alert = await world.alert()
    await world.do("Mia", alerts.take, alert.id)
    await world.do("Mia", alerts.resolve, alert.id, Found.SAFE, KnownBy.HEARD_VOICE)
    watch = (await world.visit(row.id)).visit.watch(world.ids["Ann"])
    assert watch.phase is Phase.INSIDE
    assert watch.due_at is not None and world.now < watch.due_at <= world.now + watch.interval


async def test_resolving_a_visit_that_never_began_closes_it_and_says_so(world: World) -> None:
    row = await world.plan()
    await world.later(21)
    alert = await world.alert()
    assert alert.alert.kind == "not_begun"
    await world.do("Mia", alerts.resolve, alert.id, Found.LATE, KnownBy.HEARD_VOICE)
    after = (await world.visit(row.id)).visit
    assert after.status is Status.NOT_BEGUN
    assert after.watch(world.ids["Ann"]).phase is Phase.DONE


async def test_a_visit_that_waits_for_a_decision_is_watched_all_the_same(world: World) -> None:
    row = await world.plan(answers={"news": "removal"})
    assert row.visit.risk is Risk.HIGH
    assert row.visit.status is Status.WAITING
    receipt = await world.do("Ann", words.begin, row.id, Word())
    assert receipt.due_at == world.now + 15 * MINUTE
    await world.deliver()
    assert world.told("Mia", "manager.begun_undecided")


async def test_out_before_a_visit_soon_after_hands_the_watch_to_its_begin(world: World) -> None:
    first = await world.inside(minutes=30)
    second = await world.plan(after=60, ref="F-2")
    await world.later(20)
    await world.do("Ann", words.left, first.id, Word())
    assert not (await world.visit(first.id)).visit.watch(world.ids["Ann"]).live
    watch = (await world.visit(second.id)).visit.watch(world.ids["Ann"])
    assert watch.carries_home and watch.due_at == second.visit.starts_at
    await world.do("Ann", words.cancel, second.id, Word())
    watch = (await world.visit(second.id)).visit.watch(world.ids["Ann"])
    assert watch.phase is Phase.HOME, "who cancels the next visit is still on the way"


async def test_out_without_a_next_visit_asks_for_home(world: World) -> None:
    row = await world.inside()
    receipt = await world.do("Ann", words.left, row.id, Word())
    assert receipt.due_at == world.now + 30 * MINUTE
    await world.later(51)
    assert (await world.alert()).alert.kind == "not_home"


async def test_beginning_the_next_visit_ends_the_one_inside_and_the_manager_hears(world: World) -> None:
    first = await world.inside()
    second = await world.plan(after=10, ref="F-2")
    await world.do("Ann", words.begin, second.id, Word())
    assert not (await world.visit(first.id)).visit.watch(world.ids["Ann"]).live
    await world.deliver()
    assert world.told("Mia", "manager.assumed_out")


@pytest.mark.parametrize("kind", ["ring_me", "sos"])
async def test_a_cry_leaves_the_deadline_where_it_was(world: World, kind: str) -> None:
    row = await world.inside()
    due_at = row.visit.watch(world.ids["Ann"]).due_at
    await world.later(5)
    await world.do("Ann", getattr(words, kind), row.id, Word())
    assert (await world.visit(row.id)).visit.watch(world.ids["Ann"]).due_at == due_at
