"""Whatever is done in whatever order: versions of a plan stand as they were made, and nothing proposed is forgotten."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, text

from safety_service.store.database import Database
from safety_service.store.tables.plans import MEASURE_STATES, measure
from tests.guidance import looking
from tests.guidance import planting as plant
from tests.guidance import planting_around as around
from tests.guidance.marks import CAST, Town
from tests.guidance.test_who_sees_what import NUMBERS, Step

#: What can touch a plan.
STEPS: tuple[Step, ...] = (
    plant.goes_there,
    plant.tells_the_rest,
    plant.kept_off,
    around.decides,
    around.directs,
    around.knows_a_fact,
    around.meets,
    around.time_passes,
)
BY_WHOM = st.sampled_from(("Ann", "Ben", "Mia", "Mia", "Dev", "Eve", "Otto"))

Versions = dict[Any, tuple[Any, int, tuple[Any, ...]]]


async def as_they_lie(town: Town) -> Versions:
    """Every version as its bytes are kept, by its id: of which family, its number, everything."""
    async with town.database.reading() as tx:
        rows = (await tx.conn.execute(text("SELECT * FROM plan_version"))).all()
    return {row.id: (row.family_id, row.number, tuple(map(_plain, row))) for row in rows}


def _plain(value: Any) -> Any:
    return bytes(value) if isinstance(value, memoryview) else value


async def forgotten(town: Town) -> list[str]:
    """What is proposed and has no state, no owner, or nobody who is asked about it; owned by whom it must not be."""
    async with town.database.reading() as tx:
        rows = (await tx.conn.execute(select(measure).where(measure.c.agency_id == town.world.agency_id))).all()
    waits = [row for row in rows if row.state in ("proposed", "provisional")]
    return [
        *(f"{row.key} is {row.state}" for row in rows if row.state not in MEASURE_STATES),
        *(f"{row.key} is nobody's" for row in waits if row.owner_id is None),
        *(f"{row.key} is not asked about" for row in waits if row.next_at is None),
        *(f"{row.key} is decided by nobody in time" for row in waits if row.decide_by is None),
        *(f"{row.key} has no reason" for row in rows if not any(row.because.values())),
    ]


def follow_each_other(before: Versions, now: Versions) -> bool:
    """Nothing of what was there has changed or gone; what is new has the next numbers."""
    numbers: dict[Any, list[int]] = {}
    for family_id, number, _ in now.values():
        numbers.setdefault(family_id, []).append(number)
    in_row = all(sorted(each) == list(range(1, len(each) + 1)) for each in numbers.values())
    return in_row and all(now.get(each) == row for each, row in before.items())


@settings(
    max_examples=12,
    deadline=None,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(
    done=st.lists(st.tuples(st.sampled_from(STEPS), BY_WHOM, st.sampled_from(looking.REFS)), min_size=6, max_size=16)
)
async def test_versions_stand_and_every_proposal_is_somebodys(
    database: Database, done: list[tuple[Step, str, str]]
) -> None:
    town = await plant.settle(database, next(NUMBERS))
    before: Versions = await as_they_lie(town)
    for step, who, ref in ((plant.goes_there, "Ann", "F-1"), *done):
        await step(town, who, ref)
        now = await as_they_lie(town)
        assert follow_each_other(before, now), f"after {step.__name__} by {who}"
        assert await forgotten(town) == [], f"after {step.__name__} by {who}"
        before = now


async def test_where_every_manager_is_kept_off_an_administrator_has_it_and_reads_no_case_text(
    database: Database,
) -> None:
    town = await plant.settle(database, next(NUMBERS))
    for who in CAST:
        await plant.kept_off(town, who, "F-1") if who not in ("Ann", "Adam", "Otto") else None
    await plant.goes_there(town, "Ann", "F-1")
    await plant.tells_the_rest(town, "Ann", "F-1")
    async with town.database.reading() as tx:
        owners = await tx.conn.execute(select(measure.c.owner_id).where(measure.c.agency_id == town.world.agency_id))
        assert {town.world.name(each) for each in owners.scalars()} == {"Adam"}
    for _ in range(3):
        await around.time_passes(town, "Mia", "F-1")
    said = [text for who, text in await looking.new_messages(town) if who == "Adam" and text.startswith("plan.")]
    assert {each.split()[0] for each in said} == {"plan.nobody_decides"}
    assert not [each for each in said if town.found(each) or "'because'" in each or "'measure_id'" in each]
