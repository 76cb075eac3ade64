"""What is kept of a family besides its risk facts: a record of named fields, checked whole, changed field by field."""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

Short = Annotated[str, Field(max_length=200)]
Long = Annotated[str, Field(max_length=2000)]
Key = Annotated[str, Field(pattern=r"^[a-z][a-z_]*$", max_length=40)]
#: So many of anything: more is a mistake, and no phone's screen.
MOST = 40


class Part(BaseModel):
    """A part of the record: no unknown fields, nothing guessed."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


class Member(Part):
    """Somebody who lives or stays there."""

    who: Annotated[str, Field(min_length=1, max_length=200)]
    relation: Short = ""
    #: What they did that others must know of.
    did: Long = ""
    spoken_to: Literal["yes", "no", "not_known"] = "not_known"


class Place(Part):
    """Where they live or stay."""

    text: Annotated[str, Field(min_length=1, max_length=500)]
    note: Short = ""


class Need(Part):
    """A communication need by the guidance's key, and what exactly (which language …)."""

    key: Key
    detail: Short = ""


class Contact(Part):
    """Somebody to turn to."""

    name: Short = ""
    role: Short = ""
    phone: Short = ""


class Assessment(Part):
    """An earlier assessment."""

    what: Annotated[str, Field(min_length=1, max_length=200)]
    by: Short = ""
    on: date | None = None
    found: Long = ""


class Culture(Part):
    """Advice on customs, and who gives it."""

    advice: Long = ""
    giver: Short = ""


class Trusted(Part):
    """Somebody whom the family trusts, and whether both agreed that they come along."""

    name: Short = ""
    phone: Short = ""
    agreed: Literal["yes", "no", "not_asked"] = "not_asked"


class Unknown(Part):
    """What they may not know of our role, and when they were told."""

    what: Annotated[str, Field(min_length=1, max_length=500)]
    told_on: date | None = None


class Promise(Part):
    """What was promised, by them or by us, and whether it was kept."""

    what: Annotated[str, Field(min_length=1, max_length=500)]
    by: Literal["them", "us"]
    on: date | None = None
    state: Literal["open", "kept", "broken"] = "open"
    why: Short = ""


class Practical(Part):
    """What a visitor has to know of the place."""

    dog: Short = ""
    exits: Short = ""
    signal: Short = ""
    parking: Short = ""
    other: Short = ""


class Record(Part):
    """The whole record."""

    household: Annotated[tuple[Member, ...], Field(max_length=MOST)] = ()
    addresses: Annotated[tuple[Place, ...], Field(max_length=MOST)] = ()
    needs: Annotated[tuple[Need, ...], Field(max_length=MOST)] = ()
    lead: Contact = Contact()
    assessments: Annotated[tuple[Assessment, ...], Field(max_length=MOST)] = ()
    culture: Culture = Culture()
    trusted: Trusted = Trusted()
    role: Annotated[tuple[Unknown, ...], Field(max_length=MOST)] = ()
    promises: Annotated[tuple[Promise, ...], Field(max_length=MOST)] = ()
    practical: Practical = Practical()
    #: Where only one agency meets the hostility: why, as far as anybody knows.
    only_us: Long = ""


FIELDS = tuple(Record.model_fields)


class BadRecord(ValueError):
    """A record that cannot be kept; `faults` are the places (`household.0.who`) with what is wrong."""

    def __init__(self, faults: Mapping[str, str]) -> None:
        super().__init__("; ".join(faults))
        self.faults = faults


def record_of(kept: Mapping[str, Any]) -> Record:
    """A record as it is kept; what an older version of the code kept besides is passed over. Raises BadRecord."""
    return _checked({name: kept[name] for name in FIELDS if name in kept})


def changed(before: Record, changes: Mapping[str, Any]) -> tuple[Record, tuple[str, ...]]:
    """The record with these fields replaced, and the names of those that are different now. Raises BadRecord."""
    unknown = {name: "is not known here" for name in changes if name not in FIELDS}
    if unknown:
        raise BadRecord(unknown)
    after = _checked({**written(before), **changes})
    return after, tuple(name for name in FIELDS if getattr(after, name) != getattr(before, name))


def written(record: Record) -> dict[str, Any]:
    """The record as it is kept: plain JSON."""
    return record.model_dump(mode="json")


def _checked(given: Mapping[str, Any]) -> Record:
    try:
        return Record.model_validate(given)
    except ValidationError as error:
        faults = {".".join(map(str, each["loc"])): each["msg"] for each in error.errors(include_url=False)}
        raise BadRecord(faults) from error
