"""The evidence log as a chain: each link's digest holds the one before it, so that no change goes unseen.

The digests are keyed: whoever can write to the database and has no keys cannot make the chain anew. Details have a
digest of their own, so that the chain still holds when retention has emptied them.
"""

import hashlib
import hmac
import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

#: What stands before the first link.
BEGINNING = "0" * 64
#: In place of a digest of details: they were emptied, or no key opened them, before the entry was linked.
EMPTIED, UNREAD = "-", "?"
#: An entry that was linked after others that are younger by more than this was not there in time.
LATE = timedelta(minutes=10)
#: What retention calls the entries that it empties, in its own entry of the log.
RETENTION = ("removed", "evidence")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """An entry of the evidence log. `details` None: emptied. `opened` False: no key opens them."""

    id: UUID
    at: datetime
    agency_id: UUID | None
    actor_id: UUID | None
    verb: str
    subject: str
    subject_id: UUID | None
    visit_id: UUID | None
    alert_id: UUID | None
    details: Any
    opened: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """One link of the chain."""

    number: int
    event_id: UUID
    details_digest: str
    digest: str
    sealed_at: datetime


def link(key: bytes, before: Link | None, entry: Entry, sealed_at: datetime) -> Link:
    """The link of this entry after the one before it."""
    number = 1 if before is None else before.number + 1
    of_details = _details_digest(key, entry)
    previous = BEGINNING if before is None else before.digest
    digest = _digest(key, previous, number, entry, of_details, sealed_at)
    return Link(number=number, event_id=entry.id, details_digest=of_details, digest=digest, sealed_at=sealed_at)


def _details_digest(key: bytes, entry: Entry) -> str:
    if not entry.opened:
        return UNREAD
    if entry.details is None:
        return EMPTIED
    written = json.dumps(entry.details, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return _keyed(key, "details:" + written)


def _digest(key: bytes, previous: str, number: int, entry: Entry, of_details: str, sealed_at: datetime) -> str:
    ids = (entry.id, entry.agency_id, entry.actor_id, entry.subject_id, entry.visit_id, entry.alert_id)
    named = [None if each is None else each.hex for each in ids]
    times = [each.isoformat(timespec="microseconds") for each in (entry.at, sealed_at)]
    written = json.dumps([previous, number, *named, *times, entry.verb, entry.subject, of_details])
    return _keyed(key, "link:" + written)


def _keyed(key: bytes, text: str) -> str:
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


@dataclass
class Verifier:
    """Walks the chain link by link and says what is not as it was."""

    key: bytes
    #: A link that somebody kept outside: its number and its digest.
    kept: tuple[int, str] | None = None
    before: Link | None = None
    youngest: datetime | None = None
    count: int = 0
    outside: int = 0
    #: By agency: how many entries are emptied, and how many retention says that it emptied (None: that is gone, too).
    emptied: dict[UUID | None, int] = field(default_factory=dict)
    allowed: dict[UUID | None, int | None] = field(default_factory=dict)

    def walk(self, there: Link, entry: Entry | None) -> list[str]:
        """The next link, by number, with its entry (None: it is gone); gives what is wrong with it."""
        found = [*self._numbers(there), *self._kept(there)]
        if entry is None:
            found.append(f"link {there.number}: its entry {there.event_id} was removed")
        else:
            found += [f"link {there.number}, {_says(entry)}: {each}" for each in self._entry(there, entry)]
            self.note(entry)
        self.before = there
        self.count += 1
        return found

    def note(self, entry: Entry) -> None:
        """Count what retention says that it emptied."""
        if (entry.verb, entry.subject) != RETENTION:
            return
        so_far = self.allowed.get(entry.agency_id, 0)
        count = entry.details.get("count") if isinstance(entry.details, dict) else None
        known = so_far is not None and isinstance(count, int)
        self.allowed[entry.agency_id] = (so_far or 0) + int(count or 0) if known else None

    def beside(self, entry: Entry, now: datetime) -> list[str]:
        """An entry without a link, once every link was walked."""
        self.note(entry)
        self.outside += 1
        if self.before is not None and entry.at < self.before.sealed_at - LATE:
            return [f"{_says(entry)}: it stands beside the chain, which has gone on without it"]
        if entry.at < now - LATE:
            return [f"{_says(entry)}: it is in no link yet; a running scheduler would have made one"]
        return []

    def end(self) -> list[str]:
        """What can be said only when all has been walked."""
        found: list[str] = []
        for agency_id, count in self.emptied.items():
            allowed = self.allowed.get(agency_id, 0)
            if allowed is not None and count > allowed:
                whose = f"agency {agency_id}" if agency_id else "no agency"
                found.append(f"{count} entries of {whose} are emptied, and retention emptied {allowed}")
        last = 0 if self.before is None else self.before.number
        if self.kept is not None and self.kept[0] > last:
            found.append(f"the chain ends at {last}: everything up to {self.kept[0]} was there once")
        return found

    def _numbers(self, there: Link) -> list[str]:
        expected = 1 if self.before is None else self.before.number + 1
        if there.number == expected:
            return []
        missing = str(expected) if there.number == expected + 1 else f"{expected} to {there.number - 1}"
        return [f"link {missing}: removed"]

    def _kept(self, there: Link) -> list[str]:
        if self.kept is None or self.kept[0] != there.number or hmac.compare_digest(self.kept[1], there.digest):
            return []
        return [f"link {there.number}: it is not the one that was kept outside: the chain was made anew"]

    def _entry(self, there: Link, entry: Entry) -> list[str]:
        found: list[str] = []
        previous = BEGINNING if self.before is None else self.before.digest
        digest = _digest(self.key, previous, there.number, entry, there.details_digest, there.sealed_at)
        if digest != there.digest:
            found.append("changed, or not in its place")
        found += self._details(there, entry)
        if self.youngest is not None and entry.at < self.youngest - LATE:
            found.append("put in after what is younger, or the clock was set back")
        self.youngest = entry.at if self.youngest is None else max(self.youngest, entry.at)
        return found

    def _details(self, there: Link, entry: Entry) -> list[str]:
        if not entry.opened:
            return ["no key opens its details"]
        if entry.details is None:
            if there.details_digest != EMPTIED:
                self.emptied[entry.agency_id] = self.emptied.get(entry.agency_id, 0) + 1
            return []
        if there.details_digest == UNREAD:
            return ["no key opened its details when it was linked"]
        return [] if _details_digest(self.key, entry) == there.details_digest else ["its details were changed"]


def _says(entry: Entry) -> str:
    return f"{entry.at:%Y-%m-%d %H:%M:%S} UTC, {entry.verb} {entry.subject} ({entry.id})"
