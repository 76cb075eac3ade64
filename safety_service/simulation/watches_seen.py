"""P1: watched means armed, on time, and nobody stops being watched without a cause."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from safety_service.simulation.ledger import Outcome
from safety_service.simulation.rows import id_or_none, moment, moment_or_none

if TYPE_CHECKING:
    from safety_service.simulation.observer import Observer

MINUTE = timedelta(minutes=1)
LATE = timedelta(seconds=3)
#: semantics.md, "Timers of a watch": grace at the interval, at the end, on the way home.
GRACE = {
    "low": (10 * MINUTE, 15 * MINUTE, 30 * MINUTE),
    "medium": (5 * MINUTE, 10 * MINUTE, 20 * MINUTE),
    "high": (3 * MINUTE, 5 * MINUTE, 15 * MINUTE),
}
BEGIN_GRACE = 20 * MINUTE
#: What may end or change a phase: words of the worker's (or of who speaks for all), or a human being who resolved.
CAUSES = {
    ("begin", "inside"): {"begin"},
    ("begin", "home"): {"cancel", "left"},
    ("begin", "done"): {"cancel", "resolve", "left"},
    ("inside", "home"): {"left"},
    ("inside", "done"): {"left", "home", "begin"},
    ("home", "inside"): {"begin"},
    ("home", "done"): {"home", "begin", "resolve"},
    ("done", "inside"): {"begin"},
}
#: Words by which it is known that the worker was well when they said them.
LIFE = frozenset(["begin", "ok", "extend", "silence", "left", "home", "cancel"])

_ROW = """
SELECT w.visit_id, w.worker_id, w.phase, w."interval", w.due_at, w.alarm_at, w.next_at, w.stage, w.spent,
       w.silent_until, w.out_at, v.risk, v.starts_at, v.created_at, v.travel, v.speaker_id
FROM watch w JOIN visit v ON v.id = w.visit_id WHERE w.rowid = ?
"""


@dataclass(frozen=True, slots=True)
class Watch:
    """A row of a watch, as it was last seen."""

    visit: UUID
    worker: UUID
    phase: str
    interval: timedelta
    due_at: datetime | None
    alarm_at: datetime | None
    next_at: datetime | None
    stage: str | None
    spent: timedelta
    silent_until: datetime | None
    out_at: datetime | None
    risk: str
    starts_at: datetime
    created_at: datetime
    travel: timedelta
    speaker: UUID | None

    @property
    def live(self) -> bool:
        """Whether somebody is being watched."""
        return self.phase != "done"


class WatchesSeen:
    """Every watch, and when its worker was last known to be well."""

    def __init__(self, observer: Observer) -> None:
        self._observer = observer
        self.live: dict[int, Watch] = {}
        self._done: dict[int, Watch] = {}
        self._known: dict[UUID, datetime] = {}
        #: Seconds for which somebody was on a visit or on the way home.
        self.watched = 0.0
        self._counted = observer.now
        self._out = 0

    def hear(self, outcomes: list[Outcome]) -> None:
        """A word of theirs, or somebody's who resolved."""
        observer = self._observer
        for each in outcomes:
            if each.refused is not None:
                continue
            if each.deed.do in LIFE:
                self._know(each.deed.person_id, min(each.deed.said_at, observer.now))
            elif each.deed.do == "resolve" and each.given["state"] == "resolved":
                worker = observer.alerts.worker_of(each.deed.id("alert"))
                if worker is not None:
                    self._know(worker, observer.now)

    def _know(self, worker: UUID, at: datetime) -> None:
        self._known[worker] = max(at, self._known.get(worker, at))

    def under_way(self, now: datetime) -> bool:
        """Whether anybody is inside, on the way, or should have begun."""
        return any(
            each.phase != "begin" or (each.due_at is not None and each.due_at <= now) for each in self.live.values()
        )

    def look(self, rows: list[int], outcomes: list[Outcome]) -> None:
        """What this commit changed."""
        self._count()
        for row_id in rows:
            watch = _watch(self._observer.row(_ROW, row_id))
            before = self.live.pop(row_id, None) or self._done.get(row_id)
            (self.live if watch.live else self._done)[row_id] = watch
            self._armed(watch)
            if before is not None and before.phase != watch.phase:
                self._caused(before, watch, outcomes)
            if watch.live:
                self._not_too_late(watch)
        if rows:
            self._out = sum(each.phase in ("inside", "home") for each in self.live.values())

    def _count(self) -> None:
        """How long people were out: until this commit as many as after the last."""
        steady = self._observer.world.clock.true
        self.watched += self._out * (steady - self._counted).total_seconds()
        self._counted = steady

    def _armed(self, watch: Watch) -> None:
        moments = (watch.due_at, watch.alarm_at, watch.next_at, watch.stage)
        if watch.live and None in moments:
            self._broken("P1", watch, "is watched without a next deadline")
        # What could not be worked on is put off, which an alert says.
        put_off = self._observer.alerts.about(watch.worker)
        if watch.live and not put_off and (watch.next_at or watch.created_at) > (watch.alarm_at or watch.created_at):
            self._broken("P1", watch, "would be looked at only after the alarm was due")

    def _caused(self, before: Watch, watch: Watch, outcomes: list[Outcome]) -> None:
        causes = CAUSES.get((before.phase, watch.phase), set())
        who = {watch.worker, watch.speaker}
        for each in outcomes:
            about = self._observer.alerts.worker_of(each.deed.id("alert"))
            if (
                each.refused is None
                and each.deed.do in causes
                and (each.deed.person_id in who or about == watch.worker)
            ):
                return
        self._broken("P1", watch, f"went from {before.phase} to {watch.phase}, and nobody said anything of the kind")

    def _not_too_late(self, watch: Watch) -> None:
        """The alarm is never later than the last word, or the human being who knew, allows."""
        assert watch.alarm_at is not None
        interval_grace, end_grace, home_grace = GRACE[watch.risk]
        known = [self._known.get(each, watch.created_at) for each in (watch.worker, watch.speaker) if each is not None]
        if self._observer.alerts.about(watch.worker):
            # Kept: a clock that is set back afterwards does not undo that somebody knew.
            self._know(watch.worker, self._observer.now)
            known.append(self._known[watch.worker])
        last = max(known)
        if watch.phase == "inside":
            grace = max(interval_grace, end_grace)
            latest = max(last + watch.interval, watch.silent_until or last) + grace
        elif watch.phase == "home":
            # Longer makes the way longer by so much, from wherever an OK had put it.
            left = max(watch.out_at or last, last)
            latest = left + max(watch.travel, watch.interval) + watch.spent + home_grace
        else:
            start = max(watch.starts_at, watch.created_at) + watch.spent
            latest = max(start, last, last + watch.interval) + BEGIN_GRACE
        if watch.alarm_at > latest + LATE:
            self._broken("P1", watch, f"would be missed only at {watch.alarm_at:%H:%M:%S}, not by {latest:%H:%M:%S}")

    def scan(self) -> None:
        """Whatever is due was done."""
        now = self._observer.now
        for watch in self.live.values():
            assert watch.alarm_at is not None
            assert watch.next_at is not None
            if watch.next_at + LATE < now:
                self._broken("P1", watch, f"was due at {watch.next_at:%H:%M:%S}, and nothing was done")
            # What nobody can read is looked at again within a minute, and raised again where somebody ended that alert.
            put_off = watch.visit in self._observer.world.unreadable and watch.next_at <= now + MINUTE
            if watch.alarm_at + LATE < now and not self._observer.alerts.about(watch.worker) and not put_off:
                self._broken(
                    "P1", watch, f"has been silent since before {watch.alarm_at:%H:%M:%S}, and no alert is open"
                )

    def _broken(self, promise: str, watch: Watch, why: str) -> None:
        name = self._observer.world.town.name(watch.worker)
        self._observer.broken(promise, f"{name} ({watch.phase}, {watch.risk}) {why}")


def _watch(row: Any) -> Watch:
    (
        visit,
        worker,
        phase,
        interval,
        due,
        alarm,
        following,
        stage,
        spent,
        silent,
        out,
        risk,
        starts,
        made,
        travel,
        speaker,
    ) = row
    return Watch(
        visit=UUID(visit),
        worker=UUID(worker),
        phase=phase,
        interval=timedelta(seconds=interval),
        due_at=moment_or_none(due),
        alarm_at=moment_or_none(alarm),
        next_at=moment_or_none(following),
        stage=stage,
        spent=timedelta(seconds=spent),
        silent_until=moment_or_none(silent),
        out_at=moment_or_none(out),
        risk=risk,
        starts_at=moment(starts),
        created_at=moment(made),
        travel=timedelta(seconds=travel),
        speaker=id_or_none(speaker),
    )
