"""As much of Prometheus's language as it takes to see that two sides of a rule can ever meet."""

from __future__ import annotations

import re
from collections.abc import Iterator

JOINS = re.compile(r"\b(and|or|unless)\b(\s+(?:on|ignoring)\s*\([^)]*\))?")
AGGREGATE = re.compile(r"(sum|min|max|avg|count|absent)\s*\(")
KEEPS = re.compile(r"\)\s*(by|without)\s*\(")


def never_meet(expression: str) -> list[str]:
    """The joins between an aggregate, which has no labels, and something that has them: the two are never equal."""
    return list(_never_meet(re.sub(r'"[^"]*"', '""', expression)))


def _never_meet(expression: str) -> Iterator[str]:
    sides, joins = _split(_without_brackets(expression))
    for number, (word, on) in enumerate(joins):
        left, right = sides[number], sides[number + 1]
        # `or` takes both sides as they are.
        if word != "or" and not on and _has_no_labels(left) != _has_no_labels(right):
            yield f"{left} {word} {right}"
    if joins:
        for side in sides:
            yield from _never_meet(side)


def _split(expression: str) -> tuple[list[str], list[tuple[str, str]]]:
    """What stands at this level between `and`, `or` and `unless`, and these with what they join on."""
    sides, joins, begin = [], [], 0
    for found in JOINS.finditer(expression):
        before = expression[: found.start()]
        if before.count("(") == before.count(")"):
            sides.append(expression[begin : found.start()].strip())
            joins.append((found[1], (found[2] or "").strip()))
            begin = found.end()
    return [*sides, expression[begin:].strip()], joins


def _without_brackets(expression: str) -> str:
    inner = expression.strip()
    while inner.startswith("(") and _closes(inner) == len(inner) - 1:
        inner = inner[1:-1].strip()
    return inner


def _closes(expression: str) -> int:
    """Where the bracket closes with which it begins."""
    depth = 0
    for at, sign in enumerate(expression):
        depth += (sign == "(") - (sign == ")")
        if depth == 0:
            return at
    return -1


def _has_no_labels(side: str) -> bool:
    inner = _without_brackets(side)
    return AGGREGATE.match(inner) is not None and KEEPS.search(inner) is None
