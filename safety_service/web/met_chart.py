"""What was met at a family as a picture: a column for each month, a line for each behaviour, a figure in each place.

Only where things stand; the template draws them. Units are those of the drawing, which is as wide as the page.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from safety_service.domain.hostility import HOSTILE
from safety_service.domain.trend import Line

MONTHS = 12
WIDTH = 366
#: Left and right of the first and last month.
EDGE = 3
STEP = (WIDTH - 2 * EDGE) / MONTHS
#: From the top: the line on which the bars stand, the months' names, the first behaviour; how high each is.
GROUND, NAMES, FIRST, ROW = 50, 68, 78, 58
TALLEST = 34
#: How high the plan's own line is, below all others.
PLANS = 26
#: In which group a behaviour is danger, and is drawn as such.
DANGER = frozenset({"threat", "violence"})


@dataclass(frozen=True, slots=True)
class Dot:
    """How often in one month. `size`: half its width."""

    x: float
    y: float
    size: float
    times: int


@dataclass(frozen=True, slots=True)
class Row:
    """A behaviour."""

    says: str
    y: float
    danger: bool
    dots: tuple[Dot, ...]


@dataclass(frozen=True, slots=True)
class Bar:
    """How many visits of a month were told of."""

    x: float
    y: float
    width: float
    height: float
    visits: int


@dataclass(frozen=True, slots=True)
class Chart:
    """The drawing. `ground`: where the behaviours end; `names`: (x, what stands there); `plans`: (x, version)."""

    width: int
    height: int
    ground: int
    rows: tuple[Row, ...]
    bars: tuple[Bar, ...]
    names: tuple[tuple[float, str], ...]
    plans: tuple[tuple[float, int], ...]


def months_until(last: date) -> list[date]:
    """The first day of each month of the year that ends with this one, the oldest first."""
    found = [last.replace(day=1)]
    while len(found) < MONTHS:
        found.insert(0, (found[0] - timedelta(days=1)).replace(day=1))
    return found


def key(month: date) -> str:
    """A month as figures are kept by it."""
    return f"{month:%Y-%m}"


def within(lines: Sequence[Line], months: Sequence[date]) -> list[tuple[Line, dict[str, int]]]:
    """What was met in these months, and how often in each."""
    wanted = {key(each) for each in months}
    found = [(line, {month: times for month, times in line.months if month in wanted}) for line in lines]
    return [(line, times) for line, times in found if times]


def hostile(line: Line) -> bool:
    """Whether it counts as hostility."""
    return line.group in HOSTILE


def drawn(
    lines: Sequence[Line], told: Mapping[str, int], plans: Sequence[tuple[date, int]], months: Sequence[date]
) -> Chart:
    """The drawing of these months."""
    shown = within(lines, months)
    ground = FIRST + ROW * max(len(shown), 1)
    marks = tuple(_plans(plans, months))
    most = max((told.get(key(each), 0) for each in months), default=0)
    return Chart(
        width=WIDTH,
        height=ground + (PLANS if marks else 2),
        ground=ground,
        rows=tuple(_row(place, line, times, months) for place, (line, times) in enumerate(shown)),
        bars=tuple(_bar(place, told.get(key(each), 0), most) for place, each in enumerate(months)),
        names=tuple((_middle(place), f"{each:%b}"[0]) for place, each in enumerate(months)),
        plans=marks,
    )


def _middle(place: int) -> float:
    return round(EDGE + STEP * (place + 0.5), 1)


def _row(place: int, line: Line, times: Mapping[str, int], months: Sequence[date]) -> Row:
    top = FIRST + ROW * place
    dots = [
        Dot(_middle(at), top + 39, min(9 + times[key(month)], 13), times[key(month)])
        for at, month in enumerate(months)
        if key(month) in times
    ]
    return Row(line.says, top, line.group in DANGER, tuple(dots))


def _bar(place: int, visits: int, most: int) -> Bar:
    height = round(TALLEST * visits / most, 1) if most else 0
    return Bar(_middle(place) - 9, GROUND - height, 18, height, visits)


def _plans(plans: Sequence[tuple[date, int]], months: Sequence[date]) -> Iterator[tuple[float, int]]:
    """Of several versions in a month the last one: their marks would lie upon each other."""
    newest = {key(day): (day, number) for day, number in plans}
    for place, month in enumerate(months):
        if key(month) in newest:
            day, number = newest[key(month)]
            yield round(EDGE + STEP * (place + (day.day - 1) / 31), 1), number
