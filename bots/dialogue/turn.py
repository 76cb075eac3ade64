"""One turn of the dialogue: who spoke, what they are in the middle of, and how they are answered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID
from zoneinfo import ZoneInfo

from bots.dialogue.dressing import Frame
from bots.dialogue.incoming import Incoming
from bots.dialogue.known import the_wording
from config.policy import Policy
from safety_service.actions import reading, telling, words
from safety_service.actions.actor import Actor
from safety_service.actions.telling import iso
from safety_service.actions.words import Position, Word
from safety_service.domain.watch import Watch
from safety_service.domain.words import Phase
from safety_service.store.agencies import Agency
from safety_service.store.database import Tx
from safety_service.store.visits import VisitRow

if TYPE_CHECKING:
    from bots.dialogue.forming import Keeper


@dataclass
class Turn:
    """A word that came in, and what is known of whoever said it. `current`: the visit that a bare word is about."""

    tx: Tx
    actor: Actor
    said: Incoming
    agency: Agency
    policy: Policy
    current: VisitRow | None
    keepers: Mapping[str, Keeper]

    @property
    def zone(self) -> ZoneInfo:
        """Where the agency's clocks are."""
        return ZoneInfo(self.agency.timezone)

    @property
    def frame(self) -> Frame:
        """For reading what was typed against what was shown."""
        return Frame(the_wording(), self.zone, self.tx.now)

    @property
    def phase(self) -> Phase:
        """What the speaker is being watched for."""
        return Phase.DONE if self.current is None else self.watch_of(self.current).phase

    @property
    def inside(self) -> bool:
        """Behind somebody's door: nothing on the screen may say whose, where or why."""
        return self.phase is Phase.INSIDE

    def watch_of(self, row: VisitRow) -> Watch:
        """The speaker's own watch on a visit. Raises Refused."""
        return row.visit.watch(self.actor.person_id)

    def word(self, *, note: str | None = None, own: str | None = None) -> Word:
        """What the actions hear: when it was said, where, with what; `own`: what was given as their own word."""
        place = self.said.position
        position = None
        if place is not None:
            position = Position(latitude=place.latitude, longitude=place.longitude, accuracy_m=place.accuracy_m)
        asked_first = own is not None
        return Word(said_at=self.said.said_at, position=position, note=note, phrase=own, asked_first=asked_first)

    async def look(self) -> None:
        """Look again at what the speaker is in the middle of."""
        self.current = await words.current(self.tx, self.actor)

    async def answer(self, template: str, **params: Any) -> None:
        """Answer by the channel that spoke; the buttons of where the speaker is now come with it."""
        given = {**self.situation(), **params}
        visit_id = given.get("visit_id")
        await telling.answer(
            self.tx,
            self.actor.person_id,
            self.said.channel,
            template,
            given,
            visit_id=None if visit_id is None else UUID(visit_id),
        )

    def situation(self) -> dict[str, Any]:
        """The visit that a bare word is about, as messages speak of it; the door's buttons only where it is near."""
        row = self.current
        if row is None:
            return {}
        watch = self.watch_of(row)
        near = watch.phase is not Phase.BEGIN or row.visit.starts_at <= self.tx.now + self.policy.words.chain
        return {**self.about(row), "phase": str(watch.phase) if near else None}

    def about(self, row: VisitRow) -> dict[str, Any]:
        """A visit and the speaker's watch on it, as params."""
        watch = self.watch_of(row)
        longer = self.policy.words.travel if watch.phase is Phase.HOME else self.policy.words.extend
        return {
            "visit_id": str(row.id),
            "ref": row.family_ref,
            "risk": str(row.visit.risk),
            "starts_at": iso(row.visit.starts_at),
            "ends_at": iso(watch.ends_at or row.visit.ends_at),
            "due_at": iso(watch.due_at),
            "ask": watch.ask,
            "extend_minutes": round(longer.total_seconds() / 60, 2),
            "short_minutes": round(self.policy.words.extend_short.total_seconds() / 60, 2),
        }

    async def following(self) -> dict[str, Any]:
        """The next visit that has not begun: when it starts, and which."""
        row = await self.next_to_begin()
        return {} if row is None else {"next_at": iso(row.visit.starts_at), "next_ref": row.family_ref}

    async def next_to_begin(self) -> VisitRow | None:
        """Today's first visit that has not begun; else the one that a bare word is about, if it has not."""
        today = await reading.today(self.tx, self.actor)
        waiting = [each for each in (*today, *filter(None, [self.current])) if self._waits(each)]
        return waiting[0] if waiting else None

    def _waits(self, row: VisitRow) -> bool:
        return self.watch_of(row).phase is Phase.BEGIN
