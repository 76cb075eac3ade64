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


def held(risk: Risk, watch: Watch, event: ev.Event, now: datetime, policy: Policy) -> Step | None:
    """None where the event may happen; else what happens in its place: asked once more, then as ring me."""
    demanded = policy.level(level_of(risk)).own_word and watch.phase in (Phase.INSIDE, Phase.HOME)
    proof = proof_of(event)
    if not demanded or proof in _ENOUGH:
        return None
    wrong = watch.wrong_words + (proof is Proof.WRONG)
    if wrong >= 2:
        return replace(watch, wrong_words=0), (AskToRing(watch.worker_id),)
    asked = replace(watch, ask=watch.ask + 1, wrong_words=wrong)
    return asked, (Ask(watch.worker_id, Question.OWN_WORD, now, asked.ask, again=wrong > 0),)


def forgiven(watch: Watch, event: ev.Event) -> Watch:
    """The watch once a word has happened: a proof that was enough clears the wrong ones before it."""
    return replace(watch, wrong_words=0) if proof_of(event) in (Proof.RIGHT, Proof.DURESS) else watch


def duress(watch: Watch, event: ev.Event) -> Effects:
    """The alert that the duress word opens, whatever else the word that it looks like does."""
    if not isinstance(event, ev.Extend | ev.Out | ev.Home) or event.proof is not Proof.DURESS:
        return ()
    return (RaiseAlert(watch.worker_id, Kind.DURESS, event.said_at, event.said_at),)
