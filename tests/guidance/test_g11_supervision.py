"""G11: a supervision's agenda builds itself, both judgements of a risk are kept, and nothing drops off until closed."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import update
from sqlalchemy.exc import DBAPIError

from safety_service.actions import items, supervision
from safety_service.actions.errors import NotFound
from safety_service.actions.supervision import Judged, NewItem, Said, Seen
from safety_service.domain.refusal import Refused
from safety_service.domain.supervising import Agenda, View
from safety_service.domain.words import Role
from safety_service.store import debriefs, exclusions, notices, people, teams
from safety_service.store.debriefs import Debrief, Met
from safety_service.store.tables.around import supervision as rows
from safety_service.store.tables.visits import visit
from safety_service.store.visits import VisitRow
from tests.guidance.around import bad_visit, everything_said
from tests.world import World

FEELING = "I lie awake"


@pytest.fixture
async def row(world: World) -> VisitRow:
    """Ann is Mia's; her visit went badly."""
    async with world.database.transaction() as tx:
        ann = await people.get(tx, world.ids["Ann"])
        await people.save(tx, replace(ann, supervisor_id=world.ids["Mia"]))
    return await bad_visit(world)


async def submitted(world: World, row: VisitRow, **private: Any) -> Debrief:
    """Ann's debrief, with what she kept for herself and her supervisor."""
    async with world.database.transaction() as tx:
        draft = await debriefs.of_visit(tx, row.id, world.ids["Ann"])
        assert draft is not None
        given = replace(
            draft,
            state="submitted",
            submitted_at=tx.now,
            next_at=None,
            stage=None,
            family_id=row.family_id,
            team_id=row.team_id,
            private=private or None,
        )
        await debriefs.save(tx, given)
        met = [Met(kind="open_threat", group="threat", severity="high", on=tx.now.date())]
        await debriefs.add_met(tx, given, met)
    return given


async def seen(world: World, who: str = "Mia") -> Seen:
    return await world.do(who, supervision.read, world.ids["Ann"])


async def agenda(world: World, who: str = "Mia") -> Agenda:
    found = (await seen(world, who)).agenda
    assert found is not None
    return found


async def recorded(world: World, **more: Any) -> None:
    await world.do("Mia", supervision.record, world.ids["Ann"], Said(notes="We talked it through", **more))


async def an_item(world: World, row: VisitRow, kind: str = "assessment_gap") -> UUID:
    async with world.database.transaction() as tx:
        opened = await items.open_item(
            tx,
            agency_id=world.agency_id,
            team_id=world.team_id,
            kind=kind,
            text="What school says",
            family_id=row.family_id,
            owner_id=world.ids["Ann"],
            worker_id=world.ids["Ann"],
        )
    return opened.id


async def test_the_agenda_builds_itself(world: World, row: VisitRow) -> None:
    missing = await bad_visit(world, ref="F-2")
    given = await submitted(
        world, row, reflect=["avoided", "hopeful"], feeling=FEELING, support=["talk"], back="not_me"
    )
    item = await an_item(world, row)
    world.clock.move(timedelta(days=1, minutes=1))
    await world.do("Ann", supervision.wish, "I want to talk about F-2", "F-2", View.HIGH)
    found = await agenda(world)
    assert [(each.family_ref, each.kinds, each.debrief_id) for each in found.hostility] == [
        ("F-1", ("open_threat",), given.id)
    ]
    assert item in {each.id for each in found.items}
    assert any(each.body["text"] == "I want to talk about F-2" and each.key == "high" for each in found.items)
    assert found.reflections == {"avoided": 1, "hopeful": 1}
    assert [(each.feeling, each.support, each.back) for each in found.wellbeing] == [(FEELING, ("talk",), "not_me")]
    assert [each.family_ref for each in found.overdue] == [missing.family_ref]
    assert found == await agenda(world, "Ann"), "the worker sees what the supervisor sees"


async def test_hostility_that_is_expected_is_on_it(world: World, row: VisitRow) -> None:
    await world.plan(after=60, ref="F-3", answers={"news": "removal"})
    (coming,) = (await agenda(world)).expected
    assert (coming.family_ref, coming.risk) == ("F-3", "high") and coming.because


async def test_it_is_the_workers_and_their_supervisors(world: World, row: VisitRow) -> None:
    await submitted(world, row, feeling=FEELING)
    await recorded(world, agreed="Nobody goes alone")
    days = await seen(world, "Dev")
    assert days.agenda is None and [(each.body, each.at) for each in days.records] == [({}, world.now)]
    for who in ("Ben", "Rita", "Adam"):
        with pytest.raises(NotFound):
            await seen(world, who)
    for who in ("Ann", "Dev"):
        with pytest.raises(Refused, match="supervisors_only"):
            await world.do(who, supervision.record, world.ids["Ann"], Said(notes="Not mine to write"))
    assert FEELING not in await everything_said(world) and "alone" not in await everything_said(world)


async def test_a_supervisor_who_manages_nobody_there_sees_no_private_part(world: World, row: VisitRow) -> None:
    async with world.database.transaction() as tx:
        ann = await people.get(tx, world.ids["Ann"])
        await people.save(tx, replace(ann, supervisor_id=world.ids["Rita"]))
    await submitted(world, row, reflect=["avoided"], feeling=FEELING)
    found = await agenda(world, "Rita")
    assert found.hostility and (found.reflections, found.wellbeing) == ({}, ())
    assert (await agenda(world, "Ann")).wellbeing


async def test_of_a_worker_in_two_teams_a_supervisor_sees_the_private_part_of_the_teams_that_they_manage(
    world: World, row: VisitRow
) -> None:
    await submitted(world, row, reflect=["avoided"], feeling=FEELING)
    async with world.database.transaction() as tx:
        south = await teams.add(tx, world.agency_id, "South")
        await people.set_roles(tx, world.ids["Ann"], south.id, frozenset({Role.PRACTITIONER}))
    other = await bad_visit(world, ref="F-2")
    await submitted(world, other, reflect=["hopeful"], feeling="Of the other team")
    async with world.database.transaction() as tx:
        await tx.conn.execute(update(visit).where(visit.c.id == other.id).values(team_id=south.id))
    found = await agenda(world)
    assert found.reflections == {"avoided": 1} and [each.feeling for each in found.wellbeing] == [FEELING]
    assert (await agenda(world, "Ann")).reflections == {"avoided": 1, "hopeful": 1}, "the worker sees all of it"
    async with world.database.transaction() as tx:
        await people.set_roles(tx, world.ids["Mia"], south.id, frozenset({Role.MANAGER}))
    assert (await agenda(world)).reflections == {"avoided": 1, "hopeful": 1}


async def test_what_is_about_a_family_that_the_supervisor_is_kept_off_is_not_there(world: World, row: VisitRow) -> None:
    await submitted(world, row, reflect=["avoided"], feeling=FEELING)
    await an_item(world, row)
    async with world.database.transaction() as tx:
        await exclusions.add(tx, world.agency_id, world.ids["Mia"], family_id=row.family_id, reason="aunt", by=None)
    found = await agenda(world)
    assert (found.hostility, found.items, found.wellbeing, found.reflections) == ((), (), (), {})
    async with world.database.transaction() as tx:
        await exclusions.add(
            tx, world.agency_id, world.ids["Mia"], worker_id=world.ids["Ann"], reason="sisters", by=None
        )
    with pytest.raises(NotFound):
        await seen(world)


async def test_nothing_drops_off_until_it_was_talked_about_or_closed(world: World, row: VisitRow) -> None:
    given = await submitted(world, row, reflect=["avoided"], feeling=FEELING)
    item = await an_item(world, row)
    await recorded(world)
    found = await agenda(world)
    assert found.hostility and found.wellbeing and found.reflections and found.items and found.since == world.now
    await recorded(
        world, discussed=(f"met:{given.id}", f"private:{given.id}"), closed={item: "The head has told us all"}
    )
    found = await agenda(world)
    assert (found.hostility, found.wellbeing, found.reflections, found.items) == ((), (), {}, ())
    (last, _) = (await seen(world)).records
    assert last.body["closed"] == [{"item_id": str(item), "note": "The head has told us all"}]


async def test_items_of_others_are_not_closed_here(world: World, row: VisitRow) -> None:
    async with world.database.transaction() as tx:
        opened = await items.open_item(
            tx,
            agency_id=world.agency_id,
            team_id=world.team_id,
            kind="assessment_gap",
            text="Ben's",
            owner_id=world.ids["Ben"],
        )
    with pytest.raises(NotFound):
        await recorded(world, closed={opened.id: "done"})


async def test_what_was_agreed_is_open_for_whoever_does_it(world: World, row: VisitRow) -> None:
    await recorded(
        world,
        opened=(
            NewItem(text="Training in spring", due_on=date(2027, 3, 1)),
            NewItem(text="Ring the school", mine=True),
        ),
    )
    found = await agenda(world)
    assert [(each.kind, each.body["text"], each.owner_id) for each in found.items] == [
        ("supervision", "Training in spring", world.ids["Ann"]),
        ("supervision", "Ring the school", world.ids["Mia"]),
    ]
    await world.deliver()
    assert world.told("Ann", "supervision.recorded")


async def test_judged_differently_by_two_both_are_kept_until_it_is_settled(world: World, row: VisitRow) -> None:
    differs = Judged(
        family_ref="f-1",
        worker=View.HIGH,
        worker_why="He follows me",
        supervisor=View.MEDIUM,
        supervisor_why="He is away until May",
    )
    await recorded(world, judgements=(differs, replace(differs, supervisor=View.HIGH)))
    await recorded(world)
    (open_yet,) = (await agenda(world)).judgements
    assert (open_yet.worker, open_yet.supervisor, open_yet.family_ref) == ("high", "medium", "F-1")
    assert (open_yet.worker_why, open_yet.supervisor_why) == ("He follows me", "He is away until May")
    with pytest.raises(Refused, match="judgement_unknown"):
        await recorded(world, settled={"7": "fine"})
    await recorded(world, settled={open_yet.id: "He is back: high it is"})
    assert (await agenda(world)).judgements == ()
    assert len((await seen(world)).records) == 3


async def test_a_family_that_one_does_not_know_is_said_as_one_that_there_is_not(world: World, row: VisitRow) -> None:
    async with world.database.transaction() as tx:
        await exclusions.add(tx, world.agency_id, world.ids["Mia"], family_id=row.family_id, reason="aunt", by=None)
    for ref in ("F-1", "F-NONE"):
        judged = Judged(family_ref=ref, worker=View.HIGH, worker_why="", supervisor=View.LOW, supervisor_why="")
        with pytest.raises(Refused, match="not_found"):
            await recorded(world, judgements=(judged,))
    with pytest.raises(Refused, match="not_found"):
        await world.do("Ann", supervision.wish, "I want to talk", "F-NONE")


async def test_what_was_written_down_stands(world: World, row: VisitRow) -> None:
    with pytest.raises(Refused, match="notes_wanted"):
        await world.do("Mia", supervision.record, world.ids["Ann"], Said(notes=" "))
    await recorded(world)
    with pytest.raises(DBAPIError):
        async with world.database.transaction() as tx:
            await tx.conn.execute(update(rows).values(body={}))


async def test_without_a_supervisor_a_wish_is_not_lost_in_silence(world: World, row: VisitRow) -> None:
    with pytest.raises(Refused, match="no_supervisor"):
        await world.do("Ben", supervision.wish, "I want to talk")
    await world.do("Ann", supervision.wish, "I want to talk")
    await world.deliver()
    (asked,) = world.told("Mia", "supervision.asked")
    assert asked.params["page"] == f"/people/{world.ids['Ann']}/supervision"


async def test_a_supervisor_sees_whose_turn_it_is(world: World, row: VisitRow) -> None:
    never = [(each.name, last) for each, last in await world.do("Mia", supervision.overview)]
    assert never == [("Ann", None), ("Mia", None)]
    await recorded(world)
    now = world.now
    world.clock.move(timedelta(days=1))
    assert [last for _, last in await world.do("Mia", supervision.overview)] == [now, None]
    assert [each.name for each, _ in await world.do("Ann", supervision.overview)] == ["Ann"]


async def test_where_to_ask_about_safeguarding_is_one_tap_away(world: World, row: VisitRow) -> None:
    assert ((await seen(world)).advice, (await seen(world)).phone) == ("", "01632 960000")
    async with world.database.transaction() as tx:
        await notices.put(tx, world.agency_id, "advice", "Safeguarding", "Ring Joan, 01632 960222", by=None)
    assert (await seen(world)).advice == "Ring Joan, 01632 960222"
