"""G10: after threats or violence other agencies hear of it: the least, decided by a person, acknowledged by name."""

import re
from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event

from config.guidance import parse_guidance
from safety_service.actions import acknowledging, partners, sharing, warning
from safety_service.actions import debriefs as telling
from safety_service.actions.errors import NotFound
from safety_service.actions.sharing import Decision, Seen
from safety_service.domain.refusal import Refused
from safety_service.domain.sharing import Basis, Decided, least, to_be_told
from safety_service.store import debriefs, exclusions, people, shares
from safety_service.store.shares import Share
from safety_service.store.visits import VisitRow
from tests.guidance.around import CHILD_PART, agency_at, bad_visit, chased, everything_said, told
from tests.talk import Talk
from tests.world import World

SHARE = Decision(decided=Decided.SHARE, basis=Basis.PROTECT_WORKER, reason="They go there alone on Thursday")
WITHHOLD = Decision(decided=Decided.WITHHOLD, reason="They have stopped going")


@pytest.fixture
async def row(world: World) -> VisitRow:
    return await bad_visit(world)


async def all_of(world: World, row: VisitRow) -> list[Share]:
    async with world.database.reading() as tx:
        return await shares.of_family(tx, row.family_id)


async def proposed(world: World, row: VisitRow, **more: Any) -> Share:
    await agency_at(world, row.family_id, **more)
    await told(world, row, warning.follow)
    (one,) = await all_of(world, row)
    return one


async def sent(world: World, row: VisitRow) -> Seen:
    return await world.do("Mia", sharing.decide, (await proposed(world, row)).id, SHARE)


async def opened(world: World, token: str) -> acknowledging.Opened:
    async with world.database.transaction() as tx:
        return await acknowledging.open_link(tx, token)


async def acknowledged(world: World, token: str, name: str = "Jo Field") -> acknowledging.Opened:
    async with world.database.transaction() as tx:
        return await acknowledging.acknowledge(tx, token, name)


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
    said: list[str] = []

    def hear(_conn: object, _cursor: object, statement: str, *_: object) -> None:
        said.append(statement)

    engine = world.database._write.sync_engine
    event.listen(engine, "before_cursor_execute", hear)
    await world.do("Mia", sharing.record, "F-1")
    event.remove(engine, "before_cursor_execute", hear)
    return len(said)


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


async def test_a_decision_has_its_basis_and_reason_and_is_made_once(world: World, row: VisitRow) -> None:
    one = await proposed(world, row)
    with pytest.raises(Refused, match="basis_wanted"):
        await world.do("Mia", sharing.decide, one.id, Decision(decided=Decided.SHARE, reason="They go there"))
    with pytest.raises(Refused, match="reason_wanted"):
        await world.do("Mia", sharing.decide, one.id, Decision(decided=Decided.WITHHOLD, reason=" "))
    await world.do("Mia", sharing.decide, one.id, WITHHOLD)
    with pytest.raises(Refused, match="share_decided"):
        await world.do("Dev", sharing.decide, one.id, SHARE)
    await world.opens("Rita")
    (entry,) = await world.do("Rita", sharing.record, "F-1")
    assert (entry.row.state, entry.row.reason, entry.row.decided_by) == (
        "withheld",
        "They have stopped going",
        world.ids["Mia"],
    )


async def test_only_a_manager_decides_and_never_about_their_own_visit(world: World) -> None:
    row = await bad_visit(world, "Mia")
    await agency_at(world, row.family_id)
    await told(world, row, warning.follow, who="Mia")
    (one,) = await all_of(world, row)
    assert not world.told("Mia", "share") and world.told("Dev", "share.wanted")
    with pytest.raises(Refused, match="never_your_own"):
        await world.do("Mia", sharing.decide, one.id, SHARE)
    with pytest.raises(Refused, match="managers_only"):
        await world.do("Rita", sharing.decide, one.id, SHARE)
    with pytest.raises(NotFound):
        await world.do("Ben", sharing.decide, one.id, SHARE)


async def test_who_is_kept_off_the_family_sees_no_share_of_it(world: World, row: VisitRow) -> None:
    async with world.database.transaction() as tx:
        await exclusions.add(tx, world.agency_id, world.ids["Mia"], family_id=row.family_id, reason="aunt", by=None)
    one = await proposed(world, row)
    assert not world.told("Mia", "share")
    for action, what in ((sharing.read, one.id), (sharing.record, "F-1")):
        with pytest.raises(NotFound):
            await world.do("Mia", action, what)
    with pytest.raises(NotFound):
        await world.do("Mia", sharing.decide, one.id, SHARE)


async def test_whose_visit_it_was_is_not_told_why_it_was_shared(world: World, row: VisitRow) -> None:
    seen = await sent(world, row)
    with pytest.raises(Refused, match="managers_only"):
        await world.do("Ann", sharing.read, seen.row.id)
    assert (await world.do("Rita", sharing.read, seen.row.id)).row.reason == SHARE.reason


async def test_nothing_goes_to_a_contact_that_nobody_checked_without_saying_so(world: World, row: VisitRow) -> None:
    one = await proposed(world, row, verified=False)
    with pytest.raises(Refused, match="contact_unverified"):
        await world.do("Mia", sharing.decide, one.id, SHARE)
    knowing = Decision(decided=Decided.SHARE, basis=Basis.VITAL_INTEREST, reason="Today", unverified_known=True)
    seen = await world.do("Mia", sharing.decide, one.id, knowing)
    assert seen.row.state == "sent" and seen.row.body["unverified"] is True


async def test_a_link_shows_the_least_and_is_acknowledged_by_name_once(world: World, row: VisitRow) -> None:
    seen = await sent(world, row)
    assert seen.token is not None and len(seen.token) >= 26
    assert seen.token not in str(await all_of(world, row)), "of the link only a digest is kept"
    await opened(world, seen.token)
    shown = await opened(world, seen.token)
    assert shown.met == ("Open threat",) and shown.on == date(2026, 11, 16) and shown.acknowledged_at is None
    assert "Two people" in shown.care and not any("15" in each for each in shown.care)
    with pytest.raises(Refused, match="name_wanted"):
        await acknowledged(world, seen.token, " ")
    await acknowledged(world, seen.token)
    later = await opened(world, seen.token)
    assert later.acknowledged_at is not None and (later.met, later.ref, later.on) == ((), "", None)
    await acknowledged(world, seen.token, "Somebody Else")
    (one,) = await all_of(world, row)
    assert (one.state, one.acknowledged_by, one.next_at) == ("acknowledged", "Jo Field", None)
    await world.deliver()
    assert len(world.told("Mia", "share.acknowledged")) == 1


async def test_what_else_was_going_on_goes_along_only_where_the_decision_says_so(world: World, row: VisitRow) -> None:
    await agency_at(world, row.family_id)
    await told(world, row, warning.follow, whole=True, circumstances=["drink"])
    (one,) = await all_of(world, row)
    with_it = Decision(decided=Decided.SHARE, basis=Basis.CONSENT, reason="They know", with_context=True)
    seen = await world.do("Mia", sharing.decide, one.id, with_it)
    assert seen.token is not None and (await opened(world, seen.token)).context == ("Drink",)
    without = await world.do("Mia", sharing.new_link, one.id)
    with pytest.raises(NotFound):
        await opened(world, seen.token)
    assert without.token is not None and (await opened(world, without.token)).context == ("Drink",)


async def test_without_a_word_of_it_what_else_was_going_on_stays_here(world: World, row: VisitRow) -> None:
    await agency_at(world, row.family_id)
    await told(world, row, warning.follow, whole=True, circumstances=["drink"])
    (one,) = await all_of(world, row)
    seen = await world.do("Mia", sharing.decide, one.id, SHARE)
    assert seen.token is not None and (await opened(world, seen.token)).context == ()


async def test_undecided_it_climbs_from_the_manager_on_duty_to_all_and_to_the_supervisors(
    world: World, row: VisitRow
) -> None:
    await supervised_by_rita(world, "Ann")
    await proposed(world, row)
    assert await chased(world, acknowledging.chase) == []
    world.clock.move(timedelta(hours=4))
    assert await chased(world, acknowledging.chase) == ["Dev share.undecided", "Mia share.undecided"]
    world.clock.move(timedelta(hours=4))
    assert "Rita share.undecided" in await chased(world, acknowledging.chase)
    (one,) = await all_of(world, row)
    assert one.step == 2 and one.next_at is not None
    await world.do("Mia", sharing.decide, one.id, WITHHOLD)
    world.clock.move(timedelta(days=3))
    assert await chased(world, acknowledging.chase) == []


async def test_unacknowledged_it_climbs_from_whoever_decided(world: World, row: VisitRow) -> None:
    await supervised_by_rita(world, "Ann")
    one = await proposed(world, row)
    await world.do("Dev", sharing.decide, one.id, SHARE)
    world.clock.move(timedelta(days=2, minutes=-1))
    assert await chased(world, acknowledging.chase) == []
    world.clock.move(timedelta(minutes=1))
    assert await chased(world, acknowledging.chase) == ["Dev share.unacknowledged"]
    world.clock.move(timedelta(days=1))
    assert await chased(world, acknowledging.chase) == ["Dev share.unacknowledged", "Mia share.unacknowledged"]
    world.clock.move(timedelta(days=1))
    assert len(await chased(world, acknowledging.chase)) == 3


async def test_one_that_cannot_be_chased_stops_no_other(
    world: World, row: VisitRow, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    first = await agency_at(world, row.family_id, "School")
    await agency_at(world, row.family_id, "Police")
    await told(world, row, warning.follow)
    chase: Any = acknowledging._chase

    async def failing(tx: Any, each: Share) -> None:
        if each.partner_id == first:
            raise ValueError("odd row")
        await chase(tx, each)

    monkeypatch.setattr(acknowledging, "_chase", failing)
    world.clock.move(timedelta(hours=4))
    assert await chased(world, acknowledging.chase) == ["Dev share.undecided", "Mia share.undecided"]
    assert "could not be chased" in caplog.text
    assert all(each.next_at is not None and each.next_at > world.now for each in await all_of(world, row))


async def test_a_manager_warns_by_hand_too(world: World, row: VisitRow) -> None:
    school = await agency_at(world, row.family_id)
    seen = await world.do("Mia", warning.propose, "F-1", school, ["weapon"], world.now.date())
    assert seen.row.state == "proposed" and seen.row.body["met"] == ["Weapon"]
    with pytest.raises(Refused, match="nothing_to_tell"):
        await world.do("Mia", warning.propose, "F-1", school, ["mixed"], world.now.date())
    kept_out = await agency_at(world, row.family_id, "Club", kept_out="The father works there")
    with pytest.raises(Refused, match="partner_kept_out"):
        await world.do("Mia", warning.propose, "F-1", kept_out, ["weapon"], world.now.date())
    with pytest.raises(Refused, match="managers_only"):
        await world.do("Ann", sharing.record, "F-1")


async def supervised_by_rita(world: World, who: str) -> UUID:
    async with world.database.transaction() as tx:
        person = await people.get(tx, world.ids[who])
        await people.save(tx, replace(person, supervisor_id=world.ids["Rita"]))
    return world.ids["Rita"]


async def test_what_they_said_on_the_phone_ends_the_asking_and_the_link(world: World, row: VisitRow) -> None:
    seen = await sent(world, row)
    assert seen.token is not None
    with pytest.raises(NotFound):
        await world.do("Ben", acknowledging.by_phone, seen.row.id, "Jo Field")
    with pytest.raises(Refused, match="never_your_own"):
        await world.do("Ann", acknowledging.by_phone, seen.row.id, "Jo Field")
    with pytest.raises(Refused, match="name_wanted"):
        await world.do("Dev", acknowledging.by_phone, seen.row.id, " ")
    await world.do("Dev", acknowledging.by_phone, seen.row.id, "Jo Field")
    (one,) = await all_of(world, row)
    assert (one.state, one.acknowledged_by, one.next_at) == ("acknowledged", "Jo Field", None)
    assert (await opened(world, seen.token)).met == ()
    with pytest.raises(Refused, match="share_decided"):
        await world.do("Dev", acknowledging.by_phone, seen.row.id, "Somebody Else")


async def test_who_must_not_know_any_more_opens_nothing_and_is_not_rung(world: World, row: VisitRow) -> None:
    seen = await sent(world, row)
    assert seen.token is not None
    await world.do("Mia", partners.change, seen.partner.id, seen.partner.version, {"kept_out": "His sister"})
    for knock in (opened, acknowledged):
        with pytest.raises(NotFound):
            await knock(world, seen.token)
    world.clock.move(timedelta(days=4))
    assert await chased(world, acknowledging.chase) == []
    assert await chased(world, acknowledging.chase) == []
