"""What goes out by channels without buttons: a call that is heard, a text message, an e-mail, a team's own channel."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from typing import Any

from bots.dialogue.dressing import Params
from safety_service.domain.reaching import PROVEN

#: Characters that two text messages hold.
TWO_TEXTS = 306
#: What a text message carries as one character; anything else would make three messages of two.
_GSM = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
_PLAIN = str.maketrans({"–": "-", "\u2014": "-", "’": "'", "\u2018": "'", "“": '"', "”": '"', "…": "."})
_SAID_DIGIT_BY_DIGIT = ("worker_phone", "office_phone", "reply", "code", "number")
#: From these somebody takes the alert: they carry a way to do so.
TAKEN_FROM = ("alarm.", "alert.offer", "alert.nobody")


def is_plain(channel: str) -> bool:
    """Whether this channel has no buttons."""
    return channel in PROVEN


def wholes(template: str, channel: str) -> list[str]:
    """The templates of which a message there is made: no more than is needed to act, and at its end how to take it."""
    whole = [template]
    if template.startswith("alarm.") or template == "alert.offer":
        whole.append("alarm.ring")
    if template.startswith(TAKEN_FROM):
        whole.append("take.voice" if channel == "voice" else "take.text")
    return whole


def spoken(params: Params, channel: str, base: str) -> dict[str, Any]:
    """The params with the whole address of a link; a call says numbers digit by digit."""
    said = dict(params)
    if said.get("take") and base:
        said["take_url"] = base.rstrip("/") + str(said["take"])
    if said.get("sign_in") and base:
        said["sign_in_url"] = base.rstrip("/") + str(said["sign_in"])
    if channel == "voice":
        for name in _SAID_DIGIT_BY_DIGIT:
            if said.get(name) is not None:
                said[name] = " ".join(each for each in str(said[name]) if each.isalnum())
    return said


def fitted(lines: Iterable[str], channel: str) -> str:
    """One text. Of a text message the first and the last line stay, and between them the whole lines that have room."""
    said = list(lines)
    if channel != "sms":
        return ("\n" if channel != "voice" else " ").join(said)
    first, *others = (_in_gsm(each) for each in said)
    if not others:
        return first[: TWO_TEXTS * 2]
    *between, last = others
    kept = [_shortened(first, TWO_TEXTS - len(last) - 1)]
    room = TWO_TEXTS - len(last) - 1 - len(kept[0])
    for each in between:
        if len(each) < room:
            kept.append(each)
            room -= len(each) + 1
    return "\n".join((*filter(None, kept), last))[: TWO_TEXTS * 2]


def _shortened(line: str, room: int) -> str:
    """As many whole sentences of it as there is room for; where not even one fits, as many whole words."""
    if len(line) <= room:
        return line
    room = max(room, 2)
    sentences = line[: room + 1].rpartition(". ")[0]
    return f"{sentences}." if sentences else f"{line[: room - 1].rpartition(' ')[0]}.."


def _in_gsm(text: str) -> str:
    """Letters that a text message does not have, without their accents where that makes them one that it has."""
    return "".join(each if each in _GSM else _bare(each) for each in text.translate(_PLAIN))


def _bare(letter: str) -> str:
    bare = unicodedata.normalize("NFKD", letter)[:1]
    return bare if bare in _GSM else letter
