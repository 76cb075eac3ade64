"""G10: after threats or violence other agencies hear of it: the least, decided by a person, acknowledged by name."""

import re
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from benchmarks.recording import recording
from config.guidance import parse_guidance
from safety_service.actions import debriefs as telling
from safety_service.actions import sharing, warning
from safety_service.actions.sharing import Decision
from safety_service.domain.refusal import Refused
from safety_service.domain.sharing import least, to_be_told
from safety_service.store import debriefs, exclusions
from safety_service.store.visits import VisitRow
from tests.guidance.around import CHILD_PART, agency_at, bad_visit, everything_said, told
from tests.guidance.at_shares import SHARE, WITHHOLD, all_of, opened, proposed, sent
from tests.talk import Talk
from tests.world import World


@pytest.fixture
async def row(world: World) -> VisitRow:
    return await bad_visit(world)


async def test_a_threat_proposes_to_warn_each_agency_once(world: World, row: VisitRow) -> None:
    school = await agency_at(world, row.family_id, "School")
    police = await agency_at(world, row.family_id, "Police")
    await told(world, row, warning.follow)
    await told(world, row, warning.follow, whole=True, circumstances=["drink"])
    found = await all_of(world, row)
    assert sorted(each.partner_id for each in found) == sorted((school, police))
    assert {each.state for each in found} == {"proposed"} and all(each.next_at for each in found)
    assert found[0].body["context"] == ["Drink"], "what is known only later is added to what is not decided yet"
    asked = world.told("Mia", "share.wanted")
    assert [(each.params["count"], each.params["ref"]) for each in asked] == [(2, "F-1")]
    assert asked[0].params["page"].startswith("/shares/")


async def test_from_the_roadside_to_the_manager_who_reads_of_no_threat_in_the_chat(world: World, row: VisitRow) -> None:
    await agency_at(world, row.family_id)
    async with world.database.reading() as tx:
        debrief = await debriefs.of_visit(tx, row.id, world.ids["Ann"])
    assert debrief is not None
    answers = {"mood": "bad", "seen": "no", "go_on": "yes", "met": ["open_threat"], "happened": "He knows my street"}
    await world.do("Ann", telling.answer, debrief.id, answers)
    await world.do("Ann", telling.give_first_part, debrief.id)
    (one,) = await all_of(world, row)
    (bubble,) = [each for each in await Talk(world).screen("Mia") if each.template == "share.wanted"]
    (button,) = [each for line in bubble.shown.buttons for each in line]
    assert button.url == f"https://doorstep.example/shares/{one.id}"
    assert "F-1" in bubble.text and not re.search(r"threat|street|School", bubble.text)
    await world.do("Ann", telling.submit, debrief.id, {"circumstances": ["drink"], **CHILD_PART})
    (one,) = await all_of(world, row)
    assert one.body["context"] == ["Drink"]


async def test_what_was_decided_stays_as_it_was_sent(world: World, row: VisitRow) -> None:
    before = (await sent(world, row)).row
    for _ in range(2):
        await told(world, row, warning.follow, whole=True, circumstances=["drink"])
    (after,) = await all_of(world, row)
    assert after == before and after.body["met"] == ["Open threat"]


@pytest.mark.parametrize("decision", [SHARE, WITHHOLD])
async def test_what_is_told_only_after_the_decision_is_proposed_by_itself(
    world: World, row: VisitRow, decision: Decision
) -> None:
    before = (await world.do("Mia", sharing.decide, (await proposed(world, row)).id, decision)).row
    world.sent.clear()
    for _ in range(2):
        await told(world, row, warning.follow, met=("open_threat", "weapon"), whole=True)
    later, first = await all_of(world, row)
    assert first == before
    assert (later.state, later.round, later.body["met"]) == ("proposed", 2, ["Weapon"])
    assert [each.params["page"] for each in world.told("Mia", "share.wanted")] == [f"/shares/{later.id}"]
    await told(world, row, warning.follow, met=("open_threat", "weapon", "hit"), whole=True)
    later, _ = await all_of(world, row)
    assert later.body["met"] == ["Weapon", "Hit, held"], "what nobody has decided yet has all that is new"


async def test_violence_told_only_with_the_rest_of_a_debrief_goes_to_who_decides(world: World, row: VisitRow) -> None:
    await agency_at(world, row.family_id)
    async with world.database.reading() as tx:
        debrief = await debriefs.of_visit(tx, row.id, world.ids["Ann"])
    assert debrief is not None
    answers = {"mood": "bad", "seen": "no", "go_on": "yes", "met": ["open_threat"], "happened": "He shouted"}
    await world.do("Ann", telling.answer, debrief.id, answers)
    await world.do("Ann", telling.give_first_part, debrief.id)
    (one,) = await all_of(world, row)
    await world.do("Mia", sharing.decide, one.id, WITHHOLD)
    await world.do("Ann", telling.submit, debrief.id, {"met": ["open_threat", "weapon"], "hurt": "no", **CHILD_PART})
    later, _ = await all_of(world, row)
    assert (later.state, later.body["met"]) == ("proposed", ["Weapon"])


async def test_who_else_goes_there_is_asked_once_also_where_it_is_told_only_with_the_rest(
    world: World, row: VisitRow
) -> None:
    await told(world, row, warning.follow, met=("mixed",))
    assert not world.told("Mia", "share.nobody_known")
    for _ in range(2):
        await told(world, row, warning.follow, whole=True)
    assert len(world.told("Mia", "share.nobody_known")) == 1


async def test_nothing_is_decided_on_a_text_that_has_changed_since_it_was_read(world: World, row: VisitRow) -> None:
    one = await proposed(world, row)
    read = sharing.text_digest((await world.do("Mia", sharing.read, one.id)).row)
    await told(world, row, warning.follow, met=("open_threat", "weapon"), whole=True)
    for decision in (SHARE, WITHHOLD):
        with pytest.raises(Refused, match="share_changed"):
            await world.do("Mia", sharing.decide, one.id, replace(decision, text_digest=read))
    (now,) = await all_of(world, row)
    assert now.state == "proposed" and now.body["met"] == ["Open threat", "Weapon"]
    seen = await world.do("Mia", sharing.decide, one.id, replace(SHARE, text_digest=sharing.text_digest(now)))
    assert seen.row.state == "sent"


async def test_a_long_record_is_no_more_work_than_a_short_one(world: World, row: VisitRow) -> None:
    await agency_at(world, row.family_id)
    await told(world, row, warning.follow)
    short = await statements_of_record(world)
    for number in range(5):
        await agency_at(world, row.family_id, f"Agency {number}")
    await told(world, row, warning.follow, whole=True)
    assert len(await world.do("Mia", sharing.record, "F-1")) == 6
    assert await statements_of_record(world) == short


async def statements_of_record(world: World) -> int:
    with recording() as said:
        await world.do("Mia", sharing.record, "F-1")
    return len(said.take())


async def test_who_is_kept_off_a_worker_reads_no_share_of_their_visit_in_the_record(
    world: World, row: VisitRow
) -> None:
    async with world.database.transaction() as tx:
        await exclusions.add(tx, world.agency_id, world.ids["Mia"], worker_id=world.ids["Ann"], reason="aunt", by=None)
    await proposed(world, row)
    assert await world.do("Mia", sharing.record, "F-1") == []
    assert len(await world.do("Dev", sharing.record, "F-1")) == 1


async def test_quiet_and_mixed_feelings_warn_nobody_unless_the_worker_asks(world: World, row: VisitRow) -> None:
    await agency_at(world, row.family_id)
    await told(world, row, warning.follow, met=("mixed", "argued"))
    assert await all_of(world, row) == []
    await told(world, row, warning.follow, met=("mixed", "argued"), tell_now=["agencies"])
    (one,) = await all_of(world, row)
    assert one.body["met"] == ["Argued, blocked"]


async def test_who_must_not_learn_of_it_is_not_even_proposed(world: World, row: VisitRow) -> None:
    await agency_at(world, row.family_id, "Club", kept_out="The father works there")
    await told(world, row, warning.follow)
    assert await all_of(world, row) == []
    assert world.told("Mia", "share.nobody_known"), "then it is asked who else goes there"


async def test_a_complaint_never_stops_it(world: World, row: VisitRow) -> None:
    await agency_at(world, row.family_id)
    await told(world, row, warning.follow, whole=True, account="They complain about Ann and forbid us to tell anybody")
    assert len(await all_of(world, row)) == 1


async def test_nothing_of_what_anybody_wrote_is_in_what_leaves(world: World, row: VisitRow) -> None:
    words = "He said he knows where I live"
    await agency_at(world, row.family_id)
    await told(world, row, warning.follow, whole=True, happened=words, account=words, fact=words, circumstances=[words])
    (one,) = await all_of(world, row)
    assert words not in str(one.body)
    seen = await world.do("Mia", sharing.decide, one.id, SHARE)
    assert seen.token is not None
    assert words not in str(await opened(world, seen.token))
    assert words not in await everything_said(world) and "Open threat" not in await everything_said(world)


SHIPPED = parse_guidance("")


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    behaviours=st.lists(st.one_of(st.sampled_from(sorted(SHIPPED.behaviours)), st.text())),
    circumstances=st.lists(st.one_of(st.sampled_from(sorted(SHIPPED.circumstances)), st.text())),
    tell_now=st.lists(st.sampled_from(["child", "agencies", "police"])),
)
def test_whatever_is_told_only_the_guidances_words_leave(
    behaviours: list[str], circumstances: list[str], tell_now: list[str]
) -> None:
    keys = to_be_told(SHIPPED, behaviours, tell_now)
    out = least(SHIPPED, keys, circumstances, date(2026, 11, 16))
    words = {
        each.says for part in ("behaviours", "circumstances", "measures") for each in getattr(SHIPPED, part).values()
    }
    assert {*out.met, *out.care, *out.context} <= words
    assert bool(keys) == bool(out.met) and "Mixed feelings" not in out.met
