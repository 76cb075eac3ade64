"""Times go in and come out as aware UTC on both kinds of database; durations as they were."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import insert, select
from sqlalchemy.exc import StatementError

from safety_service.store.clock import OFFSET_FILE, DatabaseClock, SetClock
from safety_service.store.database import Database
from safety_service.store.ids import new_id
from safety_service.store.tables.system import stamp
from safety_service.store.tables.visits import visit
from tests.unit import rows

LONDON = ZoneInfo("Europe/London")
#: The night on which one o'clock to two o'clock happens twice.
CLOCKS_GO_BACK = datetime(2026, 10, 25, 1, 30, tzinfo=LONDON)


async def test_a_time_without_its_offset_is_refused(database: Database) -> None:
    async with database.transaction() as tx:
        naive = tx.now.replace(tzinfo=None)
        with pytest.raises(StatementError, match="without its offset"):
            await tx.conn.execute(insert(stamp).values(name="sweep", at=naive, info={}))
        with pytest.raises(StatementError, match="without its offset"):
            await tx.conn.execute(select(stamp).where(stamp.c.at < naive))


async def test_the_hour_that_happens_twice_is_kept_apart(database: Database) -> None:
    said = [CLOCKS_GO_BACK, CLOCKS_GO_BACK.replace(fold=1)]
    async with database.transaction() as tx:
        for n, at in enumerate(reversed(said)):
            await tx.conn.execute(insert(stamp).values(name=str(n), at=at, info={}))
    async with database.reading() as tx:
        in_order = list((await tx.conn.execute(select(stamp.c.at).order_by(stamp.c.at))).scalars())
        late = await tx.conn.execute(select(stamp.c.name).where(stamp.c.at > said[0] + timedelta(minutes=1)))
        assert late.scalars().all() == ["0"]
    assert in_order == [datetime(2026, 10, 25, 0, 30, tzinfo=UTC), datetime(2026, 10, 25, 1, 30, tzinfo=UTC)]
    assert [at.tzinfo for at in in_order] == [UTC, UTC]
    assert [at.astimezone(LONDON).fold for at in in_order] == [0, 1]


async def test_a_time_is_kept_to_the_microsecond_and_sorts_as_it_passes(database: Database) -> None:
    begin = datetime(2026, 11, 16, 9, tzinfo=UTC)
    times = [begin, begin + timedelta(microseconds=1), begin + timedelta(milliseconds=500), begin + timedelta(days=200)]
    async with database.transaction() as tx:
        for n, at in enumerate(reversed(times)):
            await tx.conn.execute(insert(stamp).values(name=str(n), at=at, info={}))
    async with database.reading() as tx:
        assert list((await tx.conn.execute(select(stamp.c.at).order_by(stamp.c.at))).scalars()) == times


async def test_a_duration_comes_out_as_it_went_in(database: Database) -> None:
    async with database.transaction() as tx:
        agency = await rows.agency(tx)
        team, worker = await rows.team(tx, agency), await rows.person(tx, agency)
        await rows.visit(tx, agency, team, worker, travel=timedelta(minutes=7, milliseconds=250))
    async with database.reading() as tx:
        assert (await tx.conn.execute(select(visit.c.travel))).scalar_one() == timedelta(minutes=7, milliseconds=250)


async def test_the_clock_of_a_process_under_test_goes_ahead_by_what_its_file_says(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    offset = tmp_path / "offset"
    monkeypatch.setenv(OFFSET_FILE, str(offset))
    database.clock = DatabaseClock()
    for hours in (0, 5):
        offset.write_text(f"{hours * 3600.0}\n")
        async with database.reading() as tx:
            ahead = tx.now - datetime.now(UTC) - timedelta(hours=hours)
            assert abs(ahead) < timedelta(seconds=5)


def test_a_clock_is_not_set_to_a_time_without_its_offset() -> None:
    with pytest.raises(ValueError, match="without its offset"):
        SetClock(datetime(2026, 11, 16, 9))  # noqa: DTZ001


def test_ids_made_later_sort_later() -> None:
    made = [new_id() for _ in range(1000)]
    assert made == sorted(made) and len(set(made)) == 1000
    assert {each.version for each in made} == {7}
