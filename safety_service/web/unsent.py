"""What was typed into a form and was not kept: drawn once more on the page that says so, to be sent again (P9).

It stays in the page: neither the server nor the browser keeps case text on the way, and no script is needed.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from aiohttp import web

from safety_service.services import SETTINGS
from safety_service.web.origin import comes_from_us
from safety_service.web.readable import FORM, is_readable

#: What only the page that asks who sits there adds (web.again): it is asked anew.
ASKED_ANEW = frozenset({"again_code", "again_send"})
#: Never shown: codes, and words that mean danger. Whoever wants them kept types them again, and nothing says what for.
SECRET = {
    "code": "The code",
    "own": "Your word",
    "duress": "Your other word",
    "code_phrase": "Your words on the phone",
}
#: By the last part of a field's name: what people write in themselves, however short it is.
WRITTEN = {
    "address": "Address",
    "email": "E-mail address",
    "end": "Number, colon, digest",
    "from": "From this day",
    "name": "Name",
    "note": "What you wrote",
    "notes": "What was said",
    "organisation": "Organisation",
    "own": "In your own words",
    "passages": "Passages to leave out",
    "q": "Words to look for",
    "question": "Your question",
    "reason": "Your reason",
    "says": "What it says",
    "text": "What you wrote",
    "title": "Title",
    "to": "To this day",
    "why": "Why",
}
#: Ids, days, numbers, the names of options and what is sealed: it was chosen, or the page itself put it in.
_CHOSEN = re.compile(r"[a-z0-9_:.+-]{0,80}|\d{4}-\d\d-\d\dT[\d:]{5,8}|[\w=-]{40,}", re.ASCII)
_TIMES = {"date": re.compile(r"\d{4}-\d\d-\d\d"), "datetime-local": re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d")}
#: Lines of a field: so many at least and at most, and how many characters stand on one.
LEAST, MOST, WIDE = 2, 14, 40


@dataclass(frozen=True, slots=True)
class Field:
    """One field. `shape`: hidden, words, an input's for a time, or secret (to be typed again); `rows`: of words."""

    name: str
    value: str
    shape: str = "hidden"
    says: str = ""
    rows: int = LEAST


@dataclass(frozen=True, slots=True)
class Unsent:
    """A form that was sent in vain, and where to."""

    action: str
    fields: Sequence[Field]
    #: Only whoever typed it can send it.
    bound: bool = False

    @property
    def first(self) -> str:
        """The id of the first field that can be seen."""
        return f"unsent-{next(place for place, each in enumerate(self.fields, 1) if each.shape != 'hidden')}"


async def unsent_of(request: web.Request) -> Unsent | None:
    """What was typed, or None when nothing was.

    Nothing of what another site's page sent: one press on our own page, and it would come from us.
    """
    ours = comes_from_us(request, request.app[SETTINGS].base_url)
    if request.method != "POST" or request.content_type != FORM or not ours or not await is_readable(request):
        return None
    texts = [(name, value) for name, value in (await request.post()).items() if isinstance(value, str)]
    fields = [_field(name, value) for name, value in texts if name not in ASKED_ANEW]
    seen = any(each.shape not in ("hidden", "secret") for each in fields)
    return Unsent(request.path_qs, fields) if seen else None


def _field(name: str, value: str) -> Field:
    if name in SECRET:
        return Field(name, "", "secret", SECRET[name]) if value else Field(name, "")
    says = WRITTEN.get(name.rpartition(".")[2])
    if says is None and _CHOSEN.fullmatch(value):
        return Field(name, value)
    for shape, pattern in _TIMES.items():
        if pattern.fullmatch(value):
            return Field(name, value, shape, says or _named(name))
    lines = sum(1 + len(line) // WIDE for line in value.splitlines())
    return Field(name, value, "words", says or _named(name), min(max(lines, LEAST), MOST))


def _named(name: str) -> str:
    """Of a field that only its own form has a sentence for: `row0.spoken_to` is Spoken to."""
    last = name.rpartition(".")[2].replace("_", " ").strip() or name
    return last[0].upper() + last[1:]
