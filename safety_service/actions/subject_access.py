"""What a family that asks for it gets of what is kept about it: looked at first, without staff and third parties.

Reflections are no part of it: whether they are owed is for whoever answers the request to decide, with advice.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from config.retention import RetentionPolicy
from safety_service.actions import circle
from safety_service.actions.actor import Actor
from safety_service.actions.errors import NotFound
from safety_service.actions.evidence import keep
from safety_service.domain.keeping import how_long
from safety_service.domain.redaction import Redaction, parts_of
from safety_service.domain.refusal import Refused
from safety_service.store import exclusions, subject_access
from safety_service.store.database import Tx
from safety_service.store.subject_access import Section

#: Parts of a family's record that are about somebody else.
_THIRD = (("lead", "name"), ("lead", "phone"), ("trusted", "name"), ("trusted", "phone"), ("culture", "giver"))
NOTES = (
    "Names of staff and of people at other agencies are taken out, and what was marked.",
    "Voice notes and photos are named, not enclosed: what is owed of them is listened to first, and handed over apart.",
    "Reflections that a worker shared with a supervisor alone are not here.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What would go out, and by which mark somebody says that they have looked at it."""

    ref: str
    made_at: datetime
    sections: Mapping[str, Section]
    digest: str
    notes: tuple[str, ...] = NOTES

    def as_json(self) -> bytes:
        """For a program."""
        whole = {
            "family": self.ref,
            "made_at": self.made_at.isoformat(),
            "notes": self.notes,
            "sections": self.sections,
        }
        return json.dumps(whole, ensure_ascii=False, indent=2).encode()

    def as_text(self) -> str:
        """To be read and printed."""
        return "\n".join(_lines(self))


async def preview(tx: Tx, actor: Actor, ref: str, passages: Iterable[str] = ()) -> Answer:
    """What would go out, without these passages: for managers. Raises NotFound, Refused `managers_only`."""
    answer, family_id = await _made(tx, actor, ref, tuple(passages))
    await keep(tx, actor, actor.agency_id, "previewed", subject="subject_access", subject_id=family_id)
    return answer


async def export(tx: Tx, actor: Actor, ref: str, passages: Iterable[str], digest: str) -> Answer:
    """The same, to be given out: exactly what was looked at.

    Raises NotFound; Refused `managers_only`; `preview_first`: it is not what was looked at (`digest`).
    """
    marked = tuple(passages)
    answer, family_id = await _made(tx, actor, ref, marked)
    if answer.digest != digest:
        raise Refused("preview_first")
    rows = {name: len(each) for name, each in answer.sections.items() if each}
    about = {"rows": rows, "passages": len(marked), "digest": digest}
    await keep(tx, actor, actor.agency_id, "exported", subject="subject_access", subject_id=family_id, **about)
    return answer


async def _made(tx: Tx, actor: Actor, ref: str, passages: tuple[str, ...]) -> tuple[Answer, UUID]:
    around = await circle.by_ref(tx, actor, ref)
    kept_off = await exclusions.of_person(tx, actor.person_id)
    if not kept_off.workers.isdisjoint(around.visitors):
        raise NotFound
    circle.managed(actor, around)
    found = await subject_access.everything(tx, around.family_id)
    staff, others = await subject_access.names(tx, actor.agency_id, around.family_id)
    redaction = Redaction(
        staff=parts_of(staff), others=parts_of([*others, *_third(found["family"])]), passages=passages
    )
    sections = {name: [redaction.of_value(row) for row in rows] for name, rows in found.items()}
    written = json.dumps(sections, ensure_ascii=False, sort_keys=True)
    digest = hashlib.sha256(written.encode()).hexdigest()
    notes = (*NOTES, _until_when((await tx.policy()).retention))
    answer = Answer(ref=around.ref, made_at=tx.now, sections=sections, digest=digest, notes=notes)
    return answer, around.family_id


def _until_when(kept: RetentionPolicy) -> str:
    return (
        f"What is older was removed: debriefs after {how_long(kept.debriefs)}, where and why of visits after "
        f"{how_long(kept.visits)}, risk facts {how_long(kept.facts)} after they ended."
    )


def _third(family: Section) -> Iterator[str]:
    for row in family:
        record = row.get("record") or {}
        for part, name in _THIRD:
            given = (record.get(part) or {}).get(name)
            if given:
                yield str(given)
        yield from (str(each["by"]) for each in record.get("assessments") or () if each.get("by"))


def _lines(answer: Answer) -> Iterator[str]:
    yield f"What is kept about {answer.ref}, on {answer.made_at:%d %B %Y}"
    yield from answer.notes
    for name, rows in answer.sections.items():
        if rows:
            yield f"\n{name.upper()}"
        for row in rows:
            yield ""
            yield from _of_value(row, 0)


def _of_value(value: Any, depth: int, name: str = "") -> Iterator[str]:
    """A value as lines, each with its name; what is empty is left out."""
    margin = "  " * depth
    if value in (None, "", [], {}):
        return
    if isinstance(value, Mapping):
        if name:
            yield f"{margin}{name}:"
        for key, each in value.items():
            yield from _of_value(each, depth + bool(name), str(key).replace("_", " "))
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _of_value(each, depth, name)
    else:
        yield f"{margin}{name}: {value}" if name else f"{margin}{value}"
