"""G19: of everything that is kept something is removed one day; nothing is forgotten, and a hold stands above it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Table, func, select, text, update

from config.policy import PolicyError, parse_policy
from config.retention import RetentionPolicy
from safety_service.actions import removing, retention, words
from safety_service.actions.words import Position, Word
from safety_service.store import channels, exclusions, families, people
from safety_service.store import retention as rules
from safety_service.store.database import Database
from safety_service.store.ids import new_id
from safety_service.store.tables import metadata
from safety_service.store.tables.alerts import alert, outbox
from safety_service.store.tables.around import hold, meeting
from safety_service.store.tables.learning import item
from safety_service.store.tables.people import channel, exclusion, person
from safety_service.store.tables.plans import measure, undertaking
from safety_service.store.tables.system import event_log
from safety_service.store.tables.visits import decision, family, kept_file, risk_fact, said, visit, watch
from tests.guidance import planting_around as around
from tests.guidance.ageing import AGES, age, covered, over, refs, removed, seal, written
from tests.guidance.marks import Town
from tests.guidance.test_who_sees_what import does, happened
from tests.world import World

#: Where something stands for a while only, held or not: what was sent and heard, and forms half filled.
PASSING = ("outbox.", "inbox.", "draft.", "answered.")


@pytest.fixture
async def town(database: Database) -> Town:
    return await happened(database)


def marked(town: Town, text: dict[str, str], ref: str) -> set[str]:
    """The words about this family that stand anywhere but in passing."""
    there = "\n".join(each for name, each in text.items() if not name.startswith(PASSING))
    return {word for word in town.found(there) if town.marks[word].ref == ref}


def test_every_sealed_column_has_a_rule_or_a_reason_to_have_none() -> None:
    sealed = {str(column) for table in metadata.sorted_tables for column in table.c if rules.is_sealed(column)}
    assert covered() | set(rules.ELSEWHERE) == sealed
    assert covered().isdisjoint(rules.ELSEWHERE)
    assert {rule.lasts for rule in rules.RULES} == set(RetentionPolicy.model_fields)
    assert len({rule.name for rule in rules.RULES}) == len(rules.RULES)


async def test_of_a_family_full_of_everything_nothing_is_left(town: Town) -> None:
    world = town.world
    before = await written(town.database)
    assert len(marked(town, before, "F-1")) > 40
    await over(world, world.ids["Mia"])
    async with town.database.transaction() as tx:
        await tx.conn.execute(update(exclusion).values(ended_at=tx.now))
    world.clock.move(timedelta(days=30))
    await does(town, around.records, "Cat", "F-2")
    world.clock.move(AGES - timedelta(days=15))
    await seal(town.database)
    done = await removed(town.database)
    assert done["family files"] == 1 and done["evidence"] and done["visits"] and done["facts"]
    after = await written(town.database)
    assert marked(town, after, "F-1") == set()
    assert [name for name, text in after.items() if "F-1" in text] == []
    assert "F-2" in await refs(town.database) and "F-1" not in await refs(town.database)
    assert {each for each in marked(town, after, "F-2") if town.marks[each].where == "name"}


async def test_a_hold_keeps_all_of_it(town: Town) -> None:
    world = town.world
    await over(world, world.ids["Mia"])
    await world.do("Mia", retention.hold, "F-1", "An inquiry")
    before = await written(town.database)
    await age(world, 2 * AGES)
    after = await written(town.database)
    assert marked(town, after, "F-1") == marked(town, before, "F-1")
    for name in ("said.note", "visit.address", "supervision.body", "decision.reason"):
        assert marked(town, {name: after[name]}, "F-1") == marked(town, {name: before[name]}, "F-1"), name
    assert len(await entries(town, "F-1")) > 10 and None not in await entries(town, "F-1")
    assert "None" in after["event_log.details"].split()
    assert marked(town, before, "F-2") - marked(town, after, "F-2")
    await world.do("Mia", retention.release, "F-1")
    await age(world)
    assert marked(town, await written(town.database), "F-1") == set()


async def entries(town: Town, ref: str) -> list[Any]:
    """What the evidence log says of this family, and of visits to it."""
    of = select(family.c.id).where(family.c.ref == ref, family.c.agency_id == town.world.agency_id)
    visits = select(visit.c.id).where(visit.c.family_id.in_(of))
    theirs = event_log.c.subject_id.in_(of) | event_log.c.visit_id.in_(visits)
    async with town.database.reading() as tx:
        rows = await tx.conn.execute(select(event_log.c.details).where(theirs, event_log.c.verb != "removed"))
        return list(rows.scalars())


async def test_what_is_open_or_in_force_keeps_a_file_and_so_does_anything_that_happens(town: Town) -> None:
    world = town.world
    done = await age(world)
    assert not done.get("family files") and {"F-1", "F-2"} <= await refs(town.database)
    assert {each for each in marked(town, await written(town.database), "F-1") if town.marks[each].kind == "family"}
    await over(world, world.ids["Mia"])
    assert not (await age(world, AGES - timedelta(days=2))).get("family files")
    assert (await age(world, timedelta(days=4)))["family files"] == 2


def about(world: World, family_id: UUID) -> dict[str, tuple[Table, dict[str, Any]]]:
    """Of each kind one that is open or in force: what it takes to put it there."""
    long_ago, day, mia = world.now, world.now.date(), world.ids["Mia"]
    base = {"id": new_id(), "agency_id": world.agency_id, "family_id": family_id}
    said_so: dict[str, Any] = {"says": "x", "demands": {}, "because": {}, "key": "own", "from_on": day}
    call: dict[str, Any] = {"kind": "risk", "state": "called", "called_by": mia, "called_at": long_ago, "body": {}}
    fact = {"kind": "other", "on": day, "source": "police", "created_at": long_ago}
    stands = {"made_by": mia, "made_at": long_ago, "review_on": day, "body": {}}
    return {
        "measure": (measure, {**base, **said_so, "state": "in_force", "proposed_at": long_ago}),
        "item": (item, {**base, "team_id": world.team_id, "kind": "action", "body": {}, "opened_at": long_ago}),
        "undertaking": (undertaking, {**base, **stands, "state": "open"}),
        "meeting": (meeting, {**base, **call, "team_id": world.team_id, "meets_at": long_ago, "next_at": long_ago}),
        "fact": (risk_fact, {"id": base["id"], "family_id": family_id, **fact, "review_on": day}),
        "hold": (hold, {**base, "why": "x", "by": mia, "at": long_ago}),
        "record": (family, {}),
    }


@pytest.mark.parametrize("kind", ["measure", "item", "undertaking", "meeting", "fact", "hold", "record", ""])
async def test_any_one_of_these_keeps_a_file(world: World, kind: str) -> None:
    family_id = new_id()
    async with world.database.transaction() as tx:
        made = {"id": family_id, "agency_id": world.agency_id, "ref": "F-1", "created_at": tx.now}
        await tx.conn.execute(family.insert().values(**made, name="Quill", changed_at=tx.now))
        if kind and kind != "record":
            table, values = about(world, family_id)[kind]
            await tx.conn.execute(table.insert().values(values))
    world.clock.move(AGES)
    if kind == "record":
        async with world.database.transaction() as tx:
            await families.save(tx, replace(await families.by_id(tx, family_id), name="Quill"))
    await removed(world.database)
    assert (await refs(world.database) == {"F-1"}) is bool(kind)


async def test_where_somebody_is_kept_off_the_reference_stays_and_they_are_kept_off_it_still(world: World) -> None:
    await world.inside("Ben", ref="F-7")
    async with world.database.transaction() as tx:
        await tx.conn.execute(watch.update().values(phase="done", due_at=None, alarm_at=None, next_at=None, stage=None))
        family_id = (await tx.conn.execute(select(family.c.id))).scalar_one()
        await exclusions.add(tx, world.agency_id, world.ids["Ann"], family_id=family_id, reason="a cousin", by=None)
        await tx.conn.execute(family.update().values(name="Quill", record={"x": 1}))
    assert (await age(world))["family files"] == 1
    assert await refs(world.database) == {"F-7"}
    async with world.database.reading() as tx:
        row = (await tx.conn.execute(select(family))).one()
        assert (row.name, row.record) == (None, None)
        assert await exclusions.excluded(tx, None, family_id) == {world.ids["Ann"]}
    assert not (await age(world)).get("family files")


@pytest.mark.parametrize("alarmed", [True, False])
async def test_nothing_is_touched_of_who_is_being_watched_or_of_an_open_alert(world: World, alarmed: bool) -> None:
    row = await world.inside()
    await world.do("Ann", words.ok, row.id, Word(note="a dog"))
    if alarmed:
        await world.later(60)
        assert (await world.alert()).alert.visit_id == row.id

    async def there() -> list[Any]:
        async with world.database.reading() as tx:
            kept: list[Any] = [(await tx.conn.execute(select(each))).all() for each in (visit, watch, said, decision)]
            kept.append((await tx.conn.execute(select(alert))).all())
            messages = select(outbox).where(outbox.c.alert_id.is_not(None)).order_by(outbox.c.id)
            return [*kept, (await tx.conn.execute(messages)).all()]

    before = await there()
    await age(world, 3 * AGES)
    assert await there() == before


async def test_a_visit_stays_for_the_figures_and_says_that_the_rest_was_removed(world: World) -> None:
    row = await gone_home(world)
    await age(world)
    after = await world.visit(row.id)
    assert after.removed and not row.removed
    assert (after.purpose, after.address["text"], after.answers, after.because) == ("", "", {}, [])
    assert (after.visit.status, after.visit.starts_at) == ("closed", row.visit.starts_at)
    async with world.database.reading() as tx:
        heard = (await tx.conn.execute(select(said.c.kind, said.c.note, said.c.position).order_by(said.c.id))).all()
    assert [each.kind for each in heard] == ["begin", "ok", "out", "home"]
    assert [each for each in heard if each.note or each.position] == []


async def gone_home(world: World) -> Any:
    """A visit that is over, with a note and a place."""
    row = await world.inside()
    await world.do("Ann", words.ok, row.id, Word(note="a dog", position=Position(latitude=51.5, longitude=-0.1)))
    await world.do("Ann", words.left, row.id, Word())
    await world.do("Ann", words.home, row.id, Word())
    return row


@pytest.mark.parametrize(("days", "place", "note"), [(92, True, True), (94, False, True), (732, False, False)])
async def test_each_goes_when_its_own_time_is_over(world: World, days: int, place: bool, note: bool) -> None:
    await gone_home(world)
    await age(world, timedelta(days=days))
    async with world.database.reading() as tx:
        rows = (await tx.conn.execute(select(said.c.note, said.c.position).where(said.c.kind == "ok"))).all()
    ((written_beside, where),) = rows
    assert (where is not None, written_beside == "a dog") == (place, note)


async def test_who_left_has_no_name_any_more_and_what_they_did_was_done_by_somebody_who_left(world: World) -> None:
    await gone_home(world)
    async with world.database.transaction() as tx:
        ann = await people.get(tx, world.ids["Ann"])
        await people.save(tx, replace(ann, active=False))
        await channels.end_all(tx, ann.id)
    assert (await age(world, timedelta(days=367)))["numbers"] == 1
    async with world.database.reading() as tx:
        still = await people.get(tx, ann.id)
        assert (still.name, still.email, still.phone, still.responder) == ("Ann", "ann@example.org", None, None)
    assert (await age(world))["people"] == 1
    async with world.database.reading() as tx:
        gone = await people.get(tx, ann.id)
        left = select(channel.c.address, channel.c.address_index).where(channel.c.person_id == ann.id)
        assert (await tx.conn.execute(left)).all() == [("", "")]
        assert (await people.get(tx, world.ids["Ben"])).name == "Ben"
    assert (gone.name, gone.email, gone.phone, gone.responder) == ("Somebody who left", None, None, None)
    assert not (await age(world, timedelta(days=60))).get("people")


async def test_whoever_had_to_do_with_a_family_that_is_held_keeps_their_name(world: World) -> None:
    await gone_home(world)
    await world.do("Mia", retention.hold, "F-1", "An inquiry")
    async with world.database.transaction() as tx:
        await tx.conn.execute(person.update().values(active=False, left_at=tx.now))
    await age(world)
    async with world.database.reading() as tx:
        names = {each.name for each in await people.every(tx, world.agency_id)}
    assert {"Ann", "Mia"} <= names and "Ben" not in names


async def test_a_file_that_was_spoken_goes_and_that_it_was_there_stays(world: World) -> None:
    row = await gone_home(world)
    values = {"agency_id": world.agency_id, "person_id": world.ids["Ann"], "visit_id": row.id, "kind": "voice"}
    values |= {"media_type": "audio/ogg", "size": 3, "body": b"abc", "said_at": world.now, "kept_at": world.now}
    async with world.database.transaction() as tx:
        await tx.conn.execute(kept_file.insert().values(id=new_id(), **values))
    assert not (await age(world, timedelta(days=365))).get("files")
    assert (await age(world, timedelta(days=2)))["files"] == 1
    async with world.database.reading() as tx:
        left = (await tx.conn.execute(select(kept_file.c.body, kept_file.c.gone, kept_file.c.size))).all()
    assert left == [(None, "retention", 3)]


async def test_the_evidence_keeps_who_did_what_and_says_of_which_entries_the_details_went(world: World) -> None:
    await gone_home(world)
    await seal(world.database)
    async with world.database.reading() as tx:
        before = (await tx.conn.execute(select(event_log).order_by(event_log.c.id))).all()
    done = await age(world)
    assert done["evidence"] == len(before)
    async with world.database.reading() as tx:
        after = (await tx.conn.execute(select(event_log).order_by(event_log.c.id))).all()
    assert [each.details for each in after[: len(before)]] == [None] * len(before)
    assert [each[:-1] for each in after[: len(before)]] == [each[:-1] for each in before]
    (said_so,) = [each for each in after if (each.verb, each.subject) == ("removed", "evidence")]
    assert said_so.details["count"] == len(before)
    assert (said_so.details["first"], said_so.details["last"]) == (str(before[0].id), str(before[-1].id))


async def test_an_entry_that_the_chain_does_not_hold_yet_is_left_as_it_is(world: World) -> None:
    await gone_home(world)
    world.clock.move(AGES)
    assert not (await removed(world.database)).get("evidence")


async def test_one_that_fails_stops_no_other_and_is_loud(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    for ref in ("F-1", "F-2", "F-3"):
        async with world.database.transaction() as tx:
            await tx.conn.execute(
                family.insert().values(id=new_id(), agency_id=world.agency_id, ref=ref, created_at=tx.now)
            )
    real = rules.families._empty_visits

    async def fails(tx: Any, ids: Any) -> None:
        refs_of = select(family.c.ref).where(family.c.id.in_(ids))
        if (await tx.conn.execute(refs_of)).scalars().all() == ["F-2"]:
            raise ValueError("a row that cannot be removed")
        await real(tx, ids)

    monkeypatch.setattr(rules.families, "_empty_visits", fails)
    assert (await age(world))["family files"] == 2
    assert {each for each in await refs(world.database) if each.startswith("F-")} == {"F-2"}
    assert "retention could not remove family files" in caplog.text


async def test_a_restored_message_that_nobody_let_go_is_removed_with_the_others(world: World) -> None:
    await gone_home(world)
    async with world.database.transaction() as tx:
        await tx.conn.execute(outbox.update().values(state="held", lease_until=None, sent_at=None, reached_at=None))
    await age(world, timedelta(days=367))
    async with world.database.reading() as tx:
        assert (await tx.conn.execute(select(func.count()).select_from(outbox))).scalar_one() == 0


@pytest.mark.parametrize(
    ("policy", "fault"),
    [
        ('positions = "30d"', "shorter than 31d"),
        ('file = "2900d"', "file must be kept for at least as long as visits"),
        ('people = "2900d"', "people must be kept for at least as long as visits"),
        ('supervision = "3000d"', "evidence must be kept for at least as long as supervision"),
    ],
)
def test_a_policy_that_removes_too_soon_or_in_the_wrong_order_is_refused(policy: str, fault: str) -> None:
    with pytest.raises(PolicyError, match=fault):
        parse_policy(f"[retention]\n{policy}\n")


async def test_two_families_of_one_reference_before_and_after_are_two(world: World) -> None:
    row = await gone_home(world)
    await over(world, world.ids["Mia"])
    await age(world)
    again = await world.plan()
    assert again.family_id != row.family_id and again.family_ref == "F-1"
    assert (await world.visit(row.id)).family_ref.startswith("removed ")


@pytest.mark.parametrize("name", ["positions", "notes", "visits"])
async def test_what_is_emptied_already_is_not_looked_through_again(world: World, name: str) -> None:
    (rule,) = [each for each in rules.RULES if each.name == name]
    async with world.database.reading() as tx:
        query = (await rule.old(tx, world.now)).limit(rule.at_once)
        assert ") > 0" in str(query.compile(dialect=tx.conn.dialect)), "a bound value would not match the index"
        compiled = query.compile(dialect=tx.conn.dialect, compile_kwargs={"literal_binds": True})
        if world.database.dialect == "postgresql":
            await tx.conn.execute(text("SET LOCAL enable_seqscan = off"))
        explain = "EXPLAIN" if world.database.dialect == "postgresql" else "EXPLAIN QUERY PLAN"
        plan = "\n".join(str(row) for row in await tx.conn.execute(text(f"{explain} {compiled}")))
    index = {"positions": "ix_said_position_unemptied", "notes": "ix_said_note_unemptied"}
    assert index.get(name, "ix_visit_unemptied") in plan, plan


async def test_a_file_waits_for_what_may_be_much_of_it(world: World) -> None:
    """Thousands of positions go in batches of their own, not with the file: somebody else's word would wait for it."""
    await gone_home(world)
    await over(world, world.ids["Mia"])
    world.clock.move(AGES)
    by_name = {rule.name: rule for rule in rules.RULES}
    for name in ("positions", "notes", "visits", "debriefs"):
        async with world.database.transaction() as tx:
            assert await removing.old(tx, by_name["family files"]) == [], name
            assert await removing.remove(tx, by_name[name], await removing.old(tx, by_name[name])) > 0
    async with world.database.reading() as tx:
        assert len(await removing.old(tx, by_name["family files"])) == 1


async def test_where_somebody_called_for_help_without_a_visit_is_kept_until_it_is_closed(world: World) -> None:
    await world.do("Ann", words.sos, None, Word(position=Position(latitude=51.5, longitude=-0.1)))

    async def where() -> list[Any]:
        async with world.database.reading() as tx:
            return list((await tx.conn.execute(select(said.c.position).where(said.c.kind == "sos"))).scalars())

    assert not (await age(world, timedelta(days=400))).get("positions")
    assert [each["latitude"] for each in await where()] == [51.5]
    async with world.database.transaction() as tx:
        closed: dict[str, Any] = {
            "state": "resolved",
            "open_key": None,
            "next_at": None,
            "due_now": None,
            "found": "safe",
        }
        closed |= {"found": "safe", "known_by": "seen", "found_by": world.ids["Mia"], "resolved_at": tx.now}
        await tx.conn.execute(alert.update().values(**closed))
    assert (await age(world, timedelta(days=1)))["positions"] == 1
    assert await where() == [None]
