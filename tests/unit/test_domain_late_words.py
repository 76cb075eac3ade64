"""What the worker's words, and their silence, mean to an alert that is open. Minutes count from the opening."""

from dataclasses import replace

import pytest

from safety_service.domain import handling
from safety_service.domain.alert import Doing
from safety_service.domain.alert_effects import TellOwner, TellRung
from safety_service.domain.words import DANGER, Kind
from tests.unit.watched import (
    DEPUTY,
    MANAGER,
    OTHER,
    STANDING,
    Tale,
    all_hear,
    at,
    climb_of,
    minute_of,
    opened,
    owner_hears,
)


def test_a_late_word_is_told_and_never_takes_or_closes() -> None:
    tale = opened()
    before = tale.alert
    assert all_hear(tale.late("ok", 1)) == ["late_ok"]
    assert tale.alert == before
    assert climb_of(tale.run(5)) == [2]


def test_a_late_word_holds_the_climb_only_while_somebody_has_it() -> None:
    tale = opened()
    tale.take(MANAGER, 1)
    tale.run(16)
    tale.late("ok", 17)
    assert (tale.alert.doing, tale.alert.next_at, tale.alert.owner_id) == (Doing.NEWS, at(32), MANAGER)


def test_a_late_word_holds_from_when_it_was_said() -> None:
    tale = opened()
    tale.take(MANAGER, 1)
    before = tale.alert
    tale.late("ok", 0)
    assert tale.alert == before


def test_a_late_word_holds_an_offer_as_an_offer() -> None:
    tale = opened()
    tale.take(MANAGER, 1)
    tale.pass_on(MANAGER, OTHER, 2)
    tale.late("ok", 3)
    assert (tale.alert.doing, tale.alert.offered_to, tale.alert.next_at) == (Doing.OFFER, OTHER, at(18))


@pytest.mark.parametrize("kind", sorted(DANGER))
def test_a_late_word_never_holds_danger(kind: Kind) -> None:
    tale = opened(kind)
    tale.take(MANAGER, 1)
    before = tale.alert
    assert all_hear(tale.late("ok", 5)) == ["late_ok"]
    assert tale.alert == before


def test_a_repeated_sos_is_told_to_its_owner_and_climbs_unless_confirmed_within_a_minute() -> None:
    tale = opened(Kind.SOS)
    tale.take(MANAGER, 1)
    assert owner_hears(tale.raise_(Kind.SOS, 2)) == ["again_sos"]
    assert tale.run(2.9) == ()
    assert climb_of(tale.run(3)) == [3]
    assert (tale.alert.owner_id, tale.alert.doing, minute_of(tale.alert.next_at)) == (MANAGER, Doing.NEWS, 6)


def test_a_repeated_sos_that_its_owner_confirms_does_not_climb() -> None:
    tale = opened(Kind.SOS)
    tale.take(MANAGER, 1)
    tale.raise_(Kind.SOS, 2)
    tale.news(MANAGER, 2.5)
    assert climb_of(tale.run(7)) == []


def test_a_repeated_sos_that_nobody_has_is_told_again_and_climbs_within_a_minute() -> None:
    tale = opened(Kind.SOS)
    (telling,) = tale.raise_(Kind.SOS, 0.5)
    assert isinstance(telling, TellRung)
    assert (telling.again, telling.step, set(telling.people)) == (True, 2, {MANAGER, DEPUTY})
    assert climb_of(tale.run(1.4)) == []
    assert climb_of(tale.run(1.5)) == [3]


def test_an_ok_does_not_stand_in_for_the_owners_confirmation() -> None:
    tale = opened(Kind.RING_ME)
    tale.take(MANAGER, 1)
    tale.raise_(Kind.RING_ME, 2)
    tale.late("ok", 2.5)
    assert climb_of(tale.run(3)) == [2]


def test_a_second_miss_goes_to_the_owner_and_opens_nothing() -> None:
    tale = opened(Kind.NOT_BEGUN)
    tale.take(MANAGER, 1)
    assert owner_hears(tale.raise_(Kind.MISSED_CHECK_IN, 2)) == ["again_missed_check_in"]
    assert tale.alert.next_at == at(16)
    unowned = opened(Kind.NOT_OUT)
    assert unowned.raise_(Kind.NOT_OUT, 1) == ()


def test_a_call_for_help_opens_beside_a_miss() -> None:
    tale = opened()
    for kind in (Kind.RING_ME, Kind.SOS, Kind.DURESS):
        assert climb_of(tale.raise_(kind, 1))
    assert [each.kind for each in tale.case.alerts] == [Kind.MISSED_CHECK_IN, Kind.RING_ME, Kind.SOS, Kind.DURESS]


def test_a_miss_goes_to_the_alert_that_somebody_has() -> None:
    tale = opened(Kind.RING_ME)
    tale.take(MANAGER, 1)
    sos = Tale(tale.visit)
    sos.raise_(Kind.SOS, 1)
    sos.case = replace(sos.case, alerts=(*sos.case.alerts, tale.alert))
    assert owner_hears(sos.raise_(Kind.MISSED_CHECK_IN, 2)) == ["again_missed_check_in"]


@pytest.mark.parametrize("kind", [Kind.RING_ME, Kind.MISSED_CHECK_IN])
def test_duress_takes_no_miss_away_from_who_would_hear_of_it_without(kind: Kind) -> None:
    """P5: they may be beside the worker."""
    tale = opened(kind)
    tale.take(MANAGER, 1)
    duress = Tale(tale.visit)
    duress.raise_(Kind.DURESS, 1)
    duress.take(DEPUTY, 1)
    duress.case = replace(duress.case, alerts=(*duress.case.alerts, tale.alert))
    heard = duress.raise_(Kind.MISSED_CHECK_IN, 2)
    assert owner_hears(heard) == ["again_missed_check_in"] * 2
    assert {each.owner_id for each in heard if isinstance(each, TellOwner)} == {MANAGER, DEPUTY}
    assert len(duress.case.alerts) == 2


def test_an_alert_about_the_service_swallows_no_miss() -> None:
    tale = opened(Kind.UNDELIVERABLE)
    tale.raise_(Kind.MISSED_CHECK_IN, 1)
    assert [each.kind for each in tale.case.alerts] == [Kind.UNDELIVERABLE, Kind.MISSED_CHECK_IN]


def test_who_can_be_reached_by_no_channel_hands_on_at_once() -> None:
    tale = opened()
    hopeless = handling.not_reached(tale.alert, at(0.1))
    assert hopeless.due_now == at(0.1)
    tale.take(STANDING, 0.1)
    assert handling.not_reached(tale.alert, at(0.2)) == tale.alert
