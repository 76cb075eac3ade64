"""G17: the agency can show its care for a period, on paper and as rows; and none of it measures a worker."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from safety_service.actions import alerts as handling
from safety_service.actions import reviews
from safety_service.actions.exports import WHAT, export
from safety_service.actions.exports_written import FORMATS, written
from safety_service.actions.figures_of_care import figures_of_care
from safety_service.actions.table import Table
from safety_service.domain.refusal import Refused
from safety_service.domain.words import Found, KnownBy
from safety_service.store import exclusions, training
from safety_service.store.tables.learning import debrief
from safety_service.store.tables.system import event_log
from tests.debriefs import given
from tests.world import World

YEAR = (datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC))
PRIVATE = "I was too frightened to ask"


async def made(world: World, who: str, what: str) -> Table:
    return await world.do(who, export, what, world.agency_id, *YEAR)


async def care(world: World, who: str = "Mia") -> dict[tuple[str, str], Any]:
    table = await world.do(who, figures_of_care, world.agency_id, *YEAR)
    return {(row["about"], row["figure"]): row["value"] for row in table.rows if row["team"] == "North"}


async def a_bad_week(world: World) -> None:
    """A missed check-in that Mia takes after four minutes; a difficult debrief, reviewed, and a quiet one."""
    await world.inside("Ann", answers={"around": "dog"})
    await world.later(60)
    opened = (await world.alert()).alert.opened_at
    world.clock.at = max(world.now, opened + timedelta(minutes=4))
    alert = await world.alert()
    await world.do("Mia", handling.take, alert.id)
    await world.do("Mia", handling.resolve, alert.id, Found.LATE, KnownBy.HEARD_VOICE, "")
    bad = await given(world, "Ben", ref="F-2", behaviours=["argued"], severity="medium", private={"reflect": PRIVATE})
    await world.do("Mia", reviews.review, bad, "Read it")
    await given(world, "Ann", ref="F-3", behaviours=["put_off"], severity="medium", after=30)


async def test_the_figures_of_a_period_by_team(world: World) -> None:
    await a_bad_week(world)
    found = await care(world)
    assert found["alerts", "Alerts"] == 1
    assert found["missed words", "Check-in missed"] == 1
    assert found["alerts", "Found late and well"] == 1
    alert = await world.alert()
    async with world.database.reading() as tx:
        query = select(event_log.c.at).where(event_log.c.verb == "took", event_log.c.alert_id == alert.id)
        took = (await tx.conn.execute(query)).scalar_one()
    after = (took - alert.alert.opened_at).total_seconds()
    assert after > 0 and found["alerts", "Taken after, longest"] == round(after)
    assert (found["debriefs", "Given"], found["debriefs", "Reviewed"]) == (2, 1)
    assert found["debriefs", "Waiting for a review"] == 1
    assert found["visits", "Planned"] == 3


async def test_what_happened_outside_the_period_is_not_in_it(world: World) -> None:
    await a_bad_week(world)
    before = (YEAR[0] - timedelta(days=400), YEAR[0])
    table = await world.do("Mia", figures_of_care, world.agency_id, *before)
    assert {row["value"] for row in table.rows if row["about"] in ("alerts", "debriefs", "visits")} <= {0, ""}
    for what in WHAT:
        assert not (await world.do("Mia", export, what, world.agency_id, *before)).rows


async def test_training_is_counted_with_its_expiry(world: World) -> None:
    async with world.database.transaction() as tx:
        today = tx.now.date()
        await training.put(tx, world.ids["Ann"], {"personal_safety": today - timedelta(days=30)})
        await training.put(tx, world.ids["Ben"], {"personal_safety": today - timedelta(days=3000)})
    found = await care(world)
    assert (found["training", "Personal safety: have it"], found["training", "Personal safety: lack it"]) == (1, 1)


@pytest.mark.parametrize("what", [*WHAT, "care"])
async def test_no_export_says_who_the_worker_was_or_what_they_reflected(world: World, what: str) -> None:
    await a_bad_week(world)
    if what == "care":
        table = await world.do("Mia", figures_of_care, world.agency_id, *YEAR)
    else:
        table = await made(world, "Mia", what)
    assert table.rows
    forbidden = {"worker", "worker_id", "person", "person_id", "by", "owner", "name", "private", "reflections"}
    assert not forbidden & set(table.columns)
    for form in ("csv", "jsonl"):
        text = written(table, form, world.now).decode("utf-8-sig")
        assert PRIVATE not in text
        assert not [name for name, each in world.ids.items() if name in text or str(each) in text]


async def test_a_debrief_on_paper_says_what_happened_in_the_words_of_its_edition(world: World) -> None:
    await given(
        world,
        behaviours=["open_threat"],
        severity="high",
        answers={"happened": "He said he knows my car", "reasons": ["removal"], "safer": ["two_people", "a spare key"]},
    )
    (row,) = (await made(world, "Rita", "debriefs")).rows
    assert (row["behaviours"], row["reasons"]) == ("Open threat", "Fears losing the children")
    assert row["happened"] == "He said he knows my car" and row["would_help"].endswith("a spare key")


async def test_an_export_holds_what_its_reader_may_see(world: World) -> None:
    hers = await given(world, "Ann", ref="F-1")
    his = await given(world, "Ben", ref="F-2")
    async with world.database.transaction() as tx:
        family = (await tx.conn.execute(select(debrief.c.family_id).where(debrief.c.id == hers))).scalar_one()
        await exclusions.add(tx, world.agency_id, world.ids["Mia"], family_id=family, reason="hers", by=None)
        await exclusions.add(tx, world.agency_id, world.ids["Rita"], worker_id=world.ids["Ben"], reason="his", by=None)
    assert [row["id"] for row in (await made(world, "Mia", "debriefs")).rows] == [str(his)]
    assert [row["family"] for row in (await made(world, "Mia", "visits")).rows] == ["F-2"]
    assert [row["family"] for row in (await made(world, "Rita", "debriefs")).rows] == ["F-1"]
    for who in ("Ann", "Adam"):
        with pytest.raises(Refused, match="managers_only"):
            await made(world, who, "debriefs")


async def test_alerts_of_a_family_that_one_is_kept_off_are_not_exported(world: World) -> None:
    row = await world.inside("Ann")
    await world.later(90)
    assert (await made(world, "Mia", "alerts")).rows
    async with world.database.transaction() as tx:
        await exclusions.add(tx, world.agency_id, world.ids["Mia"], family_id=row.family_id, reason="hers", by=None)
    assert not (await made(world, "Mia", "alerts")).rows


async def test_each_export_is_kept_with_what_and_how_much(world: World) -> None:
    await given(world)
    await made(world, "Rita", "debriefs")
    async with world.database.reading() as tx:
        query = select(event_log).where(event_log.c.verb == "exported")
        (row,) = (await tx.conn.execute(query)).all()
    assert (row.actor_id, row.subject, row.details["rows"]) == (world.ids["Rita"], "debriefs", 1)


async def test_a_period_that_ends_before_it_begins_is_refused(world: World) -> None:
    with pytest.raises(Refused, match="period_wanted"):
        await world.do("Mia", export, "visits", world.agency_id, YEAR[1], YEAR[0])


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_no_cell_of_a_spreadsheet_is_ever_a_formula(start: str) -> None:
    evil = f'{start}HYPERLINK("http://x.example","look")'
    text = written(Table("T", ("happened", "count"), [{"happened": evil, "count": -3}]), "csv", YEAR[0])
    (row,) = list(csv.DictReader(io.StringIO(text.decode("utf-8-sig"), newline="")))
    assert row == {"happened": f"'{evil}", "count": "-3"}


def test_json_lines_are_an_object_a_line() -> None:
    table = Table("T", ("happened",), [{"happened": "a\nb Łódź"}, {"happened": "c"}])
    lines = written(table, "jsonl", YEAR[0]).decode().splitlines()
    assert [json.loads(line) for line in lines] == list(table.rows)


def test_a_paper_is_made_of_any_text_and_of_none() -> None:
    for rows in ([], [{"happened": "Łódź “quoted” \U0001f600 " + "long " * 2000}]):
        assert written(Table("T", ("happened",), rows), "pdf", YEAR[0]).startswith(b"%PDF-")
    assert set(FORMATS) == {"csv", "jsonl", "pdf"}


def test_a_row_with_any_other_column_never_leaves_the_house() -> None:
    with pytest.raises(ValueError, match="worker"):
        Table("T", ("happened",), [{"happened": "", "worker": UUID(int=1)}])
