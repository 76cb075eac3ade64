"""G19: each risk fact has its source, dates, what the family was told and their view; it is corrected and ends, and
stays."""

from datetime import date, timedelta

import pytest

from safety_service.actions import fact_reviews, facts, families, raising
from safety_service.actions.errors import NotFound
from safety_service.domain.refusal import Refused
from safety_service.domain.words import Risk
from safety_service.store import exclusions, visits
from tests.guidance.at_families import REF, change, fact
from tests.world import World

MONTH = timedelta(days=31)


async def level(world: World) -> Risk:
    """How a visit to the family is judged that somebody plans now, once something was known of it."""
    return (await world.plan("Ben")).visit.risk


async def test_a_fact_is_kept_with_all_that_belongs_to_it(world: World) -> None:
    await world.plan()
    given = await fact(
        world,
        "open_threat",
        says="Said he would wait by the car",
        source="police",
        told="no",
        told_why="He does not know that she told us",
        their_view="She says he did not mean it",
        review_on=world.now.date() + MONTH,
    )
    [seen] = await world.do("Mia", facts.of_family, REF)
    assert seen.row == given
    assert (seen.row.source, seen.row.told, seen.row.told_why) == ("police", "no", "He does not know that she told us")
    assert (seen.past, seen.ended, seen.corrected_by) == (False, False, None)
    assert await level(world) is Risk.HIGH


async def test_what_was_said_why_not_is_part_of_it(world: World) -> None:
    await world.plan()
    for wrong, why in (
        ({"told": "no"}, "told_why_wanted"),
        ({"source": " "}, "source_wanted"),
        ({"source": "Mrs Lee told me"}, "source_wanted"),
        ({"on": world.now.date() + timedelta(days=1)}, "fact_in_future"),
    ):
        with pytest.raises(Refused) as refused:
            await fact(world, "open_threat", **wrong)
        assert refused.value.code == why
    for kind in ("nonsense", "raised", "lowered_to_low"):
        with pytest.raises(Refused) as refused:
            await fact(world, kind)
        assert refused.value.code == "fact_unknown"


async def test_a_corrected_fact_stays_readable_beside_the_one_that_stands_in_its_place(world: World) -> None:
    await world.plan()
    wrong = await fact(world, "open_threat", says="the father")
    right = await world.do("Mia", facts.correct, wrong.id, {"says": "the uncle"}, "Mixed up")
    new, old = await world.do("Mia", facts.of_family, REF)
    assert (new.row.id, new.row.says, new.row.corrects_id) == (right.id, "the uncle", wrong.id)
    assert (old.row.id, old.row.says, old.ended, old.row.ended_why) == (wrong.id, "the father", True, "Mixed up")
    assert old.corrected_by == right.id


async def test_who_goes_there_corrects_words_but_only_a_manager_what_counts(world: World) -> None:
    await world.plan()
    row = await fact(world, "open_threat", says="the father")
    await world.do("Ann", facts.correct, row.id, {"says": "the uncle"}, "Mixed up")
    mine = (await world.do("Ann", facts.of_family, REF))[0].row
    for lower in ({"kind": "dog"}, {"on": world.now.date() - timedelta(days=400)}):
        with pytest.raises(Refused, match="managers_only"):
            await world.do("Ann", facts.correct, mine.id, lower, "Better")
    with pytest.raises(Refused, match="managers_only"):
        await world.do("Ann", facts.end, mine.id, "Over")
    assert await level(world) is Risk.HIGH


async def test_an_ended_fact_counts_no_more_and_is_never_gone(world: World) -> None:
    await world.plan()
    row = await fact(world, "open_threat")
    await world.do("Mia", facts.end, row.id, "It was somebody else")
    [seen] = await world.do("Mia", facts.of_family, REF)
    assert seen.ended and seen.row.ended_why == "It was somebody else" and seen.row.ended_by == world.ids["Mia"]
    assert await level(world) is not Risk.HIGH
    with pytest.raises(Refused, match="fact_ended"):
        await world.do("Mia", facts.end, row.id, "Again")


async def test_a_manager_makes_nothing_count_for_less_before_their_own_visit(world: World) -> None:
    await world.plan("Mia")
    row = await fact(world, "open_threat", "Mia")
    with pytest.raises(Refused, match="never_your_own"):
        await world.do("Mia", facts.end, row.id, "It is fine")
    with pytest.raises(Refused, match="never_your_own"):
        await world.do("Mia", raising.lower_risk, REF, "low", "It is fine", 7)
    await world.do("Dev", facts.end, row.id, "It was somebody else")


async def test_anyone_who_goes_raises_and_a_manager_lowers_for_four_weeks_at_most(world: World) -> None:
    await world.plan()
    await world.do("Ann", raising.raise_risk, REF, "A friend moved in, just out of prison")
    assert await level(world) is Risk.HIGH
    with pytest.raises(Refused, match="managers_only"):
        await world.do("Ann", raising.lower_risk, REF, "low", "He has gone", 7)
    for days in (0, 29):
        with pytest.raises(Refused, match="lowered_too_long"):
            await world.do("Mia", raising.lower_risk, REF, "low", "He has gone", days)
    with pytest.raises(Refused, match="reason_wanted"):
        await world.do("Mia", raising.lower_risk, REF, "low", " ", 28)
    await world.jump(1)
    await world.do("Mia", raising.lower_risk, REF, "low", "He has gone", 28)
    assert await level(world) is Risk.LOW
    await fact(world, "open_threat", on=world.now.date() - timedelta(days=3))
    assert await level(world) is Risk.HIGH


async def test_a_lowered_risk_comes_back_by_itself(world: World) -> None:
    await world.plan()
    await fact(world, "open_threat")
    await world.jump(1)
    await world.do("Mia", raising.lower_risk, REF, "medium", "Talked it through", 28)
    assert await level(world) is Risk.MEDIUM
    assert (await world.plan("Ben", after=28 * 24 * 60)).visit.risk is Risk.HIGH


async def test_a_fact_that_is_due_is_asked_after_and_asked_again(world: World) -> None:
    await world.plan()
    await fact(world, "open_threat", review_on=world.now.date() + timedelta(days=10))
    assert await chased(world) == 0
    world.clock.move(timedelta(days=10))
    assert await chased(world) == 1
    await world.deliver()
    [asked] = world.told("Mia", "facts.review")
    assert (asked.params["ref"], asked.params["count"]) == (REF, 1)
    assert not world.told("Ann", "facts.review")
    assert await chased(world) == 0
    world.clock.move(timedelta(days=7))
    assert await chased(world) == 1


async def chased(world: World) -> int:
    async with world.database.transaction() as tx:
        return await fact_reviews.chase_facts(tx, 20)


async def test_a_reviewed_fact_is_left_in_peace_until_its_new_day(world: World) -> None:
    await world.plan()
    row = await fact(world, "open_threat", review_on=world.now.date() + timedelta(days=10))
    await world.do("Mia", facts.reviewed, row.id, world.now.date() + timedelta(days=100))
    world.clock.move(timedelta(days=50))
    assert await chased(world) == 0
    with pytest.raises(Refused, match="until_past"):
        await world.do("Mia", facts.reviewed, row.id, world.now.date())


async def test_a_fact_is_not_put_off_for_longer_than_five_years(world: World) -> None:
    await world.plan()
    for day in (world.now.date() + timedelta(days=5 * 366 + 1), date.max):
        with pytest.raises(Refused, match="review_too_far"):
            await fact(world, "open_threat", review_on=day)
    row = await fact(world, "open_threat", review_on=world.now.date() + timedelta(days=5 * 365))
    with pytest.raises(Refused, match="review_too_far"):
        await world.do("Mia", facts.reviewed, row.id, date.max)


async def test_what_the_family_was_told_can_be_added_later(world: World) -> None:
    await world.plan()
    row = await fact(world, "open_threat")
    await world.do("Ann", facts.tell_family, row.id, "yes", view="He was angry about the letter")
    [seen] = await world.do("Mia", facts.of_family, REF)
    assert (seen.row.told, seen.row.their_view) == ("yes", "He was angry about the letter")
    with pytest.raises(Refused, match="told_why_wanted"):
        await world.do("Ann", facts.tell_family, row.id, "no")


@pytest.mark.parametrize("who", ["Ben", "Adam"])
async def test_who_has_nothing_to_do_with_the_family_does_not_know_of_it(world: World, who: str) -> None:
    await world.plan()
    row = await fact(world, "open_threat")
    for ask in (
        world.do(who, families.read, REF),
        world.do(who, facts.of_family, REF),
        world.do(who, facts.end, row.id, "x"),
        world.do(who, raising.raise_risk, REF, "x"),
    ):
        with pytest.raises(NotFound):
            await ask


async def test_who_is_kept_off_does_not_know_of_it_even_as_its_manager(world: World) -> None:
    row = await world.plan()
    await change(world, name="Marsh")
    async with world.database.transaction() as tx:
        await exclusions.add(tx, world.agency_id, world.ids["Mia"], family_id=row.family_id, reason="sister", by=None)
    with pytest.raises(NotFound):
        await world.do("Mia", families.read, REF)
    assert await world.do("Mia", families.find, "Marsh") == []
    assert [each.ref for each in await world.do("Dev", families.find, "marsh")] == [REF]


async def test_a_reviewer_reads_and_writes_nothing(world: World) -> None:
    await world.plan()
    await world.opens("Rita", REF)
    assert (await world.do("Rita", families.read, REF)).ref == REF
    for writing in (
        change(world, "Rita", only_us="x"),
        fact(world, "open_threat", "Rita"),
    ):
        with pytest.raises(Refused, match="not_your_role"):
            await writing


async def test_reading_is_kept_as_writing_is(world: World) -> None:
    await world.plan()
    row = await fact(world, "open_threat")
    await world.do("Mia", facts.of_family, REF)
    kept = await logged(world)
    assert ("fact_added", "risk_fact", row.id, world.ids["Ann"]) in kept
    async with world.database.reading() as tx:
        family_id = (await visits.listed(tx, visits.Wanted(agency_id=world.agency_id), 1))[0].family_id
    assert ("read", "risk_fact", family_id, world.ids["Mia"]) in kept


async def logged(world: World) -> list[tuple[str, str, object, object]]:
    from sqlalchemy import select

    from safety_service.store.tables.system import event_log

    async with world.database.reading() as tx:
        rows = (await tx.conn.execute(select(event_log))).all()
    return [(row.verb, row.subject, row.subject_id, row.actor_id) for row in rows]
