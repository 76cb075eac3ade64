"""G10: what is shared is decided with basis and reason, acknowledged by name, and climbs until it is."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from safety_service.actions import acknowledging, partners, sharing, warning
from safety_service.actions.errors import NotFound
from safety_service.actions.sharing import Decision
from safety_service.domain.refusal import Refused
from safety_service.domain.sharing import Basis, Decided
from safety_service.store import exclusions, people
from safety_service.store.shares import Share
from safety_service.store.visits import VisitRow
from tests.guidance.around import agency_at, bad_visit, chased, told
from tests.guidance.at_shares import SHARE, WITHHOLD, acknowledged, all_of, opened, proposed, sent
from tests.world import World


@pytest.fixture
async def row(world: World) -> VisitRow:
    return await bad_visit(world)


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
