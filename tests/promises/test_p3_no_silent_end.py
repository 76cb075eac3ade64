"""P3: an alert ends in a human being's resolution; a late word never takes or closes; past the last rung, everyone."""

import pytest
from sqlalchemy import update

from safety_service.actions import alerts, rings, words
from safety_service.actions.errors import NotFound
from safety_service.actions.words import Word
from safety_service.domain.refusal import Refused
from safety_service.domain.words import Found, KnownBy, News, State
from safety_service.store import rings as ring_rows
from safety_service.store.alerts import AlertRow
from safety_service.store.tables.people import agency
from tests.world import World


async def silence(world: World) -> AlertRow:
    """Ann is inside (medium risk: asked every 30 minutes, 5 minutes' grace) and falls silent."""
    await world.inside()
    await world.later(35.5)
    return await world.alert()


async def test_silence_is_asked_nudged_and_then_an_alarm(world: World) -> None:
    row = await world.inside()
    await world.later(30)
    assert [each.template for each in world.told("Ann", "ask.")] == ["ask.check_in"]
    await world.later(1.75)
    assert [each.params["again"] for each in world.told("Ann", "ask.check_in")] == [False, True]
    await world.later(3)
    assert await world.alerts() == []
    await world.later(0.5)
    alert = (await world.alert()).alert
    assert alert.kind == "missed_check_in" and alert.visit_id == row.id
    assert [each.template for each in world.told("Mia")] == ["alarm.missed_check_in"]
    assert world.told("Dev") == []


async def test_the_alarm_says_what_is_needed_to_act(world: World) -> None:
    await silence(world)
    said = world.told("Mia", "alarm.")[0].params
    assert said["worker"] == "Ann" and said["worker_phone"]
    assert said["address"] == "1 Elm Row" and said["ref"] == "F-1"
    assert said["next"]["who"] == ["Dev"]
    assert said["alone"] is True and said["number"] == 1
    assert [each["name"] for each in said["told"]] == ["Mia"]


async def test_nobody_answers_and_it_climbs_to_everyone_again_and_again(world: World) -> None:
    alert = await silence(world)
    await world.later(5)
    assert world.told("Dev", "alarm."), "the second rung after the first one's five minutes"
    assert world.told("Adam", "alarm.") == []
    await world.later(5)
    assert len(world.told("Adam", "alarm.")) == 1, "past the last rung: on duty and standing list"
    await world.later(60)
    again = world.told("Adam", "alarm.")
    assert len(again) >= 30, "every two minutes until somebody takes it"
    assert {each.params["number"] for each in again} == {1}
    assert (await world.alert()).alert.state is State.OPEN
    assert world.told("Ann", "alarm.") == [], "never the worker"
    await world.do("Adam", alerts.take, alert.id)
    world.sent.clear()
    await world.later(10)
    assert world.told("Mia", "alarm.") == []


async def test_a_late_ok_neither_takes_nor_closes_and_everyone_alarmed_hears(world: World) -> None:
    alert = await silence(world)
    await world.ok(await world.visit(alert.alert.visit_id or alert.id))
    after = (await world.alert()).alert
    assert after.state is State.OPEN and after.owner_id is None
    await world.later(6)
    assert world.told("Mia", "alert.late_ok")
    assert world.told("Dev", "alarm."), "nobody has it, so it climbs although the worker said OK"


async def test_a_late_ok_holds_the_climb_while_somebody_has_it(world: World) -> None:
    alert = await silence(world)
    await world.do("Mia", alerts.take, alert.id)
    await world.later(14)
    await world.ok(await world.visit(alert.alert.visit_id or alert.id))
    await world.later(10)
    assert world.told("Mia", "alert.news_wanted") == []
    assert (await world.alert()).alert.state is State.TAKEN


async def test_taken_and_then_forgotten_it_climbs_again(world: World) -> None:
    alert = await silence(world)
    await world.do("Mia", alerts.take, alert.id)
    await world.later(15)
    assert world.told("Mia", "alert.news_wanted"), "any news?"
    assert (await world.alert()).alert.state is State.TAKEN
    await world.later(3.25)
    after = (await world.alert()).alert
    assert after.state is State.OPEN and after.owner_id is None
    assert world.told("Dev", "alarm.")
    assert world.told("Mia", "alert.lapsed"), "told to everyone who was told"


async def test_news_restarts_the_owners_clock(world: World) -> None:
    alert = await silence(world)
    await world.do("Mia", alerts.take, alert.id)
    await world.later(16)
    await world.do("Mia", alerts.news, alert.id, News.STILL_TRYING)
    await world.later(14)
    assert (await world.alert()).alert.state is State.TAKEN


async def test_an_offer_stays_with_the_giver_and_climbs_when_it_is_not_accepted(world: World) -> None:
    alert = await silence(world)
    await world.do("Mia", alerts.take, alert.id)
    await world.do("Mia", alerts.pass_on, alert.id, world.ids["Adam"])
    assert (await world.alert()).alert.owner_id == world.ids["Mia"]
    await world.later(5.25)
    assert world.told("Adam", "alert.offer")
    assert world.told("Dev", "alarm."), "not accepted: the next rung hears"
    assert world.told("Mia", "alert.not_accepted")
    assert (await world.alert()).alert.owner_id == world.ids["Mia"]


async def test_an_offer_accepted_moves_it(world: World) -> None:
    alert = await silence(world)
    await world.do("Mia", alerts.take, alert.id)
    await world.do("Mia", alerts.pass_on, alert.id, world.ids["Dev"])
    await world.do("Dev", alerts.take, alert.id)
    assert (await world.alert()).alert.owner_id == world.ids["Dev"]


async def test_a_rung_with_nobody_on_duty_is_passed_at_once_and_said(world: World) -> None:
    from safety_service.store import rota

    async with world.database.transaction() as tx:
        for shift in await rota.between(tx, [world.team_id], tx.now, tx.now):
            if shift.post == "manager_on_duty":
                await rota.remove(tx, shift.id)
    await silence(world)
    assert world.told("Mia", "alarm.") == []
    assert world.told("Dev", "alarm.")[0].params["passed"] == ["manager_on_duty"]


async def test_an_sos_tells_two_rungs_at_once_and_everyone_after_two_minutes(world: World) -> None:
    row = await world.inside()
    await world.do("Ann", words.sos, row.id, Word())
    await world.deliver()
    assert [len(world.told(each, "alarm.sos")) for each in ("Mia", "Dev", "Adam")] == [1, 1, 0]
    await world.later(2.25)
    assert len(world.told("Adam", "alarm.sos")) == 1


async def test_an_sos_needs_a_second_person_to_agree(world: World) -> None:
    row = await world.inside()
    await world.do("Ann", words.sos, row.id, Word())
    alert = await world.alert()
    await world.do("Mia", alerts.take, alert.id)
    await world.do("Mia", alerts.resolve, alert.id, Found.SAFE, KnownBy.SEEN)
    assert (await world.alert()).alert.state is State.TAKEN
    await world.do("Mia", alerts.resolve, alert.id, Found.SAFE, KnownBy.SEEN)
    assert (await world.alert()).alert.state is State.TAKEN, "the same person twice is one person"
    await world.deliver()
    assert world.told("Dev", "alert.second_wanted")
    await world.do("Dev", alerts.resolve, alert.id, Found.SAFE, KnownBy.HEARD_VOICE)
    done = await world.alert()
    assert done.alert.state is State.RESOLVED and done.agreed_by == world.ids["Dev"]


async def test_an_sos_without_a_visit_is_an_alert_and_a_second_one_is_told_to_its_owner(world: World) -> None:
    await world.do("Ann", words.sos, None, Word())
    alert = await world.alert()
    assert alert.alert.visit_id is None
    await world.do("Mia", alerts.take, alert.id)
    await world.do("Ann", words.sos, None, Word())
    await world.deliver()
    assert (await world.alert()).id == alert.id
    assert world.told("Mia", "alert.again_sos")
    await world.later(1.25)
    assert world.told("Adam", "alarm.sos"), "not confirmed within a minute: it climbs"


async def test_a_late_check_in_does_not_clear_an_sos(world: World) -> None:
    row = await world.inside()
    await world.do("Ann", words.sos, row.id, Word())
    alert = await world.alert()
    await world.do("Mia", alerts.take, alert.id)
    await world.ok(row)
    after = (await world.alert()).alert
    assert after.state is State.TAKEN and after.next_at == alert.alert.opened_at + after.ladder.news_within


async def test_the_worker_can_neither_take_nor_resolve_their_own(world: World) -> None:
    alert = await silence(world)
    for action in (
        world.do("Ann", alerts.take, alert.id),
        world.do("Ann", alerts.resolve, alert.id, Found.SAFE, KnownBy.SEEN),
        world.do("Ann", alerts.escalate, alert.id),
    ):
        with pytest.raises(Refused) as refused:
            await action
        assert refused.value.code == "never_your_own"


async def test_who_was_never_told_and_manages_nothing_does_not_know_of_it(world: World) -> None:
    alert = await silence(world)
    with pytest.raises(NotFound):
        await world.do("Ben", alerts.take, alert.id)


async def test_ring_me_unanswered_for_ninety_seconds_is_an_alarm(world: World) -> None:
    row = await world.inside()
    await world.do("Ann", words.ring_me, row.id, Word())
    await world.later(1.25)
    assert world.told("Mia", "ring.wanted")
    assert await world.alerts() == []
    await world.later(0.5)
    assert (await world.alert()).alert.kind == "ring_me"


async def test_ring_me_answered_by_a_human_being_is_no_alarm(world: World) -> None:
    row = await world.inside()
    await world.do("Ann", words.ring_me, row.id, Word())
    async with world.database.transaction() as tx:
        ring = await ring_rows.open_of(tx, world.ids["Ann"])
    assert ring is not None
    with pytest.raises(Refused):
        await world.do("Ann", rings.answer, ring.id, "spoke")
    await world.do("Mia", rings.answer, ring.id, "spoke")
    await world.later(5)
    assert await world.alerts() == []


async def test_an_agency_without_its_assessment_is_told_nothing_in_telegram_and_the_alert_climbs_all_the_same(
    world: World,
) -> None:
    async with world.database.transaction() as tx:
        await tx.conn.execute(update(agency).values(demonstration=False))
    await silence(world)
    assert world.sent == []
    assert (await world.alert()).alert.rung == 3, "nobody can be reached, so everyone is called at once"
