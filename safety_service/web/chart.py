"""A small bar chart, drawn on the server: numbers in, places and sizes out. A table beside it says the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 480, 150
#: Room for the numbers above the bars and the words below them.
ABOVE, BELOW = 18, 20
#: Names below the bars, at most: more of them stand in each other's way.
MOST_NAMES = 7
#: Numbers above the bars, at most.
MOST_NUMBERS = 16


@dataclass(frozen=True, slots=True)
class Bar:
    """`small`: how many it was is not said, so that all such bars are alike."""

    x: float
    y: float
    width: float
    height: float
    name: str
    number: str
    small: bool

    @property
    def middle(self) -> float:
        """Where the words stand."""
        return self.x + self.width / 2


@dataclass(frozen=True, slots=True)
class Chart:
    """`title`: what a screen reader says of it."""

    title: str
    bars: list[Bar]
    width: int = WIDTH
    height: int = HEIGHT
    ground: int = HEIGHT - BELOW


def drawn(title: str, names: Sequence[str], numbers: Sequence[int | None], least: int) -> Chart:
    """A bar for each; None: fewer than `least`, and not said how many."""
    highest = max([least, *(number or 0 for number in numbers)])
    step = WIDTH / max(1, len(numbers))
    every = -(-len(names) // MOST_NAMES)

    def bar(place: int, name: str, number: int | None) -> Bar:
        high = (HEIGHT - ABOVE - BELOW) * (least / 2 if number is None else number) / highest
        said = "" if number == 0 or len(numbers) > MOST_NUMBERS else f"<{least}" if number is None else str(number)
        return Bar(
            x=round(place * step + step * 0.12, 1),
            y=round(HEIGHT - BELOW - high, 1),
            width=round(step * 0.76, 1),
            height=round(high, 1),
            name=name if place % every == 0 else "",
            number=said,
            small=number is None,
        )

    rows = zip(names, numbers, strict=True)
    return Chart(title, [bar(place, name, number) for place, (name, number) in enumerate(rows)])
