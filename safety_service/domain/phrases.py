"""What a worker agreed on for when they cannot speak freely: their own word, the duress word, a tap, a code phrase."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from difflib import SequenceMatcher
from enum import StrEnum

from config.policy import WordsPolicy
from safety_service.domain.refusal import Refused
from safety_service.domain.words import Proof

#: A word is one word of letters, so that all four of a question look alike.
SHORTEST, LONGEST = 4, 12
LONGEST_CODE = 100
#: From this likeness on (1: the same) a tired thumb takes one word for the other.
TOO_ALIKE = 0.75
#: What already means something here, or is said in passing.
TAKEN = frozenset(
    "alarm alerts alert arrived back battery begin board brief call cancel cancelled change cover danger debrief"
    " delayed done duress emergency everything extend fine good help here home inside left late later leave longer"
    " mayday more nosignal okay okey oki okk phone plan police please ring ringme safe seen send setphrase signal sorry"
    " start still stop thanks today visit where yeah yup nothing going".split()
)


class Tap(StrEnum):
    """Which innocent tap means duress, inside."""

    NONE = ""
    SHORT = "short"
    LONG = "long"


@dataclass(frozen=True, slots=True, kw_only=True)
class Phrases:
    """A person's agreed words, as they are kept: small letters, one word each; `code` is said on the phone."""

    own: str
    duress: str
    decoys: tuple[str, str]
    tap: Tap = Tap.NONE
    code: str = ""

    @property
    def four(self) -> tuple[str, ...]:
        """What stands on the buttons."""
        return (self.own, self.duress, *self.decoys)

    def heard(self, text: str) -> Proof | None:
        """What this text proves; None: it is none of the four."""
        word = plain(text)
        if word == self.own:
            return Proof.RIGHT
        if word == self.duress:
            return Proof.DURESS
        return Proof.WRONG if word in self.decoys else None

    def tapped(self, by: timedelta, policy: WordsPolicy) -> bool:
        """Whether longer by this much, inside, is the tap that means duress."""
        agreed = {Tap.SHORT: policy.extend_short, Tap.LONG: policy.extend}.get(self.tap)
        return agreed is not None and agreed == by


def plain(text: str) -> str:
    """A word regardless of case, outer space and a full stop."""
    return " ".join(text.casefold().strip(" .!").split())


def chosen(own: str, duress: str, tap: Tap, code: str, decoys: Sequence[str]) -> Phrases:
    """Agreed words from what was typed; `decoys`: ordinary words to choose from, in the order of preference.

    Raises Refused: `word_shape`, `word_taken`, `words_alike`, `code_too_long`, `code_alike`.
    """
    own, duress, code = plain(own), plain(duress), " ".join(code.split())
    for word in (own, duress):
        if not (word.isalpha() and SHORTEST <= len(word) <= LONGEST):
            raise Refused("word_shape", least=SHORTEST, most=LONGEST)
        if word in TAKEN:
            raise Refused("word_taken")
    if alike(own, duress):
        raise Refused("words_alike")
    if len(code) > LONGEST_CODE:
        raise Refused("code_too_long", most=LONGEST_CODE)
    if {own, duress} & set(plain(code).replace(",", " ").replace("?", " ").split()):
        # Said aloud beside somebody, it would give the word away.
        raise Refused("code_alike")
    first, second, *_ = _apart(own, duress, decoys)
    return Phrases(own=own, duress=duress, decoys=(first, second), tap=tap, code=code)


def alike(one: str, other: str) -> bool:
    """Whether one may be taken for the other."""
    return one[:3] == other[:3] or SequenceMatcher(None, one, other).ratio() >= TOO_ALIKE


def _apart(own: str, duress: str, decoys: Sequence[str]) -> list[str]:
    """Words that are like neither, nor like one another."""
    kept: list[str] = []
    for word in decoys:
        if not any(alike(word, each) for each in (own, duress, *kept)):
            kept.append(word)
    return kept
