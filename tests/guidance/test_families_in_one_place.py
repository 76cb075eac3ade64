"""A family in one place: lists show what is theirs; proposals, versions compared, the briefing as it is read."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from safety_service.actions import (
    briefing,
    briefing_readers,
    caseload,
    exclusions,
    over_time,
    overview,
    partners,
    plans,
    undecided,
    words,
)
from safety_service.actions.caseload import Narrow
from safety_service.actions.errors import NotFound
from safety_service.actions.measures import Verdict, decide
from safety_service.domain.plan import MeasureDecision
from safety_service.domain.refusal import Refused
from safety_service.domain.words import Role
from safety_service.store import people, teams
from tests.guidance.at_families import REF
from tests.guidance.at_families import told as met
from tests.guidance.at_plans import told
from tests.world import World


async def refs(world: World, who: str, **narrow: Any) -> list[str]:
    """What the list shows this person."""
    page = await world.do(who, caseload.listed, Narrow(**narrow))
    return [each.family.ref for each in page.lines]


async def kept_off(world: World, who: str, **whom: Any) -> None:
    await world.do("Adam", exclusions.add, world.ids[who], reason="a cousin", **whom)


async def test_each_sees_the_families_that_they_may_know_of_and_no_others(world: World) -> None:
    await world.plan("Ann", ref="F-2")
    await world.plan("Ben", ref="F-10", after=60)
    assert await refs(world, "Mia") == await refs(world, "Rita") == ["F-10", "F-2"]
    assert (await refs(world, "Ann"), await refs(world, "Ben"), await refs(world, "Adam")) == (["F-2"], ["F-10"], [])


async def test_a_list_is_narrowed_by_a_part_of_the_reference_and_by_what_waits(world: World) -> None:
    await told(world, "open_threat")
    await world.plan("Ann", ref="K_20%", after=120)
    assert await refs(world, "Mia", text="k_") == ["K_20%"] and await refs(world, "Mia", text="_2") == ["K_20%"]
    assert await refs(world, "Mia", text="%") == ["K_20%"] and await refs(world, "Mia", text="X") == []
    assert await refs(world, "Mia", waiting=True) == ["F-1"] and await refs(world, "Mia", own=True) == []
    assert await refs(world, "Ann", own=True) == ["F-1", "K_20%"]


async def test_a_list_goes_on_page_by_page(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(caseload, "PAGE", 2)
    for number in range(3):
        await world.plan("Ann", ref=f"F-{number}", after=60 * number)
    first = await world.do("Mia", caseload.listed, Narrow())
    last = await world.do("Mia", caseload.listed, Narrow(), first.after or "")
    assert [each.family.ref for each in first.lines] == ["F-0", "F-1"] and first.after == "F-1"
    assert [each.family.ref for each in last.lines] == ["F-2"] and last.after is None


async def test_who_is_kept_off_a_family_finds_it_in_no_list_and_no_count(world: World) -> None:
    await told(world, "open_threat")
    assert [each.ref for each in (await world.do("Mia", undecided.of_managed)).rows]
    await kept_off(world, "Mia", family_ref=REF)
    assert await refs(world, "Mia") == [] and (await world.do("Mia", undecided.of_managed)).rows == []
    with pytest.raises(NotFound):
        await world.do("Mia", overview.of, REF)


async def test_who_is_kept_off_a_worker_reads_nothing_that_came_from_them(world: World) -> None:
    await told(world, "open_threat")
    await world.plan("Ann", after=24 * 60)
    await kept_off(world, "Mia", worker_id=world.ids["Ann"])
    (line,) = (await world.do("Mia", caseload.listed, Narrow())).lines
    assert line.waits.proposals == 0 and line.coming is None
    assert await refs(world, "Mia", waiting=True) == [] and (await world.do("Mia", undecided.of_managed)).rows == []
    seen = await world.do("Mia", overview.of, REF)
    assert not seen.waits.proposals and not seen.past
    assert await world.do("Mia", over_time.who_met, seen.family, world.now.date() - timedelta(days=365)) == []
    with pytest.raises(NotFound):
        await world.do("Mia", briefing_readers.as_read_by, REF, world.ids["Ann"])


async def test_a_called_off_visit_shows_its_worker_nothing_and_the_team_still(world: World) -> None:
    row = await world.plan("Ann")
    await world.do("Ann", words.cancel, row.id, words.Word())
    assert (await refs(world, "Ann"), await refs(world, "Mia")) == ([], [REF])


async def test_a_family_that_asks_why_shows_its_reference_in_the_list_and_nothing_else(world: World) -> None:
    await told(world, "open_threat")
    (line,) = (await world.do("Rita", caseload.listed, Narrow())).lines
    assert (line.family.ref, line.family.managed, line.coming, line.waits.anything) == (REF, False, None, False)


async def test_a_worker_sees_their_own_next_visit_and_no_colleagues(world: World) -> None:
    await told(world, "argued")
    await world.plan("Ben", after=24 * 60)
    (line,) = (await world.do("Ann", caseload.listed, Narrow())).lines
    assert line.coming is None and not line.waits.anything
    mine = await world.plan("Ann", after=48 * 60)
    (line,) = (await world.do("Ann", caseload.listed, Narrow())).lines
    assert line.coming is not None and line.coming.starts_at == mine.visit.starts_at


async def test_another_teams_manager_sees_none_of_it(world: World) -> None:
    await told(world, "open_threat")
    async with world.database.transaction() as tx:
        south = await teams.add(tx, world.agency_id, "South")
        nora = await people.add(tx, world.agency_id, "Nora", email="nora@example.org", phone="07700 900099")
        world.ids["Nora"] = nora.id
        await people.set_roles(tx, nora.id, south.id, frozenset({Role.MANAGER}))
    assert await refs(world, "Nora") == [] and (await world.do("Nora", undecided.of_managed)).rows == []


async def test_what_waits_stands_in_the_order_in_which_it_is_to_be_decided(world: World) -> None:
    await told(world, "argued", ref="F-2")
    await told(world, "open_threat", ref=REF, after=200)
    found = (await world.do("Mia", undecided.of_managed)).rows
    by = [each.measure.decide_by for each in found]
    assert by == sorted(by, key=str) and {each.ref for each in found} >= {REF}
    with pytest.raises(Refused, match="managers_only"):
        await world.do("Ann", undecided.of_managed)


async def test_what_waits_goes_on_page_by_page_and_leaves_nothing_out(world: World) -> None:
    await told(world, "argued", ref="F-2")
    await told(world, "open_threat", ref=REF, after=200)
    whole = [each.measure.id for each in (await world.do("Mia", undecided.of_managed)).rows]
    assert len(whole) > 3
    found, place = [], None
    for _ in whole:
        page = await world.do("Mia", undecided.of_managed, place, 2)
        found += [each.measure.id for each in page.rows]
        place = page.after
        if place is None:
            break
    assert found == whole and place is None


async def test_what_somebody_goes_to_next_is_shown_to_them_as_anothers_to_decide(world: World) -> None:
    await told(world, "open_threat")
    assert not any(each.own for each in (await world.do("Mia", undecided.of_managed)).rows)
    async with world.database.transaction() as tx:
        roles = frozenset({Role.MANAGER, Role.PRACTITIONER})
        await people.set_roles(tx, world.ids["Mia"], world.team_id, roles)
    await world.plan("Mia", after=24 * 60)
    found = (await world.do("Mia", undecided.of_managed)).rows
    assert found and all(each.own for each in found)


async def test_any_two_versions_are_compared_in_either_order(world: World) -> None:
    await told(world, "open_threat")
    for each in (await world.do("Mia", undecided.of_managed)).rows:
        await world.do("Mia", decide, each.measure.id, Verdict(kind=MeasureDecision.ACCEPT, reason="It is needed"))
    newest = (await world.do("Mia", plans.read, REF)).number
    assert newest > 2
    forth = await world.do("Mia", plans.compare, REF, 1, newest)
    back = await world.do("Mia", plans.compare, REF, newest, 1)
    assert forth.changes == back.changes and forth.earlier.number == 1 and forth.later.number == newest
    changed = [each for each in forth.changes if "state" in each.difference.fields]
    assert changed and changed[0].before is not None and changed[0].after is not None
    assert (changed[0].before["state"], changed[0].after["state"]) == ("provisional", "in_force")
    with pytest.raises(NotFound):
        await world.do("Mia", plans.compare, REF, 1, newest + 1)


async def test_a_manager_reads_the_briefing_exactly_as_the_worker_does(world: World) -> None:
    await told(world, "open_threat")
    await world.plan("Ann", after=24 * 60)
    await world.do("Ann", briefing.confirm, REF)
    name, seen = await world.do("Mia", briefing_readers.as_read_by, REF, world.ids["Ann"])
    assert name == "Ann" and seen == await world.do("Ann", briefing.of, REF)
    (reader,) = await world.do("Mia", briefing_readers.readers, seen.family)
    assert (reader.name, reader.read_at) == ("Ann", world.now)
    assert await world.do("Ann", briefing_readers.readers, seen.family) == []
    with pytest.raises(Refused, match="managers_only"):
        await world.do("Ann", briefing_readers.as_read_by, REF, world.ids["Ann"])
    with pytest.raises(NotFound):
        await world.do("Mia", briefing_readers.as_read_by, REF, world.ids["Ben"])


async def test_months_count_what_was_met_beside_how_much_was_told(world: World) -> None:
    await met(world, "argued", on=world.now.date() - timedelta(days=40))
    await met(world, "argued", who="Ben")
    await met(world)
    seen = await world.do("Mia", over_time.of_family, REF)
    assert seen.lines[0].months == (("2026-10", 1), ("2026-11", 1)) and seen.told == {"2026-11": 3}


async def test_who_of_us_met_it_is_told_by_name_without_a_figure_and_to_managers_only(world: World) -> None:
    await met(world, "argued", who="Ben")
    await met(world, "argued", "dog", who="Ben")
    await met(world)
    since = world.now.date() - timedelta(days=365)
    family = (await world.do("Mia", overview.of, REF)).family
    seen = await world.do("Mia", over_time.who_met, family, since)
    assert [(each.name, len(each.met)) for each in seen] == [("Ann", 0), ("Ben", 2)]
    assert await world.do("Ann", over_time.who_met, family, since) == []


async def test_the_overview_shows_what_waits_to_its_managers_only(world: World) -> None:
    await world.plan("Ann", after=24 * 60)
    await world.do("Ann", partners.add, REF, {"organisation": "School"})
    await told(world, "open_threat")
    seen = await world.do("Mia", overview.of, REF)
    assert seen.risk == "high" and seen.waits.proposals and seen.holds and seen.met[0].kind == "open_threat"
    assert seen.to_share == 1
    theirs = await world.do("Ann", overview.of, REF)
    assert theirs.risk == "high" and theirs.holds and not theirs.waits.anything and not theirs.to_share
    await kept_off(world, "Mia", worker_id=world.ids["Ann"])
    assert not (await world.do("Mia", overview.of, REF)).to_share
