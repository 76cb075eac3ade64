"""P4, P5, P6: "sent" is what a channel took, danger goes first, a repeat says so, nothing is lost without a reason."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from safety_service.simulation.network import HandedOver

if TYPE_CHECKING:
    from safety_service.simulation.observer import Observer

_ROW = """
SELECT o.id, o.person_id, o.channel, o.template, o.state, o.maybe_sent, o.reached_at, o.error, o.alert_id, a.kind,
       a.worker_id
FROM outbox o LEFT JOIN alert a ON a.id = o.alert_id WHERE o.rowid = ?
"""
_DANGER_WAITS = """
SELECT 1 FROM outbox WHERE state = 'pending' AND priority = 0 AND not_before <= ? AND channel = ? LIMIT 1
"""
_NOT_ENDED = """
SELECT template, state, attempts FROM outbox WHERE state NOT IN ('sent', 'failed', 'dropped') AND not_before <= ?
LIMIT 1
"""
#: Seconds that danger may wait while something else is handed over.
OVERTAKEN = 2.0


class MessagesSeen:
    """Every message on its way."""

    def __init__(self, observer: Observer) -> None:
        self._observer = observer
        observer.world.network.on_hand_over = self.handed_over

    def look(self, rows: list[int]) -> None:
        """What this commit changed."""
        network = self._observer.world.network
        for row_id in rows:
            text, person, channel, template, state, maybe, reached, error, alert, kind, worker = self._observer.row(
                _ROW, row_id
            )
            message = UUID(text)
            about = f"{template} to {self._observer.world.town.name(UUID(person))}"
            if state == "sent" and channel != "webchat" and message not in network.took and not maybe:
                self._observer.broken("P4", f"{about} counts as sent, and no channel has taken it")
            if reached is not None and channel != "webchat" and message not in network.perhaps:
                self._observer.broken("P4", f"{about} counts as reached, and no channel has taken it")
            if state in ("failed", "dropped") and not error:
                self._observer.broken("P6", f"{about} was {state} without a reason")
            if alert is not None and person == worker:
                self._observer.broken("P5", f"{about}: whom the alert ({kind}) is about was sent it")
            if template.startswith("alarm.") and worker is not None:
                self._to_whom(about, UUID(person), UUID(worker))

    def _to_whom(self, about: str, person: UUID, worker: UUID) -> None:
        if (person, worker) in self._observer.world.town.kept_off:
            self._observer.broken("R", f"{about}: they are kept off this worker")

    def handed_over(self, given: HandedOver) -> None:
        """A provider is given a message."""
        world, out = self._observer.world, given.out
        who = world.town.name(out.person_id)
        world.tell("sends", f"{who} {out.template}{' (again)' if out.maybe_sent else ''}")
        if any(each.id in world.network.perhaps and not (each.maybe_sent or out.maybe_sent) for each in given.rows):
            self._observer.broken("P6", f"{out.template} to {who} was said before, and does not say so")
        if out.priority > 0 and self._observer.quiet_for(OVERTAKEN):
            waiting = self._observer.stored(world.clock.at, OVERTAKEN)
            if self._observer.row(_DANGER_WAITS, waiting, out.channel) is not None:
                self._observer.broken("P5", f"{out.template} to {who} was handed over while danger waited")

    def at_the_end(self) -> None:
        """Everything that went in came to an end, and every word that was accepted was acted on once."""
        world = self._observer.world
        # Long enough for whatever a process that died has leased.
        if (left := self._observer.row(_NOT_ENDED, self._observer.stored(world.clock.at, 120.0))) is not None:
            self._observer.broken(
                "P6", f"{left[0]} is still {left[1]} after {left[2]} tries, and nothing goes wrong any more"
            )
        for mark in world.ledger.confirmed:
            times = world.ledger.kept[mark]
            if times == 0 and mark not in world.unheard:
                self._observer.broken("P6", f"{mark} ({world.ledger.said[mark].do}) was accepted, and never acted on")
            if times > 1:
                self._observer.broken("P6", f"{mark} ({world.ledger.said[mark].do}) was acted on {times} times")
