"""A table as a file: CSV for a spreadsheet, JSON lines for a program, PDF for a meeting."""

import csv
import io
import json
from datetime import datetime
from typing import Any

from safety_service.actions.exports_pdf import as_pdf
from safety_service.actions.table import Table

#: A spreadsheet takes a cell that begins so for a formula, and does what it says.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%")

FORMATS = {
    "csv": "text/csv; charset=utf-8",
    "jsonl": "application/x-ndjson",
    "pdf": "application/pdf",
}


def written(table: Table, form: str, made_at: datetime) -> bytes:
    """The table as `csv`, `jsonl` or `pdf`. `made_at` is local: it stands on paper."""
    if form == "csv":
        return as_csv(table)
    if form == "jsonl":
        return as_json_lines(table)
    return as_pdf(table, made_at)


def as_csv(table: Table) -> bytes:
    """UTF-8 with a mark, so that spreadsheets read names rightly; no cell is ever a formula."""
    out = io.StringIO(newline="")
    rows = csv.writer(out)
    if table.only:
        rows.writerow([_harmless(_said(table))])
    rows.writerow(table.columns)
    rows.writerows([[_harmless(row[name]) for name in table.columns] for row in table.rows])
    return out.getvalue().encode("utf-8-sig")


def as_json_lines(table: Table) -> bytes:
    """An object a line."""
    first = [{"only": _said(table)}] if table.only else []
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in [*first, *table.rows]).encode()


def _said(table: Table) -> str:
    return f"{table.title}, only: {table.only}"


def _harmless(value: Any) -> Any:
    if isinstance(value, str) and value.startswith(_FORMULA):
        return f"'{value}"
    return value
