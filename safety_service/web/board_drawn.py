"""The board as it is drawn: a row for each who is watched, drawn once and kept while nothing of it changes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from hashlib import blake2b
from typing import Any

import aiohttp_jinja2
from aiohttp import web

from safety_service.actions.board import Board, Line
from safety_service.domain.words import Phase
from safety_service.store.board import OpenAlert
from safety_service.web import board_words as words
from safety_service.web.visitor import Visitor

#: Rows that stay drawn in this process.
DRAWN = 8192
#: Where in a drawn row the time that is left is put in.
LEFT = "\x1f"


@dataclass(frozen=True, slots=True)
class Call:
    """An alert in a row or above all rows."""

    id: str
    number: int
    about: str
    whose: str
    free: bool
    since: str
    forbidden: str


@dataclass(frozen=True, slots=True)
class Row:
    """Somebody who is out. A colleague is shown `name`, `phase` and `until`, and no more."""

    key: str
    name: str
    phase: str
    until: str
    whole: bool
    #: A colleague's row among those of a team that the reader manages: what is not theirs is empty.
    blank: bool = False
    visit: str = ""
    beside: str = ""
    ref: str = ""
    address: str = ""
    risk: str = ""
    due: str = ""
    due_ms: int = 0
    late: bool = False
    last_word: str = ""
    calls: tuple[Call, ...] = ()


def rows_of(visitor: Visitor, seen: Board, now: datetime) -> dict[str, tuple[Row, datetime]]:
    """The rows in their order, by key, each with when its next word is due."""
    blank = visitor.manages and not seen.quiet
    drawn = ((_row(visitor, line, now, blank=blank), line.watched.due_at) for line in seen.lines)
    return {row.key: (row, due_at) for row, due_at in drawn}


def _row(visitor: Visitor, line: Line, now: datetime, *, blank: bool) -> Row:
    one = line.watched
    until = one.starts_at if one.phase is Phase.BEGIN else one.ends_at
    key = f"w{one.visit_id.hex[-12:]}{one.worker_id.hex[-12:]}"
    said = "" if one.phase is Phase.HOME else words.at(visitor, until, now)
    if not line.whole:
        return Row(key, one.name, words.PHASES[one.phase], said, whole=False, blank=blank)
    return Row(
        key,
        one.name,
        words.PHASES[one.phase],
        said,
        whole=True,
        visit=str(one.visit_id),
        beside=words.listed(line.beside),
        ref=one.ref,
        address=one.address,
        risk=str(one.risk).capitalize(),
        due=words.at(visitor, one.due_at, now),
        due_ms=round(one.due_at.timestamp() * 1000),
        late=one.due_at < now,
        last_word="" if one.last_word_at is None else words.at(visitor, one.last_word_at, now),
        calls=tuple(call_of(visitor, each, now) for each in line.alerts),
    )


def call_of(visitor: Visitor, one: OpenAlert, now: datetime) -> Call:
    """An alert in words."""
    return Call(
        id=str(one.id),
        number=one.number,
        about=words.about(one),
        whose=words.whose(one),
        free=one.state == "open",
        since=words.at(visitor, one.opened_at, now),
        forbidden=words.forbidden(one),
    )


class Drawing:
    """Draws rows with the templates of an application."""

    def __init__(self, app: web.Application) -> None:
        self._draw: Any = aiohttp_jinja2.get_env(app).get_template("board_row.html").module
        #: A row before and after the time that is left.
        self._kept = lru_cache(DRAWN)(self._drawn)

    def _drawn(self, row: Row) -> tuple[str, str]:
        before, _, after = str(self._draw.row(row, LEFT)).partition(LEFT)
        return before, after

    def rows(self, several: Iterable[tuple[Row, datetime]], now: datetime) -> Iterable[str]:
        """Rows as they are now."""
        for row, due_at in several:
            before, after = self._kept(row)
            yield f"{before}{words.left(due_at, now)}{after}" if after else before


def mark_of(rows: Iterable[Row]) -> str:
    """What tells one state of all rows from another."""
    digest = blake2b(digest_size=12)
    for each in rows:
        digest.update(_digest(each))
    return digest.hexdigest()


@lru_cache(DRAWN)
def _digest(row: Row) -> bytes:
    return blake2b(repr(row).encode(), digest_size=12).digest()


DRAWING = web.AppKey("board drawing", Drawing)


def set_up_board(app: web.Application) -> None:
    """The drawing of rows, which keeps what it drew."""
    app[DRAWING] = Drawing(app)
