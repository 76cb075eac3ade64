"""Agreed words: set on our own page, heard wherever somebody speaks. Nothing of them is logged or said back."""

import logging
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from config.decoys import DECOYS
from safety_service.actions.actor import Actor
from safety_service.actions.evidence import keep
from safety_service.actions.telling import Priority, iso, tell
from safety_service.domain.phrases import Phrases, Tap, chosen
from safety_service.domain.refusal import Refused
from safety_service.domain.words import Phase, Proof
from safety_service.store import phrases, questions, visits
from safety_service.store.database import Tx
from safety_service.store.errors import KeysDoNotOpen
from safety_service.store.visits import VisitRow

log = logging.getLogger(__name__)

#: Our own page.
PAGE = "/phrases"


@dataclass(frozen=True, slots=True)
class Waiting:
    """A word that waits for its owner's own: extend, out, home; and by how much longer."""

    word: str
    by: timedelta | None = None


async def set_at(tx: Tx, actor: Actor) -> datetime | None:
    """When the actor set their words; None: they have none."""
    return await phrases.set_at(tx, actor.person_id)


async def choose(tx: Tx, actor: Actor, *, own: str, duress: str, tap: Tap, code: str) -> None:
    """Set one's own words, all of them anew. The actor's chats hear that something was changed, never what.

    Raises Refused: `not_while_out`, `word_shape`, `word_taken`, `words_alike`, `code_too_long`, `code_alike`.
    """
    await not_while_out(tx, actor)
    some = secrets.SystemRandom().sample(DECOYS, k=len(DECOYS))
    await phrases.put(tx, actor.person_id, chosen(own, duress, tap, code, some))
    await _changed(tx, actor, "words_set")


async def remove(tx: Tx, actor: Actor) -> None:
    """Have none any more. Raises Refused: `not_while_out`, `nothing_set`."""
    await not_while_out(tx, actor)
    if await phrases.set_at(tx, actor.person_id) is None:
        raise Refused("nothing_set")
    await phrases.remove(tx, actor.person_id)
    await _changed(tx, actor, "words_removed")


async def is_out(tx: Tx, actor: Actor) -> bool:
    """Whether the actor is inside or on the way home: whoever holds the phone then may be why the words are needed."""
    live = await visits.live_of_worker(tx, actor.person_id)
    return any(row.visit.watch(actor.person_id).phase in (Phase.INSIDE, Phase.HOME) for row in live)


async def not_while_out(tx: Tx, actor: Actor) -> None:
    """Raises Refused `not_while_out`."""
    if await is_out(tx, actor):
        raise Refused("not_while_out")


async def _changed(tx: Tx, actor: Actor, verb: str) -> None:
    await keep(tx, actor, actor.agency_id, verb, subject="person", subject_id=actor.person_id)
    await tell(tx, [actor.person_id], "link.settings_changed", {"at": iso(tx.now)}, priority=Priority.NEWS)


#: Words that are set, and that no key opens: nobody's answer can be told from another's.
_UNREAD = object()


async def _agreed(tx: Tx, person_id: UUID) -> Phrases | object | None:
    """Their words; None: they have none; else `_UNREAD`, said without a word of what was given."""
    try:
        return await phrases.of(tx, person_id)
    except (KeysDoNotOpen, KeyError, ValueError, TypeError):
        log.critical("no key opens the agreed words of %s: nobody can prove who they are", person_id)
        return _UNREAD


async def heard(tx: Tx, actor: Actor, text: str) -> Proof | None:
    """What this text proves of whoever typed it; None: it is none of their words, or nobody can tell."""
    agreed = await _agreed(tx, actor.person_id)
    return agreed.heard(text) if isinstance(agreed, Phrases) else None


async def row_of(tx: Tx, worker_id: UUID, visit_id: UUID, ask: int) -> list[str]:
    """The four words of one question, in its own order: nobody without the keys can foretell it. None set: none.

    Where no key opens theirs, four others: whichever is tapped proves nothing, and after the second the office rings.
    """
    agreed = await _agreed(tx, worker_id)
    unread = () if agreed is None else DECOYS[:4]
    four = agreed.four if isinstance(agreed, Phrases) else unread
    return sorted(four, key=lambda word: tx.blind(f"own word {worker_id} {visit_id} {ask} {word}"))


async def proof(tx: Tx, actor: Actor, given: str | None) -> Proof:
    """What was given as the actor's own word proves; who has set none proves nothing, and need not.

    Words that no key opens are asked for as any are, and whatever is given is wrong: somebody rings.
    """
    agreed = await _agreed(tx, actor.person_id)
    if agreed is None:
        return Proof.NOT_SET
    if given is None:
        return Proof.NOT_GIVEN
    return (agreed.heard(given) if isinstance(agreed, Phrases) else None) or Proof.WRONG


async def tapped(tx: Tx, actor: Actor, by: timedelta) -> bool:
    """Whether longer by this much is the tap that the actor agreed on."""
    agreed = await _agreed(tx, actor.person_id)
    return isinstance(agreed, Phrases) and agreed.tapped(by, (await tx.policy()).words)


async def waiting_word(tx: Tx, actor: Actor, row: VisitRow) -> Waiting | None:
    """The word that waits for the actor's own one on this visit: the question that is open now."""
    asked = await questions.last(tx, row.id, actor.person_id, "ask.own_word")
    watch = row.visit.watch(actor.person_id)
    if asked is None or asked.get("ask") != watch.ask:
        return None
    by = asked.get("held_s")
    return Waiting(str(asked.get("held")), None if by is None else timedelta(seconds=by))
