"""What people said and what came of it: written by those who did it, never read from the service's own rows."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Deed:
    """One word or tap of one person, with a mark of its own."""

    mark: str
    person_id: UUID
    do: str
    said_at: datetime
    order: dict[str, Any]

    def id(self, name: str) -> UUID | None:
        """The id that the order names so."""
        found = self.order.get(name)
        return None if found is None else UUID(found)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the service made of a deed. `refused`: the reason, or None. `given`: what the answer would show."""

    deed: Deed
    refused: str | None
    given: dict[str, Any] = field(default_factory=dict)


@dataclass
class Ledger:
    """Everything that was said, confirmed and done."""

    said: dict[str, Deed] = field(default_factory=dict)
    #: Confirmed to the provider: from now on it may not be lost.
    confirmed: set[str] = field(default_factory=set)
    #: How often each deed was kept: by commits, not by tries.
    kept: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))
    refused: set[str] = field(default_factory=set)
    #: Who tried what on which alert.
    tried: set[tuple[UUID, UUID, str]] = field(default_factory=set)
    waiting: dict[str, asyncio.Future[Outcome]] = field(default_factory=dict)
    #: Done in the transaction that is open now.
    _open: list[Outcome] = field(default_factory=list)

    def say(self, deed: Deed) -> asyncio.Future[Outcome]:
        """Somebody says it; what comes of it will be known."""
        self.said[deed.mark] = deed
        if (alert_id := deed.id("alert")) is not None:
            self.tried.add((alert_id, deed.person_id, deed.do))
        self.waiting[deed.mark] = asyncio.get_running_loop().create_future()
        return self.waiting[deed.mark]

    def begin(self) -> None:
        """A transaction begins: nothing is done in it yet."""
        self._open.clear()

    def note(self, outcome: Outcome) -> None:
        """This was done, if the transaction commits."""
        self._open.append(outcome)

    def commit(self) -> list[Outcome]:
        """The transaction was kept: what was done in it."""
        done, self._open = self._open, []
        for each in done:
            mark = each.deed.mark
            self.kept[mark] += 1
            if each.refused is not None:
                self.refused.add(mark)
            asked = self.waiting.pop(mark, None)
            if asked is not None and not asked.done():
                asked.set_result(each)
        return done

    def has_tried(self, alert_id: UUID, person_id: UUID, *deeds: str) -> bool:
        """Whether this person tried one of these on this alert."""
        return any((alert_id, person_id, do) in self.tried for do in deeds)
