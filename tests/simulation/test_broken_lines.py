"""Five safety lines, broken on purpose: the simulation finds each, and says after how many days."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bots.delivery.outcome import Sent
from safety_service.domain import events as ev
from safety_service.domain import visit
from safety_service.domain.alert import Alert, Resolution, Step, quiet
from safety_service.domain.watch import ended
from safety_service.domain.words import Found, KnownBy, State
from safety_service.simulation.day import Lived, live
from safety_service.simulation.faults import Faults
from safety_service.store.database import Tx
from scheduler.bundling import Parcel
from scheduler.dispatcher import Dispatcher

HOURS = 2.0
WORKERS = 12
#: Days that are lived at most until it is found.
DAYS = 12


def found(what: str, faults: Faults | None = None) -> Lived:
    """The first day on which a promise is broken."""
    for seed in range(1, DAYS + 1):
        lived = live(seed, HOURS, workers=WORKERS, faults=faults)
        if lived.broken is not None:
            print(f"{what}: found after {seed} of {DAYS} days, at step {lived.broken.step}: {lived.broken.why}")
            return lived
    pytest.fail(f"{what}: not found in {DAYS} days")


def test_without_the_grace_somebody_is_alarmed_too_early(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("safety_service.domain.watch.grace", lambda *_: timedelta())
    broken = found("the grace is dropped").broken
    assert broken is not None
    assert (broken.promise, "before the grace was over" in broken.why) == ("P1", True)


def test_a_message_that_counts_as_sent_before_it_is_sent_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    async def deliver(self: Dispatcher, parcel: Parcel, setting: Any) -> None:
        for each in parcel.rows:
            await self._recorder.record(each, Sent("not yet"))
        await self._send(parcel.out, setting)

    monkeypatch.setattr(Dispatcher, "_deliver", deliver)
    broken = found("sent is written down first").broken
    assert broken is not None
    assert (broken.promise, "no channel has taken it" in broken.why) == ("P4", True)


def test_a_late_ok_that_closes_an_alert_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def closes(alert: Alert, _word: str, said_at: Any) -> Step:
        if not alert.open:
            return alert, ()
        # In the name of somebody who was told: the worker's own name the database itself refuses.
        by = min(alert.told)
        found_so = Resolution(found=Found.LATE, known_by=KnownBy.OTHER, note="a word came", by=by)
        ended_so = {"state": State.RESOLVED, "resolution": found_so, "resolved_at": said_at, "owner_id": by}
        return replace(quiet(alert), **ended_so, taken_at=said_at), ()

    monkeypatch.setattr("safety_service.domain.handling.late_word", closes)
    broken = found("a late word closes").broken
    assert broken is not None
    assert broken.promise in ("P3", "P5")


def test_an_error_of_the_sweep_that_is_swallowed_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    async def swallowed(tx: Tx, work: Callable[[], Awaitable[None]], _what: str) -> bool:
        try:
            async with tx.savepoint():
                await work()
        except Exception:  # noqa: BLE001  (that is the fault)
            return True
        return True

    monkeypatch.setattr("safety_service.actions.sweeping._alone", swallowed)
    broken = found("a sweep's error is swallowed", Faults(spoilt=6.0)).broken
    assert broken is not None
    assert (broken.promise, "nothing was done" in broken.why) == ("P1", True)


def test_a_deadline_that_is_forgotten_after_an_alert_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(visit._HANDLERS, ev.AlertResolved, lambda _visit, watch, *_: (ended(watch), ()))
    broken = found("the deadline is forgotten").broken
    assert broken is not None
    assert (broken.promise, "nobody said anything of the kind" in broken.why) == ("P1", True)
