"""The figures: counted day by day, by team, and never so that one worker can be read in them."""

from collections import Counter
from datetime import date, timedelta

import pytest
from sqlalchemy import select

from safety_service.actions import alerts as handling
from safety_service.actions import exclusions, reviews, summing, team_figures, words
from safety_service.actions import measures as deciding
from safety_service.actions.errors import NotFound
from safety_service.actions.measures import Verdict
from safety_service.actions.team_figures import Period, TeamFigures
from safety_service.actions.words import Word
from safety_service.domain.plan import MeasureDecision
from safety_service.domain.refusal import Refused
from safety_service.domain.words import Found, KnownBy, Role
from safety_service.store import measures, people, teams
from safety_service.store.tables.learning import day_sum, debrief
from scheduler.summing import Summing
from tests.danger import DURESS, agreed, inside_high
from tests.debriefs import given
from tests.world import World

PERIOD = Period(date(2026, 11, 1), date(2026, 12, 31))


@pytest.fixture(autouse=True)
def _no_sample(monkeypatch: pytest.MonkeyPatch) -> None:
    # The id of a quiet debrief decides whether the sample draws it: once in twenty there would be one more to review.
    monkeypatch.setattr("safety_service.domain.reviewing.drawn", lambda debrief_id, sample: False)


async def summed(world: World) -> None:
    """What the clock does once a minute."""
    await Summing(world.database, "test").once()


async def read(world: World, who: str = "Mia", period: Period = PERIOD) -> TeamFigures:
    return await world.do(who, team_figures.figures, period)


async def test_debriefs_count_on_the_day_on_which_they_were_given(world: World) -> None:
    made = await given(world, "Ann", behaviours=["argued"], severity="medium")
    await given(world, "Ben", ref="F-2", after=60)
    await summed(world)
    found = (await read(world)).total
    assert (found["given"], found["given_in_time"], found["hard:medium"], found["met:argued"]) == (2, 2, 1, 1)
    assert (found["to_review"], found["reviewed"]) == (1, 0)
    world.clock.move(timedelta(days=1))
    await world.do("Mia", reviews.review, made, "Talked through")
    await summed(world)
    found = (await read(world)).total
    assert (found["to_review"], found["reviewed"], found["reviewed_in_time"], found["given"]) == (1, 1, 1, 2)


async def test_a_missed_word_and_how_soon_it_was_taken(world: World) -> None:
    await world.inside()
    await world.later(41)
    row = await world.alert()
    await world.do("Mia", handling.take, row.id)
    await world.do("Mia", handling.resolve, row.id, Found.LATE, KnownBy.HEARD_VOICE, "")
    await summed(world)
    found = (await read(world)).total
    assert found["alert:missed_check_in"] == 1 and found["false:missed_check_in:late"] == 1
    assert found["asked_again"] == 1
    assert sum(count for figure, count in found.items() if figure.startswith("taken:")) == 1


async def test_duress_changes_no_figure_until_it_is_over(world: World) -> None:
    await agreed(world)
    row = await inside_high(world)
    await world.do("Ann", words.ok, row.id, Word(phrase=DURESS))
    assert {each.alert.kind for each in await world.alerts()} == {"duress"}
    await summed(world)
    for who in ("Mia", "Dev", "Rita"):
        assert not (await read(world, who)).total
    raised = await world.alert()
    await world.do("Mia", handling.take, raised.id)
    await world.do("Mia", handling.resolve, raised.id, Found.SAFE, KnownBy.SEEN, "at the door")
    await world.do("Dev", handling.resolve, raised.id, Found.SAFE, KnownBy.SEEN, "at the door")
    await summed(world)
    assert (await read(world)).total["alert:duress"] == 1


async def test_what_somebody_is_kept_off_is_in_no_figure_of_theirs(world: World) -> None:
    await given(world, "Ann", behaviours=["argued"], severity="medium")
    await given(world, "Ben", ref="F-2", behaviours=["open_threat"], severity="high", after=60)
    await world.inside("Ben", ref="F-3", after=120)
    await summed(world)
    whole = (await read(world)).total
    assert whole["given"] == 2
    await world.do("Adam", exclusions.add, world.ids["Mia"], family_ref="F-2", reason="a cousin")
    left = await read(world)
    assert (left.total["given"], left.total["met:open_threat"], left.total["met:argued"]) == (1, 0, 1)
    assert left.by_team[world.team_id]["given"] == 1 and left.waiting == 1
    assert (await read(world, "Dev")).total == whole
    await world.do("Adam", exclusions.add, world.ids["Dev"], worker_id=world.ids["Ann"], reason="a brother")
    assert (await read(world, "Dev")).total["met:argued"] == 0


async def test_a_measure_its_effect_and_that_the_same_came_again(world: World) -> None:
    made = await given(world, "Ann", behaviours=["open_threat"], severity="high")
    async with world.database.reading() as tx:
        family_id = (await tx.conn.execute(select(debrief.c.family_id).where(debrief.c.id == made))).scalar_one()
        held = await measures.in_force(tx, family_id)
    world.clock.move(timedelta(hours=1))
    await world.do("Mia", deciding.decide, held[0].id, Verdict(kind=MeasureDecision.ACCEPT, reason="He means it"))
    await summed(world)
    found = (await read(world)).total
    assert (found["decided:accept"], found["held"], found["recurred"]) == (1, 1, 0)
    assert (found["before"], found["before_hard"], found["after"]) == (1, 1, 0)
    world.clock.move(timedelta(days=2))
    await given(world, "Ben", behaviours=["open_threat"], severity="high")
    world.clock.move(timedelta(days=1))
    await given(world, "Ben")
    await summed(world)
    found = (await read(world)).total
    assert (found["held"], found["recurred"]) == (1, 1)
    assert (found["after"], found["after_hard"]) == (2, 1)


async def test_one_who_goes_alone_in_a_team_has_no_figure(world: World) -> None:
    async with world.database.transaction() as tx:
        south = await teams.add(tx, world.agency_id, "South")
        await people.set_roles(tx, world.ids["Mia"], south.id, frozenset({Role.MANAGER}))
        await people.set_roles(tx, world.ids["Ben"], south.id, frozenset({Role.PRACTITIONER}))
    found = await read(world, period=Period(PERIOD.since, PERIOD.until, south.id))
    assert not found.given and found.alone == {south.id}
    found = await read(world)
    assert found.given and found.few and found.alone == {south.id}


async def test_figures_are_for_those_who_read_a_team_and_of_their_teams_only(world: World) -> None:
    for who in ("Ann", "Adam"):
        with pytest.raises(Refused, match="managers_only"):
            await read(world, who)
    async with world.database.transaction() as tx:
        other = await teams.add(tx, world.agency_id, "South")
    with pytest.raises(NotFound):
        await read(world, period=Period(PERIOD.since, PERIOD.until, other.id))
    with pytest.raises(Refused, match="period_wanted"):
        await read(world, period=Period(PERIOD.until, PERIOD.since))


async def test_years_that_were_never_counted_are_caught_up_with(world: World) -> None:
    for _ in range(4):
        await given(world, "Ann")
        world.clock.move(timedelta(days=40))
    await summed(world)
    found = await read(world, period=Period(date(2026, 11, 1), date(2027, 12, 31)))
    assert found.total["given"] == 4 and found.counted_until == world.now
    await summed(world)
    async with world.database.reading() as tx:
        assert len((await tx.conn.execute(select(day_sum).where(day_sum.c.figure == "given"))).all()) == 4


async def test_the_sums_are_what_the_records_say(world: World) -> None:
    """Counted twice: from the sums, and from the rows behind them."""
    for number, who in enumerate(("Ann", "Ben", "Ann")):
        await given(world, who, ref=f"F-{number}", behaviours=["argued"], severity="medium", after=number * 60)
        world.clock.move(timedelta(days=9))
        await summed(world)
    async with world.database.reading() as tx:
        since, until = world.now - timedelta(days=60), world.now + timedelta(days=1)
        rows = await summing.count(tx, [world.team_id], since, until)
    counted: Counter[str] = Counter()
    for (_, _, figure), count in rows.items():
        counted[figure] += count
    assert (await read(world)).total == counted
