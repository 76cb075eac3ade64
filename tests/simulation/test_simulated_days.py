"""Days of watching under a simulated clock, with everything that goes wrong: no promise is broken on any."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from safety_service.simulation.chance import ids
from safety_service.simulation.day import Lived, Twin, live
from safety_service.simulation.faults import CALM, Faults
from safety_service.simulation.town import DURESS, OWN
from safety_service.simulation.virtual import Stuck, VirtualLoop, run
from safety_service.simulation.worker import LIVELY

ROOT = Path(__file__).parents[2]
#: Each seed is a day with faults of its own. Together they take a minute of one processor at most.
SEEDS = range(1, 41)
HOURS = 1.25
WORKERS = 6
#: Everything at once.
WILD = Faults(
    crash=12.0,
    busy=0.02,
    away=1.0,
    down=1.0,
    step=6.0,
    spoilt=1.0,
    not_sent=0.2,
    slow=0.1,
    lost=0.1,
    twice=0.02,
    later=0.05,
    fails=0.01,
    shuts=0.1,
    echo=0.05,
    offline=0.1,
)


def kept(lived: Lived) -> None:
    """No promise was broken on this day."""
    assert lived.broken is None, "\n".join([*lived.last, str(lived.broken), f"seed {lived.seed}"])


@pytest.mark.parametrize("seed", SEEDS)
def test_no_promise_is_broken_on_any_of_these_days(seed: int) -> None:
    lived = live(seed, HOURS, workers=WORKERS)
    kept(lived)
    assert lived.visit_hours > 0


def test_a_day_on_which_everything_goes_wrong_breaks_no_promise() -> None:
    lived = live(7, 1.0, workers=WORKERS, faults=WILD)
    kept(lived)
    assert all(lived.counts[each] for each in ("crash", "clock", "alert")), lived.counts


def test_the_same_seed_is_the_same_day() -> None:
    first, again = (live(3, 1.0, workers=6, faults=WILD) for _ in range(2))
    assert (first.digest, first.steps) == (again.digest, again.steps)
    assert live(4, 1.0, workers=6, faults=WILD).digest != first.digest


def test_another_process_lives_the_same_day() -> None:
    """However Python shuffles its sets there."""
    here = live(5, 0.5, workers=6, faults=WILD)
    say = f"from tests.simulation.test_simulated_days import *; print(live(5, 0.5, workers=6, faults={WILD!r}).digest)"
    digests = {here.digest}
    for salt in ("1", "2"):
        there = {**os.environ, "PYTHONHASHSEED": salt}
        ran = subprocess.run(
            [sys.executable, "-c", say], cwd=ROOT, env=there, capture_output=True, text=True, check=True
        )
        digests.add(ran.stdout.strip())
    assert digests == {here.digest}


def test_a_calm_day_has_no_gap_and_no_repeat() -> None:
    lived = live(6, 2.0, workers=WORKERS, faults=CALM)
    kept(lived)
    assert (lived.counts["crash"], lived.counts["away"]) == (0, 0)


def test_nothing_of_duress_reaches_the_worker_or_a_colleague() -> None:
    """Two days that differ in nothing but the word that was said: whoever goes out sees the same on both (P5)."""
    short = replace(LIVELY, lengths=(15, 25, 45), high=0.9, medium=0.95)
    under_duress, free = (
        live(11, HOURS, workers=WORKERS, faults=CALM, manner=short, twin=Twin(each)) for each in (DURESS, OWN)
    )
    kept(under_duress)
    kept(free)
    assert under_duress.counts["sends"] > free.counts["sends"], "nobody said the duress word"
    assert under_duress.screens.keys() == free.screens.keys()
    for name, screen in under_duress.screens.items():
        assert [text for _, text in screen] == [text for _, text in free.screens[name]], name
        assert all(abs(at - then) < 0.5 for (at, _), (then, _) in zip(screen, free.screens[name], strict=True)), name


def test_ids_are_the_same_each_time_and_grow() -> None:
    first, again = ids(1), ids(1)
    made = [first() for _ in range(1000)]
    assert made == sorted(made)
    assert made == [again() for _ in range(1000)]
    assert {each.version for each in made} == {7}


def test_a_simulation_in_which_everybody_waits_says_so() -> None:
    loop = VirtualLoop()

    async def waits() -> None:
        await loop.create_future()

    with pytest.raises(Stuck):
        run(loop, waits())
