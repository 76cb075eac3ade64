"""Joint visits: one visit, a watch for each worker; the plan may let one speak for all."""

import pytest

from safety_service.domain import events as ev
from safety_service.domain.effects import Ask, AskDebrief
from safety_service.domain.refusal import Refused
from safety_service.domain.words import Kind, Phase, Proof, Risk, Status
from tests.unit.watched import COLLEAGUE, OTHER, WORKER, Tale, at, minutes, planned


def joint(risk: Risk = Risk.LOW, *, speaks: bool = True) -> Tale:
    return Tale(planned(risk, length=100, workers=(WORKER, COLLEAGUE), speaker=WORKER if speaks else None))


def phases(tale: Tale) -> list[Phase]:
    return [each.phase for each in tale.visit.watches]


def test_each_worker_is_watched_on_their_own() -> None:
    tale = joint(speaks=False)
    tale.say(ev.Begin, 0)
    assert phases(tale) == [Phase.INSIDE, Phase.BEGIN]
    tale.say(ev.Begin, 5, worker=COLLEAGUE)
    tale.run(70)
    assert [(each.worker_id, each.kind) for each in tale.case.alerts] == [(WORKER, Kind.MISSED_CHECK_IN)]
    tale.run(75)
    assert [each.worker_id for each in tale.case.alerts] == [WORKER, COLLEAGUE]


def test_one_may_speak_for_all() -> None:
    tale = joint()
    tale.say(ev.Begin, 0)
    tale.say(ev.Ok, 20)
    assert [each.due_at for each in tale.visit.watches] == [at(80), at(80)]
    effects = tale.say(ev.Out, 30)
    assert phases(tale) == [Phase.HOME, Phase.HOME]
    assert [each.worker_id for each in effects if isinstance(each, AskDebrief)] == [WORKER, COLLEAGUE]


def test_a_colleague_speaks_only_for_themselves() -> None:
    tale = joint()
    tale.say(ev.Begin, 0)
    tale.say(ev.Out, 30, worker=COLLEAGUE)
    assert phases(tale) == [Phase.INSIDE, Phase.HOME]
    assert tale.visit.status is Status.BEGUN


def test_home_is_everybodys_own() -> None:
    tale = joint()
    tale.say(ev.Begin, 0)
    tale.say(ev.Out, 30)
    tale.say(ev.Home, 50)
    assert (phases(tale), tale.visit.status) == ([Phase.DONE, Phase.HOME], Status.OUT)
    tale.say(ev.Home, 55, worker=COLLEAGUE)
    assert tale.visit.status is Status.CLOSED


def test_the_speakers_word_is_not_refused_because_it_does_not_fit_a_colleague() -> None:
    tale = joint()
    tale.say(ev.Begin, 0)
    tale.say(ev.Out, 20, worker=COLLEAGUE)
    tale.say(ev.Out, 30)
    assert phases(tale) == [Phase.HOME, Phase.HOME]
    late = joint()
    late.say(ev.Begin, 0, worker=COLLEAGUE)
    late.say(ev.Cancel, 5)
    assert (phases(late), late.visit.status) == ([Phase.DONE, Phase.INSIDE], Status.BEGUN)


def test_the_speakers_next_visit_is_not_the_colleagues() -> None:
    tale = joint()
    tale.say(ev.Begin, 0)
    tale.say(ev.Out, 30, next_starts_at=at(60))
    assert phases(tale) == [Phase.DONE, Phase.HOME]


def test_the_own_word_is_asked_of_the_speaker_once_and_until_then_nobody_is_out() -> None:
    tale = joint(Risk.HIGH)
    tale.say(ev.Begin, 0)
    asked = [each.worker_id for each in tale.say(ev.Out, 5, proof=Proof.WRONG) if isinstance(each, Ask)]
    assert (asked, phases(tale)) == ([WORKER], [Phase.INSIDE, Phase.INSIDE])
    assert [each.wrong_words for each in tale.visit.watches] == [1, 0]


def test_the_speakers_duress_is_the_speakers_alert() -> None:
    tale = joint(Risk.HIGH)
    tale.say(ev.Begin, 0)
    tale.say(ev.Extend, 5, by=minutes(15), proof=Proof.DURESS)
    assert (tale.alert.kind, tale.alert.worker_id) == (Kind.DURESS, WORKER)
    assert [each.spent for each in tale.visit.watches] == [minutes(15), minutes(15)]


def test_a_visit_that_one_of_two_cancels_is_still_planned() -> None:
    tale = joint(speaks=False)
    tale.say(ev.Cancel, -5, worker=COLLEAGUE)
    assert (phases(tale), tale.visit.status) == ([Phase.BEGIN, Phase.DONE], Status.PLANNED)
    tale.say(ev.Begin, 0)
    tale.say(ev.Home, 20)
    assert (phases(tale), tale.visit.status) == ([Phase.DONE, Phase.DONE], Status.CLOSED)


def test_who_never_went_in_does_not_undo_that_the_other_did() -> None:
    tale = joint(speaks=False)
    tale.say(ev.Begin, 0, worker=COLLEAGUE)
    tale.say(ev.Home, 10, worker=COLLEAGUE)
    assert (phases(tale), tale.visit.status) == ([Phase.BEGIN, Phase.DONE], Status.OUT)
    tale.say(ev.Cancel, 15)
    assert (phases(tale), tale.visit.status) == ([Phase.DONE, Phase.DONE], Status.CLOSED)


def test_a_visit_is_nobody_elses() -> None:
    with pytest.raises(Refused, match="not_your_visit"):
        joint().say(ev.Begin, 0, worker=OTHER)
