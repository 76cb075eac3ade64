"""Reading a people file: one row for each person in each team. Pure: text goes in, rows or every fault come out."""

import csv
import io
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import TypeVar

from safety_service.domain import contact
from safety_service.domain.contact import BadContact
from safety_service.domain.words import Role

COLUMNS = ("agency", "team", "name", "email", "phone", "roles", "supervisor_email", "training")
_NEEDED = ("agency", "team", "name", "email", "roles")
_CODE = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_LONGEST = 200

Value = TypeVar("Value")


class BadPeopleFile(ValueError):
    """Nothing was imported; `faults` names every bad row by its line, what is wrong and why."""

    def __init__(self, faults: Sequence[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = tuple(faults)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A person in a team, as given. What is None or empty leaves what is known as it is; roles are set."""

    agency: str
    team: str
    name: str
    email: str
    roles: frozenset[Role]
    phone: str | None = None
    supervisor_email: str | None = None
    training: Mapping[str, date] = field(default_factory=dict)
    #: The line of the file; None: not from a file.
    line: int | None = None

    def says(self, fault: str) -> str:
        """The fault with the line that it is on."""
        return fault if self.line is None else f"line {self.line}: {fault}"


def read(text: str) -> list[Entry]:
    """Every row of a people file, checked one by one and against one another. Raises BadPeopleFile."""
    faults: list[str] = []
    entries: list[Entry] = []
    rows = _rows(text)
    header = _header(next(rows, (1, []))[1])
    for line, cells in rows:
        of_row: list[str] = []
        entry = _entry(line, _named(header, cells, of_row), of_row)
        if of_row:
            faults.extend(f"line {line}: {fault}" for fault in of_row)
        else:
            entries.append(entry)
    faults.extend(contradictions(entries))
    if faults:
        raise BadPeopleFile(faults)
    return entries


def contradictions(entries: Sequence[Entry]) -> list[str]:
    """Where two rows about the same person do not agree, or say the same team twice."""
    faults: list[str] = []
    first: dict[tuple[str, str], Entry] = {}
    teams: dict[tuple[str, str, str], Entry] = {}
    for entry in entries:
        person = (entry.agency, entry.email)
        if (twin := teams.setdefault((*person, entry.team), entry)) is not entry:
            faults.append(entry.says(f"{entry.email} is in {entry.team} already, on line {twin.line}"))
        if entry.supervisor_email == entry.email:
            faults.append(entry.says(f"{entry.email} cannot be their own supervisor"))
        before = first.setdefault(person, entry)
        for what in ("name", "phone", "supervisor_email"):
            here, there = getattr(entry, what), getattr(before, what)
            if here and there and here != there:
                faults.append(entry.says(f"{what} is {here!r} here and {there!r} on line {before.line}"))
    return faults


def _rows(text: str) -> Iterator[tuple[int, list[str]]]:
    """Rows that are not empty, each with the line on which it begins; the first is the header."""
    reader = csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""), strict=True)
    line = 1
    try:
        for row in reader:
            cells = [cell.strip() for cell in row]
            if any(cells):
                yield line, cells
            line = reader.line_num + 1
    except csv.Error as error:
        raise BadPeopleFile([f"line {reader.line_num}: this is not CSV: {error}"]) from None


def _header(row: Sequence[str]) -> list[str]:
    # Older notes of ours call the column "role".
    header = [{"role": "roles"}.get(name, name) for name in (cell.strip().lower() for cell in row)]
    faults = [f"line 1: there is no column {name!r}" for name in _NEEDED if name not in header]
    faults += [f"line 1: column {name!r} is not known" for name in header if name not in COLUMNS]
    faults += [f"line 1: column {name!r} is there twice" for name in COLUMNS if header.count(name) > 1]
    if faults:
        raise BadPeopleFile([*faults, f"the columns are: {','.join(COLUMNS)}"])
    return header


def _named(header: Sequence[str], cells: Sequence[str], faults: list[str]) -> dict[str, str]:
    if any(cells[len(header) :]):
        faults.append(f"has {len(cells)} cells, and there are {len(header)} columns")
    return dict(zip(header, [*cells, *[""] * len(header)], strict=False))


def _entry(line: int, cells: Mapping[str, str], faults: list[str]) -> Entry:
    for column in _NEEDED:
        if not cells[column]:
            faults.append(f"{column} is empty")
    for column in ("agency", "team", "name"):
        if len(cells[column]) > _LONGEST:
            faults.append(f"{column} is longer than {_LONGEST} characters")
    return Entry(
        line=line,
        agency=_plain(cells["agency"]),
        team=_plain(cells["team"]),
        name=_plain(cells["name"]),
        email=_checked(contact.email, cells["email"], "email", faults) or "",
        phone=_checked(contact.phone, cells.get("phone", ""), "phone", faults),
        roles=frozenset(_roles(cells["roles"], faults)),
        supervisor_email=_checked(contact.email, cells.get("supervisor_email", ""), "supervisor_email", faults),
        training=dict(_training(cells.get("training", ""), faults)),
    )


def _plain(text: str) -> str:
    return " ".join(text.split())


def _checked(check: Callable[[str], str], cell: str, column: str, faults: list[str]) -> str | None:
    try:
        return check(cell) if cell else None
    except BadContact as bad:
        faults.append(f"{column} {bad}")
        return None


def _roles(cell: str, faults: list[str]) -> Iterator[Role]:
    for name in _parts(cell):
        if name.lower() in set(Role):
            yield Role(name.lower())
        else:
            faults.append(f"role {name!r} is not known: it is one of {', '.join(Role)}")


def _training(cell: str, faults: list[str]) -> Iterator[tuple[str, date]]:
    for given in _parts(cell):
        code, _, day = given.partition(":")
        if not _CODE.fullmatch(code.strip().lower()):
            faults.append(f"training {given!r} is not a code and a date such as lone_working:2026-03-01")
            continue
        try:
            yield code.strip().lower(), date.fromisoformat(day.strip())
        except ValueError:
            faults.append(f"training {given!r} has no date such as 2026-03-01")


def _parts(cell: str) -> list[str]:
    return [part.strip() for part in cell.split(";") if part.strip()]
