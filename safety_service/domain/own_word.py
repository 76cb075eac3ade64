"""Who holds the phone? At high risk extend, out and home ask for the worker's own word (semantics.md, "own word")."""

from dataclasses import replace
from datetime import datetime

from config.policy import Policy
from safety_service.domain import events as ev
from safety_service.domain.effects import Ask, AskToRing, Question, RaiseAlert
from safety_service.domain.visit_state import Effects, Step
from safety_service.domain.watch import Watch, level_of
from safety_service.domain.words import Kind, Phase, Proof, Risk

#: Proofs with which a word happens: `not_set` where the worker has no word of their own yet.
_ENOUGH = frozenset({Proof.NOT_SET, Proof.RIGHT, Proof.DURESS})


def proof_of(event: ev.Event) -> Proof:
    """The proof that came with an event."""
    return event.proof if isinstance(event, ev.Extend | ev.Out | ev.Home) else Proof.NOT_SET


def wanted(risk: Risk, watch: Watch, policy: Policy) -> bool:
    """Whether extend, out and home ask for the worker's own word now."""
    return policy.level(level_of(risk)).own_word and watch.phase in (Phase.INSIDE, Phase.HOME)


def kept_back(risk: Risk, watch: Watch, event: ev.Event, policy: Policy) -> bool:
    """Whether this event does not happen, for want of the worker's own word."""
    asks = isinstance(event, ev.Extend | ev.Out | ev.Home)
    return asks and wanted(risk, watch, policy) and proof_of(event) not in _ENOUGH


def held(risk: Risk, watch: Watch, event: ev.Event, now: datetime, policy: Policy) -> Step | None:
    """None where the event may happen; else what happens in its place: asked once more, then as ring me.

    Either way the question's number grows: a button that has been pressed answers nothing any more.
    """
    if not kept_back(risk, watch, event, policy):
        return None
    wrong = watch.wrong_words + (proof_of(event) is Proof.WRONG)
    asked = replace(watch, ask=watch.ask + 1, wrong_words=wrong)
    if wrong >= 2:
        return replace(asked, wrong_words=0), (AskToRing(watch.worker_id),)
    word = type(event).__name__.lower()
    by = event.by if isinstance(event, ev.Extend) else None
    question = Ask(watch.worker_id, Question.OWN_WORD, now, asked.ask, again=wrong > 0, held=word, by=by)
    return asked, (question,)


def forgiven(watch: Watch, event: ev.Event) -> Watch:
    """The watch once a word has happened: a proof that was enough clears the wrong ones before it, and its question."""
    if proof_of(event) not in (Proof.RIGHT, Proof.DURESS):
        return watch
    return replace(watch, wrong_words=0, ask=watch.ask + 1)


def duress(watch: Watch, event: ev.Event) -> Effects:
    """The alert that the duress word, or inside the tap, opens, whatever else the word that it looks like does."""
    tapped = isinstance(event, ev.Extend) and event.duress and watch.phase is Phase.INSIDE
    if proof_of(event) is not Proof.DURESS and not tapped:
        return ()
    assert isinstance(event, ev.Said)
    return (RaiseAlert(watch.worker_id, Kind.DURESS, event.said_at, event.said_at),)
