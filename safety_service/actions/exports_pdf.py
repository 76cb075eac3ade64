"""A table on paper: each row a block of headed lines, in the fonts that every reader of PDF has."""

import unicodedata
from datetime import datetime

from fpdf import FPDF
from fpdf.enums import XPos, YPos

from safety_service.actions.table import Table

FONT = "Helvetica"
LOST = "Letters that this paper cannot show are written plain or as ?; the CSV has them."
MARGIN = 15  # millimetres
_PLAIN = str.maketrans(
    {
        "\u2013": "-",
        "\u2014": "-",
        "\u2018": "'",
        "\u2019": "'",
        "\u201c": '"',
        "\u201d": '"',
        "\u2026": "...",
        "\u2022": "-",
    }
)


class _Paper(FPDF):
    """A4, with the title and the page at the foot of each page."""

    def __init__(self, title: str) -> None:
        super().__init__(format="A4")
        self._heading = title
        self.set_margins(MARGIN, MARGIN)
        self.set_auto_page_break(auto=True, margin=MARGIN + 5)
        self.set_title(title)
        self.add_page()

    def footer(self) -> None:
        """Called by the library at the end of each page."""
        self.set_y(-MARGIN)
        self.set_font(FONT, size=8)
        self.cell(0, 5, f"{self._heading}  |  {self.page_no()}", align="C")

    def line_of(self, text: str, *, size: int = 10, bold: bool = False) -> None:
        """A paragraph as wide as the page."""
        self.set_font(FONT, style="B" if bold else "", size=size)
        self.multi_cell(0, size / 2, text, new_x=XPos.LMARGIN, new_y=YPos.NEXT)


def as_pdf(table: Table, made_at: datetime) -> bytes:
    """The whole table. What is empty in a row is left out."""
    paper = _Paper(table.title)
    paper.line_of(table.title, size=16, bold=True)
    only = (f"Only: {table.only}.",) if table.only else ()
    notes = (*only, f"Made on {made_at:%d %B %Y at %H:%M}. {len(table.rows)} rows.", *table.notes)
    lost = False
    for row in table.rows:
        lost = lost or any(_plain(str(value))[1] for value in row.values())
    for each in (*notes, *((LOST,) if lost else ())):
        paper.line_of(_plain(each)[0], size=9)
    for row in table.rows:
        paper.ln(3)
        shown = [(name, str(value)) for name, value in row.items() if value not in ("", None)]
        for name, value in shown:
            paper.line_of(f"{name.replace('_', ' ')}: {_plain(value)[0]}", bold=name == table.columns[0])
    return bytes(paper.output())


def _plain(text: str) -> tuple[str, bool]:
    """The text in the letters of Western Europe, and whether one was lost by that."""
    known: list[str] = []
    lost = False
    for each in text.translate(_PLAIN):
        bare = each if _shows(each) else unicodedata.normalize("NFKD", each)[0]
        lost = lost or bare != each
        known.append(bare if _shows(bare) else "?")
    return "".join(known), lost


def _shows(letter: str) -> bool:
    return letter in "\n\t" or (letter.isprintable() and ord(letter) < 256)
