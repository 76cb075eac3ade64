"""The figures as one Markdown table: ours, the floor of the same run, and the ratio of the two."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.targets import Target


@dataclass(frozen=True, slots=True)
class Row:
    """One figure beside its floor. The ratio is ours to the floor's: of a rate more is better, of a time less."""

    what: str
    database: str
    ours: float
    unit: str
    floor: float | None = None
    floor_is: str = ""
    targets: tuple[Target, ...] = ()

    @property
    def subject(self) -> str:
        """What stands before the colon."""
        return self.what.partition(":")[0]

    @property
    def cells(self) -> list[str]:
        """As they stand in the table."""
        floor = "" if self.floor is None else f"{_short(self.floor)} {self.unit} ({self.floor_is})"
        wanted = "; ".join(each.says(self.ours, self.unit, self.floor) for each in self.targets)
        return [self.what, self.database, f"{_short(self.ours)} {self.unit}", floor, self._ratio, wanted]

    @property
    def _ratio(self) -> str:
        if self.floor is None:
            return ""
        return f"{self.ours / self.floor:.2g}" if self.floor else "–"


def percentile(found: Sequence[float], share: float) -> float:
    """What this share of them does not exceed."""
    return sorted(found)[min(len(found) - 1, int(share * len(found)))]


def _short(value: float) -> str:
    """Three figures say enough on a noisy machine."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def markdown(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table whose columns line up in plain text, too."""
    every = [list(head), *(list(row) for row in rows)]
    widths = [max(len(row[place]) for row in every) for place in range(len(head))]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |" for row in every
    ]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines)


def figures(rows: Sequence[Row]) -> str:
    """The table of figures."""
    return markdown(
        ["what", "database", "Doorstep", "floor in the same run", "ratio", "wanted"], [row.cells for row in rows]
    )
