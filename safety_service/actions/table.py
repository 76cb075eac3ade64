"""A table that leaves the house: its columns are named here, so that nothing else can get into it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Table:
    """Rows by column. `notes` say what is not in it; `only`: what it was narrowed to, which each form says first."""

    title: str
    columns: tuple[str, ...]
    rows: Sequence[Row]
    notes: tuple[str, ...] = ()
    only: str = ""

    def __post_init__(self) -> None:
        """Raises ValueError for a row with any other column: what is not on the list does not go out."""
        for row in self.rows:
            if tuple(row) != self.columns:
                raise ValueError(f"{self.title}: a row's columns are {sorted(row)}")
