"""Agreed words: what can be one, what it proves, and which tap means it."""

from datetime import timedelta

import pytest

from bots.dialogue.commands import COMMANDS
from bots.dialogue.understanding import _MEANINGS, understand
from config.decoys import DECOYS
from config.policy import parse_policy
from safety_service.domain.phrases import LONGEST, SHORTEST, Phrases, Tap, alike, chosen
from safety_service.domain.refusal import Refused
from safety_service.domain.words import Proof

AGREED = Phrases(own="tulip", duress="harbour", decoys=("kettle", "marble"), tap=Tap.SHORT)


def choose(own: str = "tulip", duress: str = "harbour", code: str = "") -> Phrases:
    return chosen(own, duress, Tap.NONE, code, DECOYS)


def test_words_are_kept_in_small_letters_beside_two_ordinary_ones_that_are_like_neither() -> None:
    kept = choose(" Tulip ", "HARBOUR")
    assert (kept.own, kept.duress) == ("tulip", "harbour")
    assert len(set(kept.four)) == 4
    assert not any(alike(one, other) for one in kept.decoys for other in kept.four if one != other)


@pytest.mark.parametrize("word", ["", "abc", "two words", "tulip1", "x" * 13, "o'clock"])
def test_a_word_is_one_word_of_letters_neither_short_nor_long(word: str) -> None:
    for pair in ((word, "harbour"), ("tulip", word)):
        with pytest.raises(Refused, match="word_shape"):
            choose(*pair)


def test_a_word_that_means_something_here_is_refused() -> None:
    spoken = {each for each in (*_MEANINGS, *COMMANDS) if each.isalpha() and SHORTEST <= len(each) <= LONGEST}
    assert len(spoken) > 20
    for word in spoken:
        with pytest.raises(Refused, match="word_taken"):
            choose(own=word)
        with pytest.raises(Refused, match="word_taken"):
            choose(duress=word)


def test_no_decoy_means_anything_here_and_each_could_be_somebodys_word() -> None:
    for word in DECOYS:
        assert understand(word) is None and choose(own=word, duress="qwertzu").own == word
    assert len(set(DECOYS)) == len(DECOYS)


@pytest.mark.parametrize("duress", ["tulip", "tulips", "tulle", "tuxlip"])
def test_two_words_that_a_tired_thumb_would_confuse_are_refused(duress: str) -> None:
    with pytest.raises(Refused, match="words_alike"):
        choose(duress=duress)


def test_what_is_said_on_the_phone_gives_no_word_away_and_is_not_too_long() -> None:
    assert choose(code=" Is the blue  folder with you? ").code == "Is the blue folder with you?"
    for code in ("Are the tulip bulbs there? No, Harbour.", "harbour"):
        with pytest.raises(Refused, match="code_alike"):
            choose(code=code)
    with pytest.raises(Refused, match="code_too_long"):
        choose(code="x" * 101)


def test_what_was_typed_is_heard_regardless_of_case_and_outer_space_and_only_exactly() -> None:
    heard = {"Tulip": Proof.RIGHT, " harbour. ": Proof.DURESS, "KETTLE": Proof.WRONG, "marble": Proof.WRONG}
    assert {text: AGREED.heard(text) for text in heard} == heard
    for text in ("tulips", "the harbour", "", "ok"):
        assert AGREED.heard(text) is None


def test_the_tap_is_longer_by_exactly_what_its_button_says() -> None:
    words = parse_policy("").words
    assert AGREED.tapped(words.extend_short, words)
    assert not AGREED.tapped(words.extend, words)
    assert not AGREED.tapped(timedelta(minutes=6), words)
    none = Phrases(own="tulip", duress="harbour", decoys=("kettle", "marble"))
    assert not none.tapped(words.extend_short, words)
