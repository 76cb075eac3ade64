"""Ring me, SOS, who holds the phone, decisions, and what a resolution does. Minutes count from the planned start."""

from typing import Any
from uuid import UUID

import pytest

from safety_service.domain import events as ev
from safety_service.domain.alert_effects import TellRung
from safety_service.domain.effects import Ask, AskToRing, DecisionTold, Question
from safety_service.domain.refusal import Refused
from safety_service.domain.words import Decided, Kind, Phase, Proof, Risk, Status
from tests.unit.watched import MANAGER, WORKER, Tale, at, inside, minutes, planned

LOW, MEDIUM, HIGH = Risk


# --- ring me, SOS, and who holds the phone ---


@pytest.mark.parametrize("word", [ev.RingMe, ev.Sos])
def test_ring_me_and_sos_leave_the_watch_as_it_is(word: type[ev.Said]) -> None:
    tale = inside(HIGH)
    before = tale.watch
    effects = tale.say(word, 5)
    assert tale.watch == before
    assert any(isinstance(each, AskToRing | TellRung) for each in effects)


def test_sos_is_heard_when_the_visit_is_long_over() -> None:
    tale = inside()
    tale.say(ev.Home, 10)
    tale.say(ev.Sos, 60)
    assert tale.alert.kind is Kind.SOS


@pytest.mark.parametrize("word", [ev.Extend, ev.Out, ev.Home])
def test_at_high_risk_the_own_word_is_asked_for_first(word: type[ev.Said]) -> None:
    more: dict[str, Any] = {"by": minutes(15)} if word is ev.Extend else {}
    tale = inside(HIGH)
    before = tale.watch
    effects = tale.say(word, 5, proof=Proof.NOT_GIVEN, **more)
    assert [each.question for each in effects if isinstance(each, Ask)] == [Question.OWN_WORD]
    assert (tale.watch.phase, tale.watch.due_at, tale.watch.ends_at) == (before.phase, before.due_at, before.ends_at)
    tale.say(word, 6, proof=Proof.RIGHT, **more)
    assert tale.watch.last_word_at == at(6)


def test_a_wrong_word_is_asked_once_more_and_two_are_a_ring_me() -> None:
    tale = inside(HIGH)
    first = tale.say(ev.Out, 5, proof=Proof.WRONG)
    assert [each.again for each in first if isinstance(each, Ask)] == [True]
    assert tale.say(ev.Out, 6, proof=Proof.WRONG) == (AskToRing(WORKER),)
    assert (tale.watch.phase, tale.watch.due_at, tale.watch.wrong_words) == (Phase.INSIDE, at(15), 0)


def test_the_right_word_forgives_a_wrong_one() -> None:
    tale = inside(HIGH)
    tale.say(ev.Extend, 5, by=minutes(5), proof=Proof.WRONG)
    tale.say(ev.Extend, 6, by=minutes(5), proof=Proof.RIGHT)
    assert any(isinstance(each, Ask) for each in tale.say(ev.Out, 7, proof=Proof.WRONG))


@pytest.mark.parametrize("risk", [LOW, MEDIUM])
def test_below_high_risk_no_own_word_is_asked_for(risk: Risk) -> None:
    tale = inside(risk)
    tale.say(ev.Out, 5, proof=Proof.WRONG)
    assert tale.watch.phase is Phase.HOME


@pytest.mark.parametrize("risk", list(Risk))
def test_the_duress_word_does_what_it_looks_like_and_opens_duress(risk: Risk) -> None:
    tale, twin = inside(risk), inside(risk)
    tale.say(ev.Extend, 5, by=minutes(15), proof=Proof.DURESS)
    twin.say(ev.Extend, 5, by=minutes(15), proof=Proof.RIGHT)
    assert tale.watch == twin.watch
    assert tale.alert.kind is Kind.DURESS


def test_the_duress_word_opens_duress_even_where_its_word_is_refused_or_capped() -> None:
    tale = inside(HIGH)
    tale.say(ev.Out, 5)
    tale.say(ev.Out, 6, proof=Proof.DURESS)
    assert (tale.watch.phase, tale.alert.kind) == (Phase.HOME, Kind.DURESS)
    capped = inside(HIGH)
    capped.say(ev.Extend, 5, by=minutes(60))
    capped.say(ev.Extend, 6, by=minutes(15), proof=Proof.DURESS)
    assert capped.alert.kind is Kind.DURESS


@pytest.mark.parametrize("risk", list(Risk))
def test_the_tap_for_duress_is_heard_inside_whatever_else_the_word_does(risk: Risk) -> None:
    tale, twin = inside(risk), inside(risk)
    for proof in (Proof.NOT_GIVEN, Proof.RIGHT) if risk is HIGH else (Proof.NOT_SET,):
        tale.say(ev.Extend, 5, by=minutes(5), proof=proof, duress=proof is not Proof.RIGHT)
        twin.say(ev.Extend, 5, by=minutes(5), proof=proof)
        assert tale.watch == twin.watch
        assert tale.alert.kind is Kind.DURESS and not twin.case.alerts


def test_outside_the_tap_is_only_more_time() -> None:
    tale = inside(LOW)
    tale.say(ev.Out, 5)
    assert not any(isinstance(each, TellRung) for each in tale.say(ev.Extend, 6, by=minutes(5), duress=True))


@pytest.mark.parametrize("proof", [Proof.NOT_GIVEN, Proof.WRONG, Proof.RIGHT])
def test_a_question_for_the_own_word_that_was_answered_answers_nothing_any_more(proof: Proof) -> None:
    tale = inside(HIGH)
    numbers = [tale.watch.ask]
    for second in (5, 6):
        tale.say(ev.Extend, second, by=minutes(5), proof=proof)
        numbers.append(tale.watch.ask)
    assert numbers == sorted(set(numbers))


# --- decisions, and what a resolution does to the watch ---


def test_a_decision_ends_the_waiting_and_another_begins_it_again() -> None:
    tale = Tale(planned(HIGH))
    effects = tale.happen(ev.DecisionMade(by=MANAGER, decided=Decided.GO_AHEAD, reason="with a plan"), -30)
    assert effects == (DecisionTold(),)
    assert tale.visit.status is Status.PLANNED
    tale.happen(ev.DecisionMade(by=MANAGER, decided=Decided.DO_NOT_VISIT, reason="new threat"), -20)
    assert (tale.visit.status, tale.watch.live) == (Status.WAITING, True)


@pytest.mark.parametrize(("by", "reason", "code"), [(WORKER, "ok", "never_your_own"), (MANAGER, " ", "reason_wanted")])
def test_nobody_decides_for_themselves_or_without_a_reason(by: UUID, reason: str, code: str) -> None:
    with pytest.raises(Refused, match=code):
        Tale(planned(HIGH)).happen(ev.DecisionMade(by=by, decided=Decided.GO_AHEAD, reason=reason), -30)


def test_a_resolution_inside_rearms_at_most_one_interval_away() -> None:
    tale = inside(HIGH)
    tale.run(18)
    tale.resolve(MANAGER, 20)
    assert (tale.watch.phase, tale.watch.due_at, tale.visit.status) == (Phase.INSIDE, at(35), Status.BEGUN)


def test_a_resolution_inside_ends_a_planned_silence() -> None:
    tale = inside(HIGH)
    tale.say(ev.Silence, 5, until=at(60))
    tale.say(ev.Sos, 6)
    tale.happen(ev.AlertResolved(worker_id=WORKER, kind=Kind.SOS), 10)
    assert tale.watch.due_at == at(25)


def test_a_resolution_on_the_way_home_ends_the_watch() -> None:
    tale = inside()
    tale.say(ev.Out, 10)
    tale.run(70)
    tale.resolve(MANAGER, 75)
    assert (tale.watch.live, tale.visit.status) == (False, Status.CLOSED)


def test_an_sos_before_begin_that_was_resolved_leaves_the_visit_to_come() -> None:
    tale = Tale()
    tale.happen(ev.AlertResolved(worker_id=WORKER, kind=Kind.SOS), 5)
    assert (tale.watch.phase, tale.watch.due_at) == (Phase.BEGIN, at(0))


@pytest.mark.parametrize("kind", [Kind.UNDELIVERABLE, Kind.UNWATCHED])
def test_an_alert_about_the_service_moves_no_deadline_later_and_ends_no_watch(kind: Kind) -> None:
    tale = inside(HIGH)
    tale.run(16)
    before = tale.watch
    tale.happen(ev.AlertResolved(worker_id=WORKER, kind=kind), 17)
    assert tale.watch == before
    tale.say(ev.Out, 17.5)
    tale.happen(ev.AlertResolved(worker_id=WORKER, kind=kind), 18)
    assert tale.watch.phase is Phase.HOME
