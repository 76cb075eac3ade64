"""The dispatcher: leases messages from the outbox, hands them to the channels, and writes down what became of each."""

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bots.delivery.outcome import Later, Outcome, Refused, Sent, Unknown
from bots.delivery.sender import Sender
from bots.dialogue.render import Rendered, ceiling_for, render
from config.policy import Policy
from safety_service.actions import delivering, outages
from safety_service.actions.reached_by import PROVIDERS
from safety_service.actions.telling import Priority
from safety_service.domain.reaching import CHATS
from safety_service.store import agencies, alone, leases, stamps
from safety_service.store.crash import crash_point
from safety_service.store.database import Database, Tx
from safety_service.store.errors import DatabaseAway, TryAgain
from safety_service.store.outbox import Outgoing
from scheduler.bundling import Bundling, Parcel, outcomes
from scheduler.lanes import Lane, lanes
from scheduler.recorder import Recorder

log = logging.getLogger(__name__)

#: Seconds that a channel has to take one message.
SEND_WITHIN = 10.0
#: Seconds that what is on its way still has when the process stops; then it is given back as perhaps taken.
LAST_WITHIN = 6.0
#: How long a message is this process's: longer than sending takes, short enough for a crash to be soon made good.
LEASE = timedelta(seconds=30)
#: Seconds between two looks when nothing wakes it.
IDLE = 0.5
#: The same, while something waits for alarms that are being raised.
SOON = 0.05
#: Messages that are leased at once; and how long it is waited for some of a lane's slots to be free, where more waits.
BATCH = 50
BREATH = 0.02
#: The stamp that says that messages are being sent.
DISPATCHER = "dispatcher"
#: The lock of the one dispatcher that looks for channels that fail, and how long it is its.
OUTAGES = "outages"
ONE_LOOKS = timedelta(seconds=20)


@dataclass(frozen=True, slots=True)
class Setting:
    """What a message's text depends on besides itself."""

    policy: Policy
    zone: ZoneInfo


class Dispatcher:
    """Many messages are on their way at once; one receiver that hangs delays nobody else."""

    def __init__(
        self,
        database: Database,
        senders: Iterable[Sender],
        *,
        holder: str,
        public_url: str = "",
        replies: bool = True,
        within: float = SEND_WITHIN,
        idle: float | None = None,
        steady: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database = database
        self._senders: Mapping[str, Sender] = {each.kind: each for each in senders}
        self._holder = holder
        self._public_url = public_url
        #: Whether anybody hears what is sent back to a provider: else no message asks for it.
        self._replies = replies
        self._within = within
        self._idle = IDLE if idle is None else idle
        self._steady = steady
        self._recorder = Recorder(database)
        self._bundling = Bundling(steady)
        self._lanes = lanes(self._senders)
        self._held: dict[str, float] = {}
        self._stopping = asyncio.Event()
        #: By the event loop's clock: when all sending ends. And how long each that goes on may still take.
        self._ends_at = float("inf")
        self._sending: set[asyncio.Timeout] = set()
        #: Channels that took a message since the last report.
        self._took: set[str] = set()

    def heed(self, raging: Callable[[], bool]) -> None:
        """What tells whether more alarms are being raised at this very moment: bundles wait for them."""
        self._bundling.raging = raging

    @property
    def behind(self) -> bool:
        """Whether more alarms wait to be handed over in chats than can be on their way at once."""
        return any(each.more for each in self._lanes if each.most <= Priority.ALARM and CHATS.issuperset(each.kinds))

    def stop(self) -> None:
        """Lease no more; `run` ends once all that is on its way has arrived, or was given up, and is recorded.

        What was cut off unrecorded would be leased until its time is up, and an alarm late by that.
        """
        self._stopping.set()
        self._ends_at = _steady() + LAST_WITHIN
        for each in self._sending:
            if not each.expired():
                each.reschedule(min(self._ends_at, each.when() or self._ends_at))
        self._wake()

    async def run(self) -> None:
        """Dispatch until stopped."""
        async with asyncio.TaskGroup() as helpers:
            helping = [helpers.create_task(self._recorder.run()), helpers.create_task(self._listen())]
            async with asyncio.TaskGroup() as serving:
                for lane in self._lanes:
                    serving.create_task(self._serve(lane), name=f"lane {lane.name}")
            for each in helping:
                each.cancel()

    async def report(self) -> None:
        """Say that messages are being sent, and by which channels; a channel that fails for everybody is an alert."""
        took, self._took = self._took, set()
        async with self._database.transaction() as tx:
            await stamps.stamp(tx, DISPATCHER)
            await alone.say(tx, self._holder, self._database.hot.apart)
            await stamps.stamp(tx, PROVIDERS, {"kinds": sorted(self._senders)})
            for kind in took:
                await stamps.stamp(tx, outages.took(kind))
            if await leases.hold(tx, OUTAGES, self._holder, ONE_LOOKS):
                await outages.look(tx, self._senders)

    async def say_unwritten(self, messages: list[Outgoing]) -> int:
        """Hand over what no outbox holds, because nothing can be kept. Gives how many were taken."""
        ours = [each for each in messages if each.channel in self._senders]
        async with self._database.reading() as tx:
            settings = await _settings(tx, {each.agency_id for each in ours})
        outcomes = await asyncio.gather(*(self._send(each, settings[each.agency_id]) for each in ours))
        return sum(isinstance(each, Sent) for each in outcomes)

    def _wake(self) -> None:
        for lane in self._lanes:
            lane.wake.set()

    async def _listen(self) -> None:
        async with self._database.hot.subscribe("outbox") as events:
            async for _ in events:
                self._wake()

    async def _serve(self, lane: Lane) -> None:
        while not self._stopping.is_set():
            lane.wake.clear()
            # Of a flood more may be on its way than there are slots; SQLite takes a limit below nothing for none.
            free = max(0, min(lane.slots - len(lane.busy), BATCH))
            lane.more = not free
            for parcel, setting in await self._take(lane, free) if free else ():
                task = asyncio.create_task(self._deliver(parcel, setting))
                lane.busy.add(task)
                task.add_done_callback(lambda done: self._freed(lane, done))
            if not lane.more or not free:
                await self._woken(lane)
            elif free < lane.slots // 4:
                # Each that arrives frees a slot: leased one by one, they took as long to lease as to send.
                await asyncio.sleep(BREATH)
        if lane.busy:
            await asyncio.wait(lane.busy)

    async def _woken(self, lane: Lane) -> None:
        """By what is put into the outbox, by time, or by the moment at which gathered alarms may go."""
        until = _steady() + self._idle
        resting = self._bundling.resting()
        while not lane.wake.is_set() and (left := until - _steady()) > 0:
            await _wait(lane.wake, min(left, SOON) if lane.gathers and self._bundling.waits else left)
            if lane.gathers and resting != self._bundling.resting():
                return

    def _freed(self, lane: Lane, done: asyncio.Task[None]) -> None:
        lane.busy.discard(done)
        if lane.more or lane.in_order:
            # Where nothing waits for a slot, nobody need look: each message of a storm made one look of its own.
            lane.wake.set()
        if not done.cancelled() and (error := done.exception()) is not None:
            log.error("a message's delivery failed; its lease runs out", exc_info=error)

    async def _take(self, lane: Lane, limit: int) -> list[tuple[Parcel, Setting]]:
        channels = [kind for kind in lane.kinds if not self._is_held(kind, lane)]
        try:
            async with self._database.transaction() as tx:
                taken = await delivering.lease(
                    tx,
                    channels,
                    limit,
                    self._holder,
                    LEASE,
                    least=lane.least,
                    most=lane.most,
                    in_order=lane.in_order,
                    resting=self._bundling.resting(),
                )
                lane.more = len(taken) == limit
                return await self._parcels(tx, taken)
        except (DatabaseAway, TryAgain) as error:
            log.warning("no messages are sent (%s): %s", lane.name, type(error).__name__)
        except Exception:
            # Ending here would end the watch in this process, too, and again at each start. Channels that take
            # nothing are an alert of their own.
            log.exception("no messages are sent (%s)", lane.name)
        return []

    async def _parcels(self, tx: Tx, taken: list[Outgoing]) -> list[tuple[Parcel, Setting]]:
        if not taken:
            return []
        bundle = (await tx.policy()).bundle
        parcels = await self._bundling.parcels(tx, taken, bundle, self._holder, LEASE)
        settings = await _settings(tx, {each.out.agency_id for each in parcels})
        return [(each, settings[each.out.agency_id]) for each in parcels]

    def _is_held(self, kind: str, lane: Lane) -> bool:
        """A channel that asked for a pause gets it from routine; what is urgent asks for itself, each time anew."""
        return lane.least > Priority.ALARM and self._held.get(kind, float("-inf")) > self._steady()

    async def _deliver(self, parcel: Parcel, setting: Setting) -> None:
        crash_point("outbox:leased")
        out = parcel.out
        outcome = await self._send(out, setting)
        crash_point("outbox:sent")
        if isinstance(outcome, Later) and outcome.whole_channel:
            self._held[out.channel] = self._steady() + outcome.seconds
        if isinstance(outcome, Sent):
            self._took.add(out.channel)
        if parcel.bundled and isinstance(outcome, Refused):
            log.error("a message for %d alarms was refused: each goes by itself", len(parcel.rows))
            for each in parcel.rows:
                await self._deliver(Parcel(each, (each,)), setting)
            return
        kept = [self._recorder.record(each, of_each) for each, of_each in outcomes(parcel, outcome)]
        await asyncio.shield(asyncio.gather(*kept))

    async def _send(self, out: Outgoing, setting: Setting) -> Outcome:
        sender = self._senders[out.channel]
        try:
            async with self._patience():
                return await sender.send(out, self._rendered(out, setting))
        except TimeoutError:
            if self._stopping.is_set():
                return Unknown("no answer by the time that the process stopped", cut=True)
            return Unknown(f"no answer within {self._within:g} s")
        except Exception as error:
            # A sender tells what became of it; one that raises leaves us not knowing.
            log.exception("the sender for %s failed", out.channel)
            return Unknown(type(error).__name__)

    @contextlib.asynccontextmanager
    async def _patience(self) -> AsyncIterator[None]:
        async with asyncio.timeout_at(min(_steady() + self._within, self._ends_at)) as timeout:
            self._sending.add(timeout)
            try:
                yield
            finally:
                self._sending.discard(timeout)

    def _rendered(self, out: Outgoing, setting: Setting) -> Rendered:
        return render(
            out.template,
            out.params if self._replies else {**out.params, "reply": None},
            channel=out.channel,
            ceiling=ceiling_for(setting.policy, out.channel, out.template),
            zone=setting.zone,
            repeat=out.maybe_sent,
            now=out.created_at,
            public_url=self._public_url,
        )


async def _settings(tx: Tx, agency_ids: Collection[UUID]) -> dict[UUID, Setting]:
    policy = await tx.policy()
    return {each: Setting(policy, _zone((await agencies.get(tx, each)).timezone)) for each in agency_ids}


def _zone(name: str) -> ZoneInfo:
    """One agency whose time zone this machine does not know keeps nobody's alarm: its times are said in UTC."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        log.critical("the time zone %s is not known here: times are said in UTC", name)
        return ZoneInfo("UTC")


def _steady() -> float:
    return asyncio.get_running_loop().time()


async def _wait(event: asyncio.Event, seconds: float) -> None:
    # Not `wait_for`: in Python 3.11 it can swallow a cancellation that comes in the same moment.
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()
