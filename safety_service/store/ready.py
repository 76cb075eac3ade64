"""Statements that are written once, and made ready once for each kind of database.

Building a statement anew and handing it through every layer costs many times what SQLite or PostgreSQL need for it. On
the paths that every word takes, a statement is therefore a constant, with a `bindparam` for what changes from call to
call; SQLAlchemy still writes its SQL and converts its values, and the driver is given the rest directly.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import namedtuple
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, cast
from uuid import UUID

from sqlalchemy import BindParameter, CompoundSelect, Delete, Dialect, Insert, Select, Update, Uuid
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.visitors import ExternallyTraversible, replacement_traverse
from sqlalchemy.types import TypeEngine

from safety_service.store.types import UtcDateTime

Statement = Select[Any] | CompoundSelect[Any] | Insert | Update | Delete
Convert = Callable[[Any], Any]

#: What PostgreSQL calls the only kind of fractions that we keep; other types do not ask.
_FLOAT8 = 701
#: How long a list of values may be in one SQL text; a list in between is filled up with its own last value.
_LENGTHS = (
    0,
    1,
    2,
    3,
    4,
    6,
    8,
    12,
    16,
    24,
    32,
    48,
    64,
    96,
    128,
    192,
    256,
    384,
    512,
    768,
    1024,
    2048,
    4096,
    8192,
    16384,
)


class _Slot:
    """Stands where a value goes, while the statement is being made ready."""

    def __init__(self, name: str, place: int | None = None) -> None:
        self.name = name
        self.place = place


class Sql:
    """One SQL text of a statement: where each value goes, and how it is converted."""

    def __init__(self, compiled: SQLCompiler, dialect: Dialect, lengths: Mapping[str, int]) -> None:
        wanted: dict[str, Any] = {
            name: [_Slot(name, place) for place in range(lengths[name])] if bind.expanding else _Slot(name)
            for name, bind in compiled.binds.items()
            if bind.required
        }
        made = compiled.construct_expanded_state(wanted)
        self.text = made.statement
        self._fixed: list[Any] = list(made.positional_parameters)
        self._fill: list[tuple[int, str, int | None, Convert | None]] = []
        expanded = {new: old for old, many in made.parameter_expansion.items() for new in many}
        names = made.positiontup or ()
        for at, value in enumerate(made.positional_parameters):
            name = value.name if isinstance(value, _Slot) else expanded.get(names[at], names[at])
            convert = _writes(compiled.binds[name].type, dialect)
            if isinstance(value, _Slot):
                self._fill.append((at, name, value.place, convert))
            elif convert is not None:
                self._fixed[at] = convert(value)

    def arguments(self, values: Mapping[str, Any]) -> list[Any]:
        """The values in the order in which the text names them. Raises KeyError for one that is missing."""
        out = self._fixed.copy()
        for at, name, place, convert in self._fill:
            value = values[name]
            if place is not None:
                value = value[place]
            out[at] = value if convert is None else convert(value)
        return out


class Ready:
    """A statement. Given a function, it is asked for the statement of each kind of database by name.

    `keys`: the columns that an INSERT or UPDATE is given values for, besides those in it. A list of values is a
    `bindparam(…, expanding=True)`.
    """

    def __init__(self, statement: Statement | Callable[[str], Statement], *keys: str) -> None:
        self._statement = statement
        self._keys = keys
        self._for: dict[str, _ForDialect] = {}

    def for_(self, dialect: Dialect) -> _ForDialect:
        """The statement in this database's words."""
        found = self._for.get(dialect.name)
        if found is None:
            statement = self._statement(dialect.name) if callable(self._statement) else self._statement
            found = self._for[dialect.name] = _ForDialect(statement, dialect, self._keys)
        return found


class _ForDialect:
    def __init__(self, statement: Statement, dialect: Dialect, keys: Sequence[str]) -> None:
        self._dialect = dialect
        self.statement = statement
        plain = cast("Statement", replacement_traverse(statement, {}, _constant))
        compiled = plain.compile(dialect=dialect, column_keys=list(keys) or None)
        assert isinstance(compiled, SQLCompiler)
        self._compiled = compiled
        self._lists = tuple(name for name, bind in compiled.binds.items() if bind.expanding and bind.required)
        self._texts: dict[tuple[int, ...], Sql] = {}
        columns = list(statement.exported_columns)
        self._make = _row_of([str(each.key) for each in columns])
        converts = [_reads(each.type, dialect) for each in columns]
        self._convert = [(at, convert) for at, convert in enumerate(converts) if convert is not None]

    def sql(self, values: Mapping[str, Any]) -> tuple[str, list[Any]]:
        """The text and its arguments."""
        if not self._lists:
            made = self._texts.get(()) or self._new((), {})
            return made.text, made.arguments(values)
        filled = {**values, **{name: _filled_up(values[name]) for name in self._lists}}
        lengths = tuple(len(filled[name]) for name in self._lists)
        made = self._texts.get(lengths) or self._new(lengths, dict(zip(self._lists, lengths, strict=True)))
        return made.text, made.arguments(filled)

    def _new(self, key: tuple[int, ...], lengths: Mapping[str, int]) -> Sql:
        made = self._texts[key] = Sql(self._compiled, self._dialect, lengths)
        return made

    def rows(self, raw: Iterable[Sequence[Any]]) -> list[Any]:
        """The driver's rows, with their columns by name. Raises what the columns' types raise (KeysDoNotOpen)."""
        make, converts = self._make, self._convert
        found = []
        for each in raw:
            row = list(each)
            for at, convert in converts:
                row[at] = convert(row[at])
            found.append(make(row))
        return found


def _reads(kind: TypeEngine[Any], dialect: Dialect) -> Convert | None:
    if dialect.name == "sqlite":
        if isinstance(kind, Uuid):
            return _id
        if isinstance(kind, UtcDateTime):
            return _time
    reads: Convert | None = kind.dialect_impl(dialect).result_processor(dialect, _FLOAT8)
    return reads


def _writes(kind: TypeEngine[Any], dialect: Dialect) -> Convert | None:
    if isinstance(kind, UtcDateTime) and dialect.name == "sqlite":
        return _time_text
    writes: Convert | None = kind.dialect_impl(dialect).bind_processor(dialect)
    return writes


#: The same ids and times are read again and again, and to make one of its text is slow. As `UtcDateTime` keeps them.
_known_id = lru_cache(maxsize=50_000)(UUID)


def _id(text: str | None) -> UUID | None:
    return None if text is None else _known_id(text)


@lru_cache(maxsize=50_000)
def _known_time(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def _time(text: str | None) -> datetime | None:
    return None if text is None else _known_time(text)


def _time_text(at: datetime | None) -> str | None:
    if at is None:
        return None
    if at.tzinfo is None:
        raise ValueError("a time without its offset cannot be stored")
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds")


def _constant(element: ExternallyTraversible, **_: Any) -> ExternallyTraversible | None:
    """What is always the same stands in the text itself.

    `state = ?` may be anything: a planner would not use an index of what is pending for it, and would read every
    message that was ever sent.
    """
    if isinstance(element, BindParameter) and not element.required and isinstance(element.value, _PLAIN):
        return element.render_literal_execute()
    return None


_PLAIN = (str, int, list, tuple)


def _row_of(names: Sequence[str]) -> Callable[[Iterable[Any]], Any]:
    plain = namedtuple("plain", names, rename=True)  # type: ignore[misc]
    # As SQLAlchemy's rows have it: what reads a row does not ask where it comes from.
    found = type("Found", (plain,), {"__slots__": (), "_mapping": property(plain._asdict)})
    make: Callable[[Iterable[Any]], Any] = found._make  # type: ignore[attr-defined]
    return make


def _filled_up(values: Iterable[Any]) -> list[Any]:
    given = list(values)
    at = bisect_left(_LENGTHS, len(given))
    length = _LENGTHS[at] if at < len(_LENGTHS) else len(given)
    return given + given[-1:] * (length - len(given))
