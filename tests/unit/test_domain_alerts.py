"""What people do about an alert, and what the worker's words mean to it. Minutes count from the opening."""

from collections.abc import Callable
from uuid import UUID

import pytest

from safety_service.domain import handling
from safety_service.domain.alert import Doing, Resolution
from safety_service.domain.alert_effects import AskSecond, Offer, TellTold, TellWorker
from safety_service.domain.refusal import Refused
from safety_service.domain.words import ABOUT_SERVICE, DANGER, Found, Kind, KnownBy, News, State
from tests.unit.watched import (
    DEPUTY,
    MANAGER,
    OTHER,
    WORKER,
    all_hear,
    at,
    climb_of,
    opened,
    owner_hears,
)

# --- take ---


def test_the_first_yes_wins_and_the_second_hears_whose_it_is() -> None:
    tale = opened()
    assert all_hear(tale.take(MANAGER, 1)) == ["taken"]
    with pytest.raises(Refused) as refused:
        tale.take(DEPUTY, 1)
    assert (refused.value.code, refused.value.facts) == ("taken_already", {"owner_id": MANAGER})
    assert tale.alert.owner_id == MANAGER


def test_anyone_may_take_over_saying_so() -> None:
    tale = opened()
    tale.take(MANAGER, 1)
    assert all_hear(tale.take(DEPUTY, 2, over=True)) == ["taken_over"]
    assert tale.alert.owner_id == DEPUTY


def test_the_worker_hears_that_it_was_read_but_never_of_duress_or_of_the_services_troubles() -> None:
    for kind in Kind:
        heard = any(isinstance(each, TellWorker) for each in opened(kind).take(MANAGER, 1))
        assert heard == (kind is not Kind.DURESS and kind not in ABOUT_SERVICE)


def test_nobody_acts_for_themselves() -> None:
    tale = opened()
    acts: list[Callable[[], object]] = [
        lambda: tale.take(WORKER, 1),
        lambda: tale.news(WORKER, 1),
        lambda: tale.escalate(WORKER, 1),
        lambda: tale.pass_on(WORKER, MANAGER, 1),
        lambda: tale.resolve(WORKER, 1),
    ]
    for act in acts:
        with pytest.raises(Refused, match="never_your_own"):
            act()


def test_taking_ends_the_climb_and_the_wait_for_being_reached() -> None:
    tale = opened()
    tale.reached = False
    tale.take(MANAGER, 0.1)
    assert climb_of(tale.run(18)) == []


@pytest.mark.parametrize("kind", sorted(DANGER))
def test_taking_danger_stops_everyone_at_two_minutes(kind: Kind) -> None:
    tale = opened(kind)
    tale.take(MANAGER, 1)
    assert tale.run(5.9) == ()
    assert owner_hears(tale.run(6)) == ["news_wanted"]


# --- news, lapse and climb ---


def test_taken_and_forgotten_it_is_asked_after_lapses_and_climbs() -> None:
    tale = opened()
    tale.take(MANAGER, 1)
    assert owner_hears(tale.run(16)) == ["news_wanted"]
    effects = tale.run(19)
    assert (all_hear(effects), climb_of(effects)) == (["lapsed"], [2])
    assert (tale.alert.state, tale.alert.owner_id) == (State.OPEN, None)


@pytest.mark.parametrize("said", list(News))
def test_the_owners_news_restarts_their_clock(said: News) -> None:
    tale = opened()
    tale.take(MANAGER, 1)
    tale.run(16)
    assert all_hear(tale.news(MANAGER, 17, said)) == [f"news_{said}"]
    assert (tale.alert.doing, tale.alert.next_at) == (Doing.NEWS, at(32))


def test_anyone_elses_news_is_a_note() -> None:
    tale = opened()
    tale.take(MANAGER, 1)
    before = tale.alert
    assert all_hear(tale.news(DEPUTY, 5, News.NOTE, "her car is here")) == ["news_note"]
    assert tale.alert == before


def test_taking_it_again_is_news() -> None:
    tale = opened()
    tale.take(MANAGER, 1)
    tale.take(MANAGER, 10)
    assert tale.alert.next_at == at(25)


def test_news_is_wanted_before_the_owners_shift_ends() -> None:
    tale = opened()
    tale.take(MANAGER, 1, on_until=8)
    assert tale.alert.next_at == at(8)
    other = opened()
    other.take(MANAGER, 1, on_until=500)
    assert other.alert.next_at == at(16)


def test_an_owner_who_is_gone_is_asked_at_once_and_lapses() -> None:
    tale = opened()
    tale.take(MANAGER, 1)
    gone, effects = handling.owner_gone(tale.alert, at(2))
    assert (gone.doing, gone.next_at, owner_hears(effects)) == (Doing.REPLY, at(5), ["news_wanted"])
    assert handling.owner_gone(gone, at(4)) == (gone, ())
    unowned = opened().alert
    assert handling.owner_gone(unowned, at(2)) == (unowned, ())


def test_an_owner_who_is_gone_holds_up_no_cry_that_was_to_climb() -> None:
    tale = opened(Kind.SOS)
    tale.take(MANAGER, 1)
    cried, _ = handling.repeated(tale.alert, Kind.SOS, at(2))
    gone, _ = handling.owner_gone(cried, at(2))
    assert (gone.doing, gone.next_at) == (Doing.REPLY, at(3))


# --- escalate ---


def test_escalate_climbs_now_once_for_each_button_and_the_owner_keeps_it() -> None:
    tale = opened()
    tale.take(MANAGER, 1)
    button = tale.alert.step
    assert climb_of(tale.escalate(MANAGER, 2, button)) == [2]
    assert tale.escalate(DEPUTY, 2.1, button) == ()
    assert climb_of(tale.escalate(DEPUTY, 2.2)) == [3]
    assert (tale.alert.owner_id, tale.alert.next_at) == (MANAGER, at(16))


def test_a_rung_that_the_owner_called_in_and_that_was_not_reached_hands_on() -> None:
    tale = opened()
    tale.take(MANAGER, 1)
    tale.escalate(MANAGER, 2)
    tale.reached = False
    assert climb_of(tale.run(3)) == [3]
    assert tale.alert.owner_id == MANAGER


# --- pass on ---


def test_what_is_passed_on_stays_with_the_giver_until_the_named_person_takes_it() -> None:
    tale = opened()
    tale.take(MANAGER, 1)
    assert tale.pass_on(MANAGER, OTHER, 2) == (Offer(tale.alert.id, OTHER, MANAGER),)
    assert tale.alert.owner_id == MANAGER
    assert all_hear(tale.take(OTHER, 3)) == ["taken_over"]
    assert (tale.alert.owner_id, tale.alert.offered_to) == (OTHER, None)


def test_unaccepted_it_climbs_and_stays_with_the_giver() -> None:
    tale = opened()
    tale.take(MANAGER, 1)
    tale.pass_on(MANAGER, OTHER, 2)
    effects = tale.run(7)
    assert (owner_hears(effects), climb_of(effects)) == (["not_accepted"], [2])
    assert (tale.alert.owner_id, tale.alert.offered_to, tale.alert.next_at) == (MANAGER, None, at(10))


def test_news_of_the_giver_does_not_stop_the_clock_of_the_offer() -> None:
    tale = opened()
    tale.take(MANAGER, 1)
    tale.pass_on(MANAGER, OTHER, 2)
    tale.news(MANAGER, 6)
    assert climb_of(tale.run(7)) == [2]


def test_the_giver_may_take_it_back() -> None:
    tale = opened()
    tale.take(MANAGER, 1)
    tale.pass_on(MANAGER, OTHER, 2)
    tale.take(MANAGER, 3)
    assert (tale.alert.offered_to, tale.alert.next_at) == (None, at(18))


@pytest.mark.parametrize(
    ("who", "to", "code"), [(DEPUTY, OTHER, "not_yours_to_pass_on"), (MANAGER, WORKER, "not_to_them")]
)
def test_only_the_owner_passes_on_and_never_to_the_worker(who: UUID, to: UUID, code: str) -> None:
    tale = opened()
    tale.take(MANAGER, 1)
    with pytest.raises(Refused, match=code):
        tale.pass_on(who, to, 2)


# --- resolve ---


def test_a_resolution_says_what_was_found_and_how_it_is_known() -> None:
    tale = opened()
    assert all_hear(tale.resolve(DEPUTY, 3, Found.HELPED, KnownBy.SEEN)) == ["resolved"]
    assert tale.case.alerts == ()


def test_other_ways_of_knowing_need_a_note() -> None:
    tale = opened()
    with pytest.raises(Refused, match="note_wanted"):
        tale.resolve(MANAGER, 3, known_by=KnownBy.OTHER, note="  ")
    tale.resolve(MANAGER, 3, known_by=KnownBy.OTHER, note="her sister rang")


def test_what_is_resolved_stays_so() -> None:
    tale = opened()
    alert = tale.alert
    resolved, _ = handling.resolve(alert, _safe(MANAGER), at(3))
    acts: list[Callable[[], object]] = [
        lambda: handling.take(resolved, DEPUTY, at(4)),
        lambda: handling.news(resolved, DEPUTY, News.NOTE, "", at(4)),
        lambda: handling.resolve(resolved, _safe(DEPUTY), at(4)),
    ]
    for act in acts:
        with pytest.raises(Refused, match="resolved_already"):
            act()
    assert handling.late_word(resolved, "ok", at(5)) == (resolved, ())


def _safe(who: UUID) -> Resolution:
    return Resolution(found=Found.SAFE, known_by=KnownBy.HEARD_VOICE, note="", by=who)


def test_an_sos_needs_a_second_person_who_found_the_same() -> None:
    tale = opened(Kind.SOS)
    effects = tale.resolve(MANAGER, 1)
    assert AskSecond(tale.alert.id, MANAGER) in effects
    assert (all_hear(effects), tale.alert.state, tale.alert.owner_id) == (["taken"], State.TAKEN, MANAGER)
    tale.resolve(MANAGER, 2)
    tale.resolve(DEPUTY, 3, Found.HARMED)
    assert tale.alert.open
    effects = tale.resolve(MANAGER, 4, Found.HARMED)
    assert [each.by for each in effects if isinstance(each, TellTold)] == [MANAGER]
    assert tale.case.alerts == ()


def test_duress_is_closed_by_two_of_whom_one_saw_the_worker_or_has_it_from_police() -> None:
    tale = opened(Kind.DURESS)
    tale.resolve(MANAGER, 1)
    with pytest.raises(Refused, match="seen_or_police_wanted"):
        tale.resolve(DEPUTY, 2)
    tale.resolve(DEPUTY, 3, known_by=KnownBy.POLICE_TOLD)
    assert tale.case.alerts == ()
    other = opened(Kind.DURESS)
    other.resolve(MANAGER, 1, known_by=KnownBy.SEEN)
    other.resolve(DEPUTY, 2)
    assert other.case.alerts == ()


def test_a_call_after_the_first_finding_undoes_it() -> None:
    tale = opened(Kind.SOS)
    tale.resolve(MANAGER, 1)
    tale.raise_(Kind.SOS, 2)
    tale.resolve(DEPUTY, 3)
    assert tale.alert.open
