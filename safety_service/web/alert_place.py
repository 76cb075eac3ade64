"""Where somebody was last seen, against where the visit is: in words, as a link, and as what the map is drawn from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bots.dialogue.dressing import MAP, distance
from safety_service.actions.places import Spot, distance_m


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """A place as a page shows it: degrees as people read them, and a link to a map."""

    spot: Spot

    @property
    def says(self) -> str:
        """Both degrees."""
        return f"{self.spot.latitude:.5f}, {self.spot.longitude:.5f}"

    @property
    def link(self) -> str:
        """A map of the world, which is asked only when somebody follows the link."""
        return MAP.format(latitude=self.spot.latitude, longitude=self.spot.longitude)


@dataclass(frozen=True, slots=True, kw_only=True)
class Where:
    """`home`: the visit's address; `seen`: the last position that was sent, when, how exact, and how far from home."""

    home: Point | None
    seen: Point | None
    seen_at: datetime | None
    accuracy_m: int | None
    away_m: int | None

    @property
    def away(self) -> str:
        """How far the two are apart, as one says it."""
        return "" if self.away_m is None else distance(self.away_m)

    @property
    def accuracy(self) -> str:
        """How exact the position is, as one says it."""
        return "" if self.accuracy_m is None else distance(self.accuracy_m)

    @property
    def known(self) -> bool:
        """Whether there is anything to draw."""
        return self.home is not None or self.seen is not None


def where_of(params: Mapping[str, Any]) -> Where:
    """From what the alarm says."""
    home, seen = _point(params), _point(params.get("last_position") or {})
    last = params.get("last_position") or {}
    accuracy = last.get("accuracy_m")
    both = home is not None and seen is not None
    return Where(
        home=home,
        seen=seen,
        seen_at=datetime.fromisoformat(last["at"]) if seen is not None and last.get("at") else None,
        accuracy_m=round(accuracy) if seen is not None and accuracy else None,
        # An address may have been found on the map only after the position was sent.
        away_m=distance_m(home.spot, seen.spot) if both and home and seen else None,
    )


def _point(given: Mapping[str, Any]) -> Point | None:
    latitude, longitude = given.get("latitude"), given.get("longitude")
    if latitude is None or longitude is None:
        return None
    return Point(spot=Spot(float(latitude), float(longitude)))
