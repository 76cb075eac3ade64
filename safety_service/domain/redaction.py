"""Taking out of a text what its reader may not have: colleagues, third parties, passages that somebody marked."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

STAFF = "[a member of staff]"
OTHER = "[another person]"
PASSAGE = "[left out]"
#: Parts of records that name people by id, or are for other eyes.
LEFT_OUT = frozenset(
    {"by", "owner", "owner_id", "worker_id", "person_id", "debriefs", "items", "item_id", "meeting_id"}
)
#: The shortest part of a name that is looked for by itself.
SHORTEST = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Redaction:
    """What is taken out. Names are found whole; a single name only as it is written, else "will" would go with Will."""

    staff: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    passages: tuple[str, ...] = ()

    def of_text(self, text: str) -> str:
        """The text without it; passages first, so that a marked one is found as it was typed."""
        for passage in sorted(filter(None, map(str.strip, self.passages)), key=len, reverse=True):
            text = re.sub(_loosely(passage), PASSAGE, text, flags=re.IGNORECASE)
        for people, instead in ((self.staff, STAFF), (self.others, OTHER)):
            for name in _longest_first(people):
                text = re.sub(rf"(?<!\w){_loosely(name)}(?!\w)", instead, text, flags=_flags(name))
        return text

    def of_value(self, value: Any) -> Any:
        """A JSON value without it; what only names people by id is left out."""
        if isinstance(value, str):
            return PASSAGE if _is_id(value) else self.of_text(value)
        if isinstance(value, Mapping):
            return {key: self.of_value(each) for key, each in value.items() if key not in LEFT_OUT}
        if isinstance(value, list | tuple):
            return [self.of_value(each) for each in value]
        return value


def parts_of(names: Iterable[str]) -> tuple[str, ...]:
    """Names whole, and each part of them that is long enough to be looked for."""
    found = dict.fromkeys(name.strip() for name in names if name.strip())
    parts = (part for name in tuple(found) for part in name.split() if len(part) >= SHORTEST)
    return tuple(dict.fromkeys((*found, *parts)))


def _longest_first(names: Iterable[str]) -> list[str]:
    return sorted({each.strip() for each in names if each.strip()}, key=lambda each: (-len(each), each))


def _loosely(text: str) -> str:
    """However its spaces and lines fall."""
    return r"\s+".join(re.escape(word) for word in text.split())


def _flags(name: str) -> re.RegexFlag:
    return re.IGNORECASE if " " in name or "@" in name else re.NOFLAG


def _is_id(text: str) -> bool:
    if len(text) != 36:
        return False
    try:
        UUID(text)
    except ValueError:
        return False
    return True
