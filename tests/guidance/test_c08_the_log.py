"""C8: teams read their debriefs together: search, filter, read, comment, review, see trends."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import insert, select, update

from safety_service.actions import debrief_log, debriefs, reviews, words
from safety_service.actions.became import Outcome, became_of
from safety_service.actions.debrief_addenda import add_addendum
from safety_service.actions.debrief_log import Search
from safety_service.actions.errors import NotFound
from safety_service.actions.words import Word
from safety_service.domain.refusal import Refused
from safety_service.domain.words import Role
from safety_service.store import exclusions, people, teams
from safety_service.store.database import Database
from safety_service.store.ids import new_id
from safety_service.store.tables.learning import debrief, debrief_addendum, debrief_word
from safety_service.store.tables.people import person
from safety_service.store.tables.system import event_log
from tests.debriefs import given
from tests.world import World

SECRET = "I froze, and I do not want to go back to the marzipan house"


async def seen(world: World, who: str, **wanted: Any) -> set[UUID]:
    """What this person finds."""
    page = await world.do(who, debrief_log.look, Search(**wanted))
    return {each.id for each in page.rows}


async def column(world: World, debrief_id: UUID, name: str) -> Any:
    async with world.database.reading() as tx:
        return (await tx.conn.execute(select(debrief.c[name]).where(debrief.c.id == debrief_id))).scalar_one()


async def test_a_practitioner_finds_their_own_a_manager_and_a_reviewer_their_teams(world: World) -> None:
    anns, bens = await given(world, "Ann"), await given(world, "Ben", ref="F-2")
    assert await seen(world, "Ann") == {anns}
    assert await seen(world, "Ben") == {bens}
    assert await seen(world, "Mia") == await seen(world, "Rita") == {anns, bens}
    assert await seen(world, "Adam") == set()
    with pytest.raises(NotFound):
        await world.do("Ben", debrief_log.read, anns)
    with pytest.raises(NotFound):
        await world.do("Adam", debrief_log.read, anns)


async def test_a_manager_of_another_team_finds_nothing_of_this_one(world: World) -> None:
    hers = await given(world, "Ann")
    async with world.database.transaction() as tx:
        south = await teams.add(tx, world.agency_id, "South")
        other = await people.add(tx, world.agency_id, "Olga")
        await people.set_roles(tx, other.id, south.id, frozenset({Role.MANAGER}))
    world.ids["Olga"] = other.id
    assert await seen(world, "Olga") == set()
    assert await seen(world, "Olga", team_id=world.team_id) == set()
    with pytest.raises(NotFound):
        await world.do("Olga", debrief_log.read, hers)


@pytest.mark.parametrize("about", ["family", "worker"])
async def test_who_is_kept_off_does_not_find_it_whatever_they_search(world: World, about: str) -> None:
    hers = await given(world, "Ann", answers={"happened": "He kicked the gate"})
    async with world.database.transaction() as tx:
        family = {"family_id": await _family_of(tx, hers)} if about == "family" else {"worker_id": world.ids["Ann"]}
        await exclusions.add(tx, world.agency_id, world.ids["Mia"], **family, reason="her brother", by=None)
    assert await seen(world, "Mia") == await seen(world, "Mia", text="kicked") == set()
    assert await seen(world, "Mia", family_ref="F-1") == set()
    assert await seen(world, "Dev") == {hers}
    for action in (debrief_log.read, _comments, _reviews):
        with pytest.raises(NotFound):
            await world.do("Mia", action, hers)
    assert await world.do("Mia", debrief_log.trends, date(2026, 1, 1), date(2027, 1, 1)) == []


async def test_own_debriefs_stay_ones_own_when_one_is_kept_off_the_family_later(world: World) -> None:
    hers = await given(world, "Ann", behaviours=["open_threat"], severity="high")
    assert (await world.do("Ann", became_of, hers)).measures
    async with world.database.transaction() as tx:
        family_id = await _family_of(tx, hers)
        await exclusions.add(tx, world.agency_id, world.ids["Ann"], family_id=family_id, reason="moved", by=None)
    assert await seen(world, "Ann") == {hers}
    await world.do("Mia", reviews.comment, hers, "He has moved in with her")
    await world.do("Dev", reviews.review, hers, "So I heard")
    read = await world.do("Ann", debrief_log.read, hers)
    assert (read.comments, read.review_note) == ((), None) and read.answers
    assert (await world.do("Mia", became_of, hers)).measures
    assert (await world.do("Ann", became_of, hers)) == Outcome(measures=(), recurred=())


async def test_it_is_narrowed_by_family_worker_behaviour_severity_time_and_review(world: World) -> None:
    quiet = await given(world, "Ann", ref="F-1")
    bad = await given(world, "Ben", ref="F-2", behaviours=["open_threat"], severity="high", after=30)
    world.clock.move(timedelta(days=2))
    late = await given(world, "Ann", ref="F-2", behaviours=["put_off"], severity="medium")
    assert await seen(world, "Mia", family_ref="f-2") == {bad, late}
    assert await seen(world, "Mia", family_ref="F-9") == set()
    assert await seen(world, "Mia", worker_id=world.ids["Ann"]) == {quiet, late}
    assert await seen(world, "Mia", behaviour="open_threat") == await seen(world, "Mia", behaviour="threat") == {bad}
    assert await seen(world, "Mia", severities=frozenset({"none", "medium"})) == {quiet, late}
    assert await seen(world, "Mia", since=world.now) == {late}
    assert await seen(world, "Mia", until=world.now) == {quiet, bad}
    await world.do("Mia", reviews.review, bad, "Talked through")
    assert await seen(world, "Mia", reviewed=True) == {bad}
    assert await seen(world, "Mia", reviewed=False) >= {late}


async def test_pages_hold_each_once_also_when_more_come_meanwhile(world: World) -> None:
    made = []
    for number in range(5):
        made.append(await given(world, "Ann", after=number * 30))
        world.clock.move(timedelta(seconds=1))
    first = await world.do("Mia", debrief_log.look, Search(), 2)
    await given(world, "Ben", ref="F-3")
    second = await world.do("Mia", debrief_log.look, Search(before=first.after), 2)
    last = await world.do("Mia", debrief_log.look, Search(before=second.after), 2)
    assert [each.id for page in (first, second, last) for each in page.rows] == made[::-1]
    assert last.after is None


async def test_who_reads_several_teams_and_visits_in_another_finds_all_of_it_once_newest_first(world: World) -> None:
    async with world.database.transaction() as tx:
        ids = {name: (await teams.add(tx, world.agency_id, name)).id for name in ("South", "West")}
        roles = {"North": Role.MANAGER, "South": Role.REVIEWER, "West": Role.PRACTITIONER}
        cara = await people.add(tx, world.agency_id, "Cara")
        for name, role in roles.items():
            await people.set_roles(tx, cara.id, ids.get(name, world.team_id), frozenset({role}))
        sid = await people.add(tx, world.agency_id, "Sid")
        await people.set_roles(tx, sid.id, ids["South"], frozenset({Role.PRACTITIONER}))
        wes = await people.add(tx, world.agency_id, "Wes")
        await people.set_roles(tx, wes.id, ids["West"], frozenset({Role.PRACTITIONER}))
    world.ids |= {"Cara": cara.id, "Sid": sid.id, "Wes": wes.id}
    made = []
    for number, who in enumerate(("Ann", "Sid", "Cara", "Wes", "Ann", "Sid")):
        made.append(await given(world, who, ref=f"F-{number}", after=number * 30))
        world.clock.move(timedelta(seconds=1))
    hers = [each for place, each in enumerate(made) if place != 3][::-1]
    found: list[UUID] = []
    after = None
    for _ in range(3):
        page = await world.do("Cara", debrief_log.look, Search(before=after), 2)
        found, after = [*found, *(each.id for each in page.rows)], page.after
    assert found == hers and after is None
    assert await seen(world, "Cara", team_id=ids["South"]) == {made[1], made[5]}
    async with world.database.transaction() as tx:
        await exclusions.add(tx, world.agency_id, cara.id, worker_id=sid.id, reason="his sister", by=None)
    assert await seen(world, "Cara") == set(hers) - {made[1], made[5]}


async def test_words_are_found_whatever_their_case_accents_and_endings(world: World) -> None:
    hers = await given(world, "Ann", answers={"happened": "He SHOUTED by the café, and the dogs were barking."})
    his = await given(world, "Ben", ref="F-2", answers={"account": "She says nobody shouts at her"})
    assert await seen(world, "Mia", text="shouting") == {hers, his}
    assert await seen(world, "Mia", text="cafe dog") == {hers}
    assert await seen(world, "Mia", text="dog nobody") == set()
    assert await seen(world, "Mia", text="sho") == set()
    with pytest.raises(Refused, match="words_wanted"):
        await world.do("Mia", debrief_log.look, Search(text=" … "))


async def test_words_of_the_first_part_and_of_an_addendum_are_found_too(world: World) -> None:
    begun = await given(world, "Ann", whole=False, answers={"happened": "A crowbar on the stairs"})
    async with world.database.transaction() as tx:
        values = {"id": new_id(), "debrief_id": begun, "by": world.ids["Ann"], "at": tx.now, "text": "And a hatchet"}
        await tx.conn.execute(insert(debrief_addendum).values(values))
        await reviews.index_addendum(tx, world.agency_id, begun, "And a hatchet")
    assert await seen(world, "Rita", text="crowbar") == {begun}
    assert await seen(world, "Rita", text="hatchets") == {begun}


async def test_what_only_shares_a_bucket_is_not_found(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("safety_service.store.debrief_words.BITS", 0)
    hers = await given(world, "Ann", answers={"happened": "He shouted"})
    await given(world, "Ben", ref="F-2", answers={"happened": "A quiet talk"})
    assert await seen(world, "Mia", text="shouted") == {hers}


async def test_the_rows_by_which_words_are_found_are_numbers_and_differ_between_agencies(world: World) -> None:
    await given(world, "Ann", answers={"happened": "shouted"})
    async with world.database.reading() as tx:
        rows = (await tx.conn.execute(select(debrief_word))).all()
        from safety_service.store.debrief_words import bucket

        assert bucket(tx, world.agency_id, "shout") != bucket(tx, new_id(), "shout")
        assert bucket(tx, world.agency_id, "shout") in {row.bucket for row in rows}
    assert all(0 <= row.bucket < 2**16 for row in rows)


async def test_part_e_is_found_by_nobody_and_read_by_worker_and_supervisor_alone(world: World) -> None:
    await _supervised(world, "Ann", by="Mia")
    hers = await given(world, "Ann", answers={"happened": "He shouted"}, private={"reflect_own": SECRET})
    for who in ("Ann", "Mia", "Dev", "Rita"):
        assert await seen(world, who, text="marzipan") == set()
    await world.opens("Rita")
    shown = {who: (await world.do(who, debrief_log.read, hers)).private for who in ("Ann", "Mia", "Dev", "Rita")}
    assert shown == {"Ann": {"reflect_own": SECRET}, "Mia": {"reflect_own": SECRET}, "Dev": None, "Rita": None}
    async with world.database.reading() as tx:
        details = [str(each) for each in (await tx.conn.execute(select(event_log.c.details))).scalars()]
    assert not any("marzipan" in each for each in details if "text" not in each)


async def test_told_as_workers_tell_it_it_is_found_filed_and_added_to(world: World) -> None:
    row = await world.inside("Ann")
    await world.do("Ann", words.left, row.id, Word())
    (wanted,) = await world.do("Ann", debriefs.wanted_of)
    answers = {"mood": "off", "seen": "alone", "go_on": "yes", "met": ["mixed"], "happened": "Talked of the canary"}
    await world.do("Ann", debriefs.submit, wanted.id, {**answers, "feeling": "like a marzipan house"})
    await world.do("Ann", add_addendum, wanted.id, "And of a parrot")
    for text in ("canary", "parrots"):
        assert await seen(world, "Rita", text=text) == {wanted.id}
    assert await seen(world, "Ann", text="marzipan") == set()
    assert (await column(world, wanted.id, "review"), await column(world, wanted.id, "state")) == (
        "wanted",
        "submitted",
    )
    await world.do("Mia", reviews.review, wanted.id, "Read")
    assert await seen(world, "Mia", reviewed=True) == {wanted.id}


async def test_a_draft_is_its_workers_own_and_its_part_e_nobody_elses(world: World) -> None:
    await _supervised(world, "Ann", by="Mia")
    begun = await given(world, "Ann", whole=False, private={"reflect_own": SECRET})
    assert (await world.do("Mia", debrief_log.read, begun)).private is None
    assert (await world.do("Ann", debrief_log.read, begun)).private is not None
    async with world.database.transaction() as tx:
        await tx.conn.execute(update(debrief).where(debrief.c.id == begun).values(first_part_at=None))
    assert await seen(world, "Mia") == set()
    with pytest.raises(NotFound):
        await world.do("Mia", debrief_log.read, begun)


async def test_every_search_and_every_read_is_kept(world: World) -> None:
    hers = await given(world, "Ann", review="wanted", severity="medium")
    await world.do("Rita", debrief_log.look, Search(family_ref="F-1"))
    await world.do("Rita", debrief_log.read, hers)
    async with world.database.reading() as tx:
        mine = event_log.c.actor_id == world.ids["Rita"]
        rows = (await tx.conn.execute(select(event_log).where(mine).order_by(event_log.c.id))).all()
    assert [(row.verb, row.subject, row.subject_id) for row in rows] == [
        ("searched", "debrief_log", None),
        ("read", "debrief", hers),
    ]
    assert rows[0].details["family"] == "F-1"


async def test_what_duress_caused_is_not_shown_to_whose_visit_it_was(world: World) -> None:
    seen = [{"kind": "alert", "alert": "duress"}, {"kind": "near_miss", "alert": "not_out", "found": "helped"}]
    made = await given(world, "Ann", signals=seen)
    assert [each["alert"] for each in (await world.do("Ann", debrief_log.read, made)).signals] == ["not_out"]
    assert [each["alert"] for each in (await world.do("Mia", debrief_log.read, made)).signals] == ["duress", "not_out"]


async def test_it_is_all_there_after_a_restart(world: World, database_url: str) -> None:
    made = await given(world, "Ann", answers={"happened": "A crowbar on the stairs"})
    await world.do("Mia", reviews.comment, made, "Well done")
    again = await Database.open(database_url, clock=world.clock)
    try:
        restarted = World(again, world.agency_id, world.team_id, dict(world.ids))
        assert await seen(restarted, "Rita", text="crowbar") == {made}
        await restarted.opens("Rita")
        assert [each.text for each in (await restarted.do("Rita", debrief_log.read, made)).comments] == ["Well done"]
    finally:
        await again.close()


async def test_trends_count_behaviours_by_team_and_month_and_name_no_worker(world: World) -> None:
    await given(world, "Ann", behaviours=["argued", "put_off"], severity="medium")
    await given(world, "Ben", ref="F-2", behaviours=["argued"], severity="medium")
    found = await world.do("Mia", debrief_log.trends, date(2026, 11, 1), date(2026, 12, 1))
    assert found == [(world.team_id, "2026-11", "argued", 2), (world.team_id, "2026-11", "put_off", 1)]
    assert await world.do("Mia", debrief_log.trends, date(2026, 10, 1), date(2026, 11, 1)) == []
    with pytest.raises(Refused, match="managers_only"):
        await world.do("Ann", debrief_log.trends, date(2026, 11, 1), date(2026, 12, 1))


async def _family_of(tx: Any, debrief_id: UUID) -> UUID:
    query = select(debrief.c.family_id).where(debrief.c.id == debrief_id)
    found: UUID = (await tx.conn.execute(query)).scalar_one()
    return found


async def _supervised(world: World, who: str, *, by: str) -> None:
    async with world.database.transaction() as tx:
        change = update(person).where(person.c.id == world.ids[who]).values(supervisor_id=world.ids[by])
        await tx.conn.execute(change)


async def _comments(tx: Any, actor: Any, debrief_id: UUID) -> None:
    await reviews.comment(tx, actor, debrief_id, "Seen")


async def _reviews(tx: Any, actor: Any, debrief_id: UUID) -> None:
    await reviews.review(tx, actor, debrief_id, "Seen")
