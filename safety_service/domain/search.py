"""Words of free text, as a search compares them: without case, accents and endings. Only what was written about others.

Part E is not among it: `texts_of` names what it takes, so that a new answer is not found until it is added here.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

#: Answers in words, by key.
TEXTS = ("happened", "met_when", "who_did", "who_lives", "incident_ref", "police_ref", "only_us_why", "account")
#: Answers in words whose keys begin so.
FAMILIES = ("child_", "quiet_")
#: What could not be checked, a group each: what of it is in words.
GAP, GAP_TEXTS = "gap_", ("why", "action")
#: What may be a key of the guidance or somebody's own words.
MIXED = ("safer",)
#: An answer that is not in words.
_CHOSEN = frozenset({"yes", "no", "not_known"})
_KEY = re.compile(r"[a-z]+(_[a-z]+)+")
_WORD = re.compile(r"[^\W_]+")
#: The shortest word that is worth finding, unless it is a number.
SHORTEST = 2
_VOWEL = re.compile(r"[aeiouy]")
#: An ending, what stands in its place, and how much of the word has to be left: caring is not about a car.
_ENDINGS = (("ies", "y", 3), ("sses", "ss", 3), ("ing", "", 4), ("ed", "", 4), ("es", "e", 3), ("s", "", 3))
_CONSONANT_PAIR = re.compile(r"([bdfgklmnprt])\1$")


def words(text: str) -> frozenset[str]:
    """The words of a text, each once."""
    return frozenset(_words(text))


def texts_of(answers: Mapping[str, Any]) -> Iterator[str]:
    """What was written in words in a debrief."""
    for key, given in answers.items():
        if key in TEXTS or key.startswith(FAMILIES):
            yield from (each for each in _strings(given) if each not in _CHOSEN)
        elif key.startswith(GAP) and isinstance(given, Mapping):
            yield from (given[part] for part in GAP_TEXTS if isinstance(given.get(part), str))
        elif key in MIXED:
            yield from (each for each in _strings(given) if not _KEY.fullmatch(each))


def holds(wanted: Iterable[str], texts: Iterable[str]) -> bool:
    """Whether every wanted word is somewhere in these texts."""
    there = frozenset().union(*(words(each) for each in texts))
    return there.issuperset(wanted)


def _words(text: str) -> Iterator[str]:
    plain = unicodedata.normalize("NFKD", text.casefold())
    bare = "".join(each for each in plain if not unicodedata.combining(each))
    for found in _WORD.findall(bare.replace("'", "").replace("’", "")):
        if len(found) >= SHORTEST or found.isdecimal():
            yield _stem(found)


def _stem(word: str) -> str:
    """The word without its commonest English endings: shout, shouts, shouted are one search.

    Light on purpose. What it joins wrongly is found too much; every hit is read again in the clear by the same rule.
    """
    if len(word) < 4 or not word.isascii() or not word.isalpha():
        return word
    for ending, instead, least in _ENDINGS:
        stem = word.removesuffix(ending)
        if stem != word and len(stem) >= least and _VOWEL.search(stem) and not (ending == "s" and stem.endswith("s")):
            word = stem + instead
            break
    return _CONSONANT_PAIR.sub(r"\1", word.removesuffix("e") if len(word) > 4 else word)


def _strings(given: Any) -> Iterator[str]:
    if isinstance(given, str):
        yield given
    elif isinstance(given, Mapping):
        for each in given.values():
            yield from _strings(each)
    elif isinstance(given, list | tuple):
        for each in given:
            yield from _strings(each)
