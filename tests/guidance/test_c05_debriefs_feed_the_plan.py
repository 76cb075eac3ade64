"""C5: a debrief proposes, a manager decides with a reason, and the next visit is held against what holds."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select, update

from bots.dialogue.render import render
from safety_service.actions import debriefs, decisions, putting_forward, words
from safety_service.actions.errors import NotFound
from safety_service.actions.words import Word
from safety_service.domain.plan import OPEN, MeasureState
from safety_service.domain.refusal import Refused
from safety_service.domain.words import Decided, Risk, Role, Status
from safety_service.store import exclusions, people, teams
from safety_service.store.tables.alerts import outbox
from safety_service.store.tables.visits import risk_fact
from tests.guidance.at_plans import all_of, been, chased, first_part, logged, says, the_rest, told, trained, versions
from tests.world import MINUTE, World


async def test_after_a_threat_its_measures_hold_at_once_and_the_others_wait_for_a_manager(world: World) -> None:
    debrief = await told(world, "open_threat")
    found = await all_of(world, debrief)
    assert {key: str(each.state) for key, each in found.items()} == {
        "two_people": "provisional",
        "short_interval": "provisional",
        "police_informed": "proposed",
        "debrief_call": "proposed",
    }
    assert {world.name(each.owner_id) for each in found.values()} == {"Mia"}
    assert all(each.decide_by == world.now + timedelta(days=1) == each.next_at for each in found.values())
    assert found["two_people"].because.behaviours == ("open_threat",)
    assert found["two_people"].because.debriefs == (str(debrief.id),)
    assert len(world.told("Mia", "plan.proposed")) == 4
    (version,) = await versions(world, debrief.family_id)
    assert (version.number, version.cause, len(version.measures)) == (1, "debrief", 4)
    assert await logged(world, "measure") == ["proposed"] * 4


async def test_what_is_not_urgent_has_two_working_days_or_until_the_next_visit(world: World) -> None:
    world.clock.move(timedelta(days=4))  # a Friday
    debrief = await told(world, "argued")
    found = await all_of(world, debrief)
    assert {str(each.state) for each in found.values()} == {"proposed"}
    assert {each.decide_by for each in found.values()} == {world.now + timedelta(days=4)}  # on Tuesday
    assert await versions(world, debrief.family_id) == []
    next_visit = await world.plan("Ben", ref="F-2", after=600)
    again = await told(world, "argued", ref="F-2")
    assert {each.decide_by for each in (await all_of(world, again)).values()} == {next_visit.visit.starts_at}


async def test_the_same_measure_from_two_debriefs_is_one_with_two_reasons(world: World) -> None:
    first = await told(world, "argued")
    second = await told(world, "open_threat", who="Ben")
    found = await all_of(world, second)
    both = found["two_people"].because
    assert both.behaviours == ("argued", "open_threat")
    assert both.debriefs == (str(first.id), str(second.id))
    assert found["two_people"].state is MeasureState.PROVISIONAL  # what waited holds at once, after the threat
    assert len(world.told("Mia", "plan.proposed")) == 5  # two people for the second time: it holds now


async def test_needs_and_the_workers_own_words_become_proposals_with_the_rest_of_the_debrief(world: World) -> None:
    debrief = await told(world, "argued")
    await the_rest(world, debrief, reasons=["language"], safer=["daylight", "Bring the blue file"])
    found = await all_of(world, debrief)
    assert found["interpreter"].because.reasons == ("language",)
    assert found["daylight"].state is MeasureState.PROPOSED
    assert (found["own"].says, found["own"].because.words) == ("Bring the blue file", "Bring the blue file")
    assert sorted(found) == ["daylight", "debrief_call", "interpreter", "own", "two_people"]


async def test_what_was_refused_between_the_two_parts_of_a_debrief_is_not_proposed_again_by_it(world: World) -> None:
    debrief = await told(world, "open_threat")
    await says(world, "Mia", (await all_of(world, debrief))["two_people"], "refuse", "they are never both free")
    await the_rest(world, debrief)
    assert (await all_of(world, debrief))["two_people"].state is MeasureState.REFUSED


async def test_a_manager_accepts_with_a_ready_reason_and_refuses_with_their_own(world: World) -> None:
    debrief = await told(world, "open_threat")
    found = await all_of(world, debrief)
    async with world.database.reading() as tx:
        ready = (await tx.guidance(world.agency_id)).guidance.ready
    key, entry = next(iter(ready.accept.items()))
    accepted = await says(world, "Mia", found["two_people"], "accept", key)
    refused = await says(world, "Dev", found["short_interval"], "refuse", "it inflames them")
    assert (accepted.state, refused.state) == (MeasureState.IN_FORCE, MeasureState.REFUSED)
    assert (accepted.next_at, refused.next_at) == (None, None)
    last = (await versions(world, debrief.family_id))[-1]
    assert last.number == 3 and last.why == "it inflames them"
    assert [each["key"] for each in last.measures if each["state"] == "in_force"] == ["two_people"]
    told_ann = world.told("Ann", "plan.decided")
    assert [each.params["verdict"] for each in told_ann] == ["accept", "refuse"]
    assert told_ann[0].params["reason"] == entry.says


async def test_a_measure_is_changed_with_the_decision_and_ends_when_somebody_says_so(world: World) -> None:
    debrief = await told(world, "argued")
    two = (await all_of(world, debrief))["two_people"]
    until = world.now.date() + timedelta(days=30)
    new = {"says": "Two at first", "demands": {"people": 3}, "until_on": until}
    changed = await says(world, "Mia", two, "change", "one is enough", **new)
    assert (changed.says, changed.demands.people, changed.until_on) == ("Two at first", 3, until)
    assert "Mia plan.ended" not in await chased(world, days=29)
    assert "Mia plan.ended" in await chased(world, days=1)
    assert (await all_of(world, debrief))["two_people"].state is MeasureState.IN_FORCE  # it holds meanwhile
    ended = await says(world, "Mia", changed, "lapse", "they have moved")
    assert ended.state is MeasureState.LAPSED
    with pytest.raises(Refused, match="measure_closed"):
        await says(world, "Mia", changed, "accept")


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({}, "change_unknown"),
        ({"state": "done"}, "change_unknown"),
        ({"demands": {"people": 1}}, "demands_unknown"),
        ({"says": " "}, "says_wanted"),
    ],
)
async def test_a_change_that_makes_no_sense_is_refused(world: World, changes: dict[str, object], why: str) -> None:
    two = (await all_of(world, await told(world, "argued")))["two_people"]
    with pytest.raises(Refused, match=why):
        await says(world, "Mia", two, "change", "because", **changes)


async def test_no_decision_without_a_reason_by_whoever_was_there_or_by_whoever_manages_nothing(world: World) -> None:
    async with world.database.transaction() as tx:
        await people.set_roles(tx, world.ids["Mia"], world.team_id, frozenset({Role.MANAGER, Role.PRACTITIONER}))
    debrief = await told(world, "open_threat", who="Mia")
    two = (await all_of(world, debrief))["two_people"]
    assert world.name(two.owner_id) == "Dev"
    with pytest.raises(Refused, match="never_your_own"):
        await says(world, "Mia", two, "accept")
    await world.opens("Rita")
    with pytest.raises(Refused, match="managers_only"):
        await says(world, "Rita", two, "accept")
    with pytest.raises(NotFound):
        await says(world, "Ben", two, "accept")
    with pytest.raises(Refused, match="reason_wanted"):
        await says(world, "Dev", two, "accept", " ")
    assert (await says(world, "Dev", two, "accept")).state is MeasureState.IN_FORCE


async def test_who_is_kept_off_the_family_neither_has_it_to_decide_nor_knows_of_it(world: World) -> None:
    row = await been(world)
    async with world.database.transaction() as tx:
        await exclusions.add(
            tx, world.agency_id, world.ids["Mia"], family_id=row.family_id, reason="her sister's", by=world.ids["Adam"]
        )
    two = (await all_of(world, await first_part(world, row, "argued")))["two_people"]
    assert world.name(two.owner_id) == "Dev"
    with pytest.raises(NotFound):
        await says(world, "Mia", two, "accept")
    assert await chased(world, days=5) == ["Dev plan.undecided"] * 2
    assert await chased(world, days=1) == ["Dev plan.undecided"] * 2


async def test_what_nobody_decides_is_asked_again_and_then_of_every_manager(world: World) -> None:
    await told(world, "argued")
    assert await chased(world, days=1) == []
    assert await chased(world, days=1) == ["Mia plan.undecided"] * 2
    assert await chased(world, hours=23) == []
    assert await chased(world, hours=1) == ["Dev plan.undecided"] * 2 + ["Mia plan.undecided"] * 2


async def test_no_proposal_is_without_an_owner_and_a_time(world: World) -> None:
    async with world.database.transaction() as tx:
        for name in ("Mia", "Dev"):
            await people.set_roles(tx, world.ids[name], world.team_id, frozenset({Role.REVIEWER}))
    found = await all_of(world, await told(world, "weapon"))
    assert {world.name(each.owner_id) for each in found.values()} == {"Adam"}
    assert all(each.state in OPEN and each.next_at is not None for each in found.values())


async def test_a_manager_of_another_team_that_goes_there_has_it_before_an_administrator(world: World) -> None:
    async with world.database.transaction() as tx:
        south = await teams.add(tx, world.agency_id, "South")
        for name, role in (("Nora", Role.MANAGER), ("Sam", Role.PRACTITIONER)):
            world.ids[name] = (await people.add(tx, world.agency_id, name, email=f"{name}@example.org")).id
            await people.set_roles(tx, world.ids[name], south.id, frozenset({role}))
    await been(world, "Sam")
    row = await been(world)
    async with world.database.transaction() as tx:
        for name in ("Mia", "Dev"):
            await exclusions.add(
                tx, world.agency_id, world.ids[name], family_id=row.family_id, reason="cousin", by=None
            )
    two = (await all_of(world, await first_part(world, row, "argued")))["two_people"]
    assert world.name(two.owner_id) == "Nora"
    assert (await says(world, "Nora", two, "accept")).state is MeasureState.IN_FORCE


async def test_the_next_worker_plans_alone_is_told_what_is_demanded_goes_anyway_and_is_watched(world: World) -> None:
    await trained(world, "Ann", "Ben")
    debrief = await told(world, "open_threat")
    row = await world.plan("Ben", minutes=45, check_in_every=timedelta(minutes=30))
    assert row.visit.status is Status.WAITING and row.visit.risk is Risk.HIGH and row.plan_number == 1
    assert [(each["what"], each["says"], each["since"]) for each in row.lacking] == [
        ("people", "Two people", world.now.date().isoformat())
    ]
    assert row.lacking[0]["because"]["debriefs"] == [str(debrief.id)]
    assert row.visit.watches[0].interval == timedelta(minutes=15)  # what is demanded of check-ins is simply done
    await world.do("Ben", words.begin, row.id, Word())
    inside = (await world.visit(row.id)).visit
    assert inside.status is Status.BEGUN and inside.watches[0].due_at == world.now + 15 * MINUTE
    await world.deliver()
    (news,) = world.told("Mia", "manager.begun_undecided")
    assert [each["says"] for each in news.params["lacking"]] == ["Two people"]


async def test_a_manager_who_goes_there_next_decides_nothing_about_what_makes_it_safer(world: World) -> None:
    found = await all_of(world, await told(world, "open_threat"))
    await world.plan("Mia", after=600)
    with pytest.raises(Refused, match="never_your_own"):
        await says(world, "Mia", found["two_people"], "refuse")
    decided = await says(world, "Dev", found["two_people"], "accept")
    assert decided.state is MeasureState.IN_FORCE
    again = await all_of(world, await told(world, "veiled_threat", who="Ben"))
    fresh = [each for each in again.values() if each.id not in {old.id for old in found.values()}]
    assert {world.name(each.owner_id) for each in fresh} <= {"Dev"}
    asked = await chased(world, days=2)
    assert "Dev plan.undecided" in asked
    assert "Mia plan.undecided" not in asked, "nobody is asked for what they may not decide"


async def test_a_threat_that_is_told_only_with_the_rest_tightens_a_running_visit_too(world: World) -> None:
    await told(world, "open_threat")
    first = await told(world, "argued", who="Ben")
    async with world.database.transaction() as tx:
        await tx.conn.execute(update(risk_fact).values(ended_on=tx.now.date()))
    await trained(world, "Ann")
    inside = await world.inside("Ann", answers={"joint": "police"}, check_in_every=timedelta(minutes=15))
    assert inside.visit.risk is not Risk.HIGH, "what the first one told of is over"
    await world.do("Ben", debriefs.answer, first.id, {"met": ["open_threat"]})
    await the_rest(world, first, "Ben")
    assert (await world.visit(inside.id)).visit.risk is Risk.HIGH
    assert world.told("Mia", "plan.running")


async def test_somebodys_own_words_stand_on_the_page_and_in_no_chat(world: World) -> None:
    debrief = await told(world, "argued")
    await the_rest(world, debrief, safer=["Never with Mr Quill alone"])
    own = (await all_of(world, debrief))["own"]
    await says(world, "Mia", own, "change", "because", demands={"people": 2})
    row = await world.plan("Ben", after=60)
    assert row.lacking[-1]["says"] == "Never with Mr Quill alone", "the page says it"
    await world.do("Mia", decisions.decide, row.id, Decided.GO_AHEAD_WITH_MEASURES, "It is needed")
    await chased(world, days=10)
    async with world.database.reading() as tx:
        sent = (await tx.conn.execute(select(outbox.c.template, outbox.c.params))).all()
    said = [
        render(template, params, channel="telegram", ceiling="plan", zone=ZoneInfo("Europe/London")).text
        for template, params in sent
    ]
    assert any("plan's page" in each for each in said)
    assert not [each for each in said if "Quill" in each]


async def test_what_is_put_forward_is_not_for_a_manager_who_goes_there_next(world: World) -> None:
    await been(world)
    await world.plan("Mia", after=600)
    made = await world.do("Ann", putting_forward.put_forward, "F-1", "daylight", "No light on the stairs")
    assert world.name(made.owner_id) == "Dev"


async def test_a_visit_that_is_late_already_leaves_time_to_decide_all_the_same(world: World) -> None:
    row = await been(world)
    await world.plan("Ben", after=5)
    await world.jump(10)
    debrief = await first_part(world, row, "argued")
    (by, *_) = {each.decide_by for each in (await all_of(world, debrief)).values()}
    assert by is not None and by > world.now + timedelta(days=1), "as without a visit: some working days"
