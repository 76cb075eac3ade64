"""Floods: where more alarms would go to one chat than anybody can read, the rest go as one message.

Each alarm keeps its own row and its own outcome: reached by the bundle counts for each, and what a bundle could not say
is said again. Which chats had how many is this process's own memory; losing it costs a few messages more.
"""

from __future__ import annotations

import math
import time
from collections import defaultdict, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from bots.delivery.outcome import Blocked, Outcome, Refused, Sent
from config.policy_reaching import BundlePolicy
from safety_service.actions import delivering
from safety_service.actions.telling import Priority
from safety_service.domain.reaching import VOICE
from safety_service.store import bundles
from safety_service.store.database import Tx
from safety_service.store.outbox import Outgoing

#: Seconds in which a phone that was called rings or is spoken into: no second call is of use.
RINGING = 20.0
#: Seconds for which the first message for several waits, at most, while alarms are being raised: those of one team that
#: are due at the same moment come in one batch of the sweep, or in two.
MORE_COME_WITHIN = 0.5
#: Seconds between two moments at which chats stop waiting: each by itself made a look, past all that still waits.
STEP = 0.25
#: Seconds after that wait in which they are looked for. Then another scheduler has them, or nobody needs them any more.
LOOKED_FOR = 5.0
#: Seconds until the next message for several, where one could not take all that waited: ten thousand for a few chats
#: would else climb, not reached in time.
MORE_WAIT = 1.0
#: So many are named in one message; of the rest it says how many they are.
NAMED = 12
TEMPLATE = "bundle.alarms"


@dataclass(frozen=True, slots=True)
class Parcel:
    """One message as it goes out, and the rows that are told by it."""

    out: Outgoing
    rows: tuple[Outgoing, ...]

    @property
    def bundled(self) -> bool:
        """Whether it speaks for several."""
        return len(self.rows) > 1


class Bundling:
    """Remembers how many alarms each chat had of late, and gathers what would be too many.

    `raging`: whether more alarms are being raised at this very moment. Then what would be gathered waits for them: the
    first message for several would else speak of a few, and the rest would come seconds later.
    """

    def __init__(self, steady: Callable[[], float] = time.monotonic) -> None:
        self._steady = steady
        self.raging: Callable[[], bool] = lambda: False
        #: Until when, at the latest, each chat's first message for several waits for those that are being raised.
        self._waits: dict[UUID, float] = {}
        self._went: defaultdict[UUID, deque[float]] = defaultdict(deque)
        #: Until when each chat's alarms are being gathered.
        self._rests: dict[UUID, float] = {}

    def resting(self) -> list[UUID]:
        """Chats that had a bundle or a call just now: what comes meanwhile goes with the next one."""
        now = self._steady()
        self._rests = {chat: until for chat, until in self._rests.items() if until > now}
        self._waits = {chat: until for chat, until in self._waits.items() if until + LOOKED_FOR > now}
        return [*self._rests, *(chat for chat, until in self._waits.items() if until > now and self.raging())]

    @property
    def waits(self) -> bool:
        """Whether something waits for alarms that are being raised."""
        return bool(self._waits)

    async def parcels(
        self, tx: Tx, taken: Sequence[Outgoing], policy: BundlePolicy, holder: str, for_: timedelta
    ) -> list[Parcel]:
        """The leased messages as they are to go out; what more waits for a flooded chat is leased with them."""
        alarms: defaultdict[UUID, list[Outgoing]] = defaultdict(list)
        for each in taken:
            if may_be_gathered(each):
                alarms[each.channel_id].append(each)
        found = [Parcel(each, (each,)) for each in taken if not may_be_gathered(each)]
        room = {chat: self._room(chat, first[0].channel, policy) for chat, first in alarms.items()}
        flooded = [chat for chat, first in alarms.items() if len(first) > room[chat]]
        waiting = [chat for chat in flooded if self._is_to_wait(chat)]
        back = {each.id: each for chat in waiting for each in _together(alarms[chat])[room[chat] :]}
        # They go back into the outbox: no crash may hold them for long.
        await delivering.give_back(tx, back.values())
        for chat in waiting:
            now = [each for each in alarms.pop(chat) if each.id not in back]
            self._went[chat].extend(self._steady() for _ in now)
            found += [Parcel(each, (each,)) for each in now]
        rest = await delivering.lease_rest(tx, [each for each in flooded if each in alarms], holder, for_)
        full = len(rest) >= bundles.MOST
        for each in rest:
            alarms[each.channel_id].append(each)
        for chat, rows in alarms.items():
            found += self._gathered(chat, rows, room[chat], MORE_WAIT if full else policy.every.total_seconds())
        return found

    def _is_to_wait(self, chat: UUID) -> bool:
        """Once, and for a moment."""
        if self._waits.pop(chat, None) is not None or not self.raging():
            return False
        self._waits[chat] = math.floor((self._steady() + MORE_COME_WITHIN) / STEP) * STEP
        return True

    def _room(self, chat: UUID, kind: str, policy: BundlePolicy) -> int:
        """How many may still go to this chat each by itself."""
        if kind == VOICE:
            return 0
        went = self._went[chat]
        while went and went[0] <= self._steady() - policy.within.total_seconds():
            went.popleft()
        return max(policy.more_than - len(went), 0)

    def _gathered(self, chat: UUID, rows: list[Outgoing], alone: int, every: float) -> list[Parcel]:
        apart = [each for each in rows if is_watched(each)]
        several = _together(rows)
        rest = several[alone:]
        parcels = [Parcel(each, (each,)) for each in (*apart, *several[:alone])]
        if len(rest) == 1:
            parcels.append(Parcel(rest[0], (rest[0],)))
        elif rest:
            parcels.append(Parcel(bundle_of(rest), tuple(rest)))
        now = self._steady()
        self._went[chat].extend(now for _ in parcels)
        if rows[0].channel == VOICE:
            self._rests[chat] = now + RINGING
        elif len(rest) > 1:
            self._rests[chat] = now + every
        return parcels


def outcomes(parcel: Parcel, outcome: Outcome) -> list[tuple[Outgoing, Outcome]]:
    """What became of each row. A chat that is shut is shut once; of a bundle no row has a message of its own."""
    if not parcel.bundled:
        return [(parcel.out, outcome)]
    first, *rest = parcel.rows
    if isinstance(outcome, Sent):
        outcome = Sent(delivering.together(parcel.out.id, outcome.provider_id))
    others = Refused(outcome.reason) if isinstance(outcome, Blocked) else outcome
    return [(first, outcome), *((each, others) for each in rest)]


def may_be_gathered(out: Outgoing) -> bool:
    """An alarm that is no cry: SOS and duress are never gathered."""
    return out.priority == Priority.ALARM and out.template.startswith("alarm.")


def _together(rows: Sequence[Outgoing]) -> list[Outgoing]:
    """Those that may go as one message."""
    return [each for each in rows if not is_watched(each)]


def is_watched(out: Outgoing) -> bool:
    """Whether its worker may be watched: it says not to ring them, which one line among many does not."""
    return out.params.get("variant") == "duress"


def bundle_of(rows: Sequence[Outgoing]) -> Outgoing:
    """One message for several alarms to the same chat, named after the first of them."""
    first = rows[0]
    by_alert = {each.alert_id: each.params for each in rows}
    params: dict[str, Any] = {
        "bundle_id": str(first.id),
        "count": len(by_alert),
        "alarms": [_line(each) for each in list(by_alert.values())[:NAMED]],
        "more": len(by_alert) - NAMED if len(by_alert) > NAMED else None,
        "page": "/board",
    }
    return replace(
        first,
        template=TEMPLATE,
        params=params,
        visit_id=None,
        alert_id=None,
        maybe_sent=any(each.maybe_sent for each in rows),
        due_at=None,
    )


def _line(params: dict[str, Any]) -> dict[str, Any]:
    kept = {name: params.get(name) for name in ("number", "worker", "kind", "reply")}
    return {"line": "bundled", **kept}
