"""P2, P3, P4, P8: an alert goes out with what caused it, climbs until a human being has it, and ends by one."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from safety_service.simulation.ledger import Outcome
from safety_service.simulation.rows import id_or_none, moment_or_none
from safety_service.simulation.watches_seen import BEGIN_GRACE, GRACE, LATE, LIFE, MINUTE

if TYPE_CHECKING:
    from safety_service.simulation.observer import Observer

DANGER = frozenset(["sos", "duress"])
#: The longest that an alert may stand still: news at low risk.
LONGEST_WAIT = 20 * MINUTE
#: News, the reply, and an offer that nobody accepts.
FORGOTTEN = LONGEST_WAIT + 3 * MINUTE + 10 * MINUTE
REACH = {True: 10.0, False: 30.0}
ALLOWANCE = 3.0

_ROW = """
SELECT id, kind, state, worker_id, visit_id, number, opened_at, due_at, rung, step, next_at, due_now, owner_id,
       found_by, agreed_by, agency_id, ladder FROM alert WHERE rowid = ?
"""


@dataclass(frozen=True, slots=True)
class Alert:
    """A row of an alert, as it was last seen."""

    id: UUID
    kind: str
    state: str
    worker: UUID | None
    visit: UUID | None
    number: int
    opened_at: datetime
    due_at: datetime
    rung: int
    step: int
    next_at: datetime | None
    due_now: datetime | None
    owner: UUID | None
    found_by: UUID | None
    agreed_by: UUID | None
    agency: UUID | None
    last: int


@dataclass(slots=True)
class Telling:
    """When the step of an alert that stands now was told."""

    step: int
    steady: float
    reached: bool = False


class AlertsSeen:
    """Every alert, and what people did about each."""

    def __init__(self, observer: Observer) -> None:
        self._observer = observer
        self.open: dict[UUID, Alert] = {}
        self._all: dict[UUID, Alert] = {}
        self._telling: dict[UUID, Telling] = {}
        #: When its owner, or a late word, last gave it time.
        self._held: dict[UUID, datetime] = {}

    def worker_of(self, alert_id: UUID | None) -> UUID | None:
        """Whose alert it is."""
        found = None if alert_id is None else self._all.get(alert_id)
        return None if found is None else found.worker

    def numbered(self, agency: UUID, number: int) -> UUID | None:
        """The open alert with this number: what somebody finds who looks at the board."""
        found = (each.id for each in self.open.values() if (each.agency, each.number) == (agency, number))
        return next(found, None)

    def about(self, worker: UUID) -> bool:
        """Whether an alert about this worker is open."""
        return any(each.worker == worker for each in self.open.values())

    def hear(self, outcomes: list[Outcome]) -> None:
        """Who did something about an alert, and whose late word holds it."""
        now = self._observer.now
        for each in outcomes:
            if each.refused is not None:
                continue
            if (alert_id := each.deed.id("alert")) is not None:
                self._held[alert_id] = now
            elif each.deed.do in LIFE:
                for alert in self.open.values():
                    if alert.worker is not None:
                        self._held[alert.id] = now

    def look(self, rows: list[int], outcomes: list[Outcome]) -> None:
        """What this commit changed."""
        for row_id in rows:
            alert = _alert(self._observer.row(_ROW, row_id))
            before = self._all.get(alert.id)
            self._all[alert.id] = alert
            if alert.state == "resolved":
                self.open.pop(alert.id, None)
            else:
                self.open[alert.id] = alert
            if before is None:
                self._opened(alert)
            elif before.step != alert.step:
                self._telling[alert.id] = Telling(alert.step, self._observer.world.clock.steady())
            self._handled(before, alert, outcomes)
            self._goes_on(before, alert)

    def _opened(self, alert: Alert) -> None:
        observer = self._observer
        observer.world.tell("alert", f"{alert.number} {alert.kind} {observer.world.town.name(alert.worker)}")
        self._telling[alert.id] = Telling(alert.step, observer.world.clock.steady())
        same = [each for each in self.open.values() if each.id != alert.id and each.kind == alert.kind]
        if any((each.worker, each.visit) == (alert.worker, alert.visit) for each in same if each.worker is not None):
            self._broken("P3", alert, "was opened while the same one is open")
        sent = observer.row("SELECT count(*) FROM outbox WHERE alert_id = ?", alert.id.hex)[0]
        nobody = observer.row(
            "SELECT count(*) FROM event_log WHERE alert_id = ? AND verb = 'nobody_there'", alert.id.hex
        )[0]
        if not sent and not nobody:
            self._broken("P2", alert, "was opened without a message to anybody")
        self._in_time(alert)

    def _in_time(self, alert: Alert) -> None:
        """Nobody is alarmed before the grace is over."""
        if alert.visit is None:
            return
        risk = self._observer.row("SELECT risk FROM visit WHERE id = ?", alert.visit.hex)[0]
        interval, end, home = GRACE[risk]
        grace = {"not_begun": BEGIN_GRACE, "missed_check_in": interval, "not_out": end, "not_home": home}
        if alert.kind in grace and alert.opened_at < alert.due_at + grace[alert.kind]:
            self._broken("P1", alert, f"was due at {alert.due_at:%H:%M:%S} and alarmed before the grace was over")

    def _handled(self, before: Alert | None, alert: Alert, _outcomes: list[Outcome]) -> None:
        """P8, P3: who owns it said yes; who ended it is a human being, and never the worker."""
        tried = self._observer.world.ledger.has_tried
        if alert.owner is not None and (before is None or before.owner != alert.owner):
            if not tried(alert.id, alert.owner, "take", "resolve"):
                self._broken("P8", alert, "belongs to somebody who never said so")
            if alert.owner == alert.worker:
                self._broken("P8", alert, "belongs to the worker whom it is about")
        if before is not None and before.state == "resolved" != alert.state:
            self._broken("P3", alert, "was ended and is open again")
        if alert.state == "resolved" and (before is None or before.state != "resolved"):
            self._ended(alert)

    def _ended(self, alert: Alert) -> None:
        tried = self._observer.world.ledger.has_tried
        self._observer.world.tell("resolved", f"{alert.number} {alert.kind}")
        if alert.found_by is None or not tried(alert.id, alert.found_by, "resolve"):
            self._broken("P3", alert, "ended without a human being who said what was found")
        elif alert.found_by == alert.worker:
            self._broken("P3", alert, "was ended by the worker whom it is about")
        elif alert.kind in DANGER:
            agreed = alert.agreed_by
            if agreed is None or agreed in (alert.found_by, alert.worker) or not tried(alert.id, agreed, "resolve"):
                self._broken("P5", alert, "ended without a second person")

    def _goes_on(self, before: Alert | None, alert: Alert) -> None:
        if alert.state == "resolved":
            return
        if alert.due_now is None or alert.next_at is None:
            self._broken("P3", alert, "is open, and nothing will be done about it")
        elif alert.due_now > self._observer.now + LONGEST_WAIT + LATE:
            self._broken("P3", alert, f"is open, and nothing will be done about it until {alert.due_now:%H:%M:%S}")
        if before is not None and before.state == "taken" and alert.state == "open" and alert.step == before.step:
            self._broken("P3", alert, "was taken and forgotten, and has not climbed")

    def scan(self) -> None:
        """Whatever is due was done; nobody who was not reached is waited for; what is forgotten climbs."""
        observer = self._observer
        for alert in self.open.values():
            if alert.due_now is not None and alert.due_now + LATE < observer.now:
                self._broken("P3", alert, f"was due at {alert.due_now:%H:%M:%S}, and nothing was done")
            held = self._held.get(alert.id, alert.opened_at)
            if (
                alert.state == "taken"
                and held + FORGOTTEN < observer.now
                and observer.quiet_for(FORGOTTEN.total_seconds())
            ):
                self._broken("P3", alert, "was taken, forgotten, and does not climb")
            self._reached(alert)

    def _reached(self, alert: Alert) -> None:
        """P4: nobody reached within 10 or 30 seconds, and the next rung has heard."""
        telling = self._telling[alert.id]
        waited = self._observer.world.clock.steady() - telling.steady
        if telling.reached or alert.state != "open" or alert.rung >= alert.last:
            return
        if waited < REACH[alert.kind in DANGER] + ALLOWANCE or not self._observer.quiet_for(waited):
            return
        query = "SELECT count(*) FROM outbox WHERE alert_id = ? AND step = ? AND reached_at IS NOT NULL"
        if self._observer.row(query, alert.id.hex, telling.step)[0]:
            telling.reached = True
        elif not self._spoilt(alert):
            self._broken("P4", alert, f"reached nobody for {waited:.0f} s, and the next rung has not heard")

    def _spoilt(self, alert: Alert) -> bool:
        return alert.visit is not None and alert.visit in self._observer.world.spoilt

    def _broken(self, promise: str, alert: Alert, why: str) -> None:
        name = self._observer.world.town.name(alert.worker)
        self._observer.broken(promise, f"alert {alert.number} ({alert.kind}, {alert.state}, {name}) {why}")


def _alert(row: Any) -> Alert:
    values = list(row)
    ladder = json.loads(values.pop())
    ids = {name: id_or_none(values[place]) for name, place in _IDS.items()}
    times = {name: moment_or_none(values[place]) for name, place in _TIMES.items()}
    plain = {name: values[place] for name, place in _PLAIN.items()}
    return Alert(**ids, **times, **plain, last=len(ladder["rungs"]))  # type: ignore[arg-type]


_IDS = {"id": 0, "worker": 3, "visit": 4, "owner": 12, "found_by": 13, "agreed_by": 14, "agency": 15}
_TIMES = {"opened_at": 6, "due_at": 7, "next_at": 10, "due_now": 11}
_PLAIN = {"kind": 1, "state": 2, "number": 5, "rung": 8, "step": 9}
