"""A provider, a tally of its own, and a dispatcher that looks often."""

import pytest

from safety_service.store import tallies
from tests.unit.dispatcher.provider import Provider


@pytest.fixture
def provider() -> Provider:
    return Provider()


@pytest.fixture(autouse=True)
def counted(monkeypatch: pytest.MonkeyPatch) -> tallies.Tally:
    fresh = tallies.Tally()
    monkeypatch.setattr(tallies, "HERE", fresh)
    return fresh


@pytest.fixture(autouse=True)
def _looks_often(monkeypatch: pytest.MonkeyPatch) -> None:
    """The clock is moved by hand, which wakes nobody."""
    monkeypatch.setattr("scheduler.dispatcher.IDLE", 0.02)
