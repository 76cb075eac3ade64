"""How far two places are apart, and where an address is (geopy).

A distance is computed on the spot. A geocoder is a slow stranger: it is asked while planning and for alarms ahead of
time, outside any transaction and never on the way of a worker's word; what it cannot say is None.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Any, Literal, Protocol
from urllib.parse import urlsplit

from geopy import geocoders
from geopy.adapters import AdapterHTTPError, AioHTTPAdapter
from geopy.distance import geodesic
from geopy.exc import GeopyError

log = logging.getLogger(__name__)
# It would log the addresses that are asked for.
logging.getLogger("geopy").setLevel(logging.WARNING)

PATIENCE = 3.0  # seconds for one question to a geocoder
USER_AGENT = "doorstep-lone-worker-safety"
KINDS = {"nominatim": geocoders.Nominatim, "photon": geocoders.Photon}
NOT_UNDERSTOOD = (AttributeError, LookupError, TypeError, ValueError)


class Place(Protocol):
    """A point on the earth (WGS-84 degrees)."""

    @property
    def latitude(self) -> float:
        """North of the equator."""

    @property
    def longitude(self) -> float:
        """East of Greenwich."""


@dataclass(frozen=True, slots=True)
class Spot:
    """A point on the earth (WGS-84 degrees)."""

    latitude: float
    longitude: float


@dataclass(frozen=True, slots=True)
class Far:
    """A distance as it is said: 80 m, 2.3 km, 14 km."""

    amount: int | float
    unit: Literal["m", "km"]


def on_earth(place: Place) -> bool:
    """Whether these degrees can be a place at all."""
    return abs(place.latitude) <= 90 and abs(place.longitude) <= 180


def distance_m(here: Place, there: Place) -> int | None:
    """Whole metres between two places over the ground; None where one of them is no place on this earth."""
    if not (on_earth(here) and on_earth(there)):
        return None
    metres: float = geodesic((here.latitude, here.longitude), (there.latitude, there.longitude)).meters
    return round(metres)


def said_distance(metres: int) -> Far:
    """Round as one would say it: tens of metres, tenths of a kilometre, above ten kilometres whole ones."""
    tens = round(metres, -1)
    if tens < 1000:
        return Far(tens, "m")
    kilometres = round(metres / 1000, 1)
    return Far(kilometres if kilometres < 10 else round(metres / 1000), "km")


class Geocoder(Protocol):
    """Knows where addresses are."""

    async def position_of(self, address: str) -> Spot | None:
        """Where an address is, within three seconds, or None."""

    async def address_of(self, place: Place) -> str | None:
        """The address nearest to a place, within three seconds, or None."""

    async def close(self) -> None:
        """Let go of its connections."""


class NoGeocoder:
    """Used where no geocoder is set: knows nothing."""

    async def position_of(self, address: str) -> Spot | None:  # noqa: ARG002
        """None."""
        return None

    async def address_of(self, place: Place) -> str | None:  # noqa: ARG002
        """None."""
        return None

    async def close(self) -> None:
        """Nothing to let go."""


class GeopyGeocoder:
    """Asks a server through geopy."""

    def __init__(self, geocoder: Any, patience: float = PATIENCE) -> None:
        self._geocoder = geocoder
        self._patience = patience

    async def position_of(self, address: str) -> Spot | None:
        """Where an address is, or None."""
        found = await self._ask(self._geocoder.geocode(address, timeout=self._patience))
        return Spot(found.latitude, found.longitude) if found else None

    async def address_of(self, place: Place) -> str | None:
        """The address nearest to a place, or None."""
        if not on_earth(place):
            return None
        point = (place.latitude, place.longitude)
        found = await self._ask(self._geocoder.reverse(point, timeout=self._patience))
        return str(found.address) if found else None

    async def close(self) -> None:
        """Let go of the connections."""
        await self._geocoder.__aexit__(None, None, None)

    async def _ask(self, question: Awaitable[Any]) -> Any:
        try:
            async with asyncio.timeout(self._patience):
                return await question
        except (GeopyError, AdapterHTTPError, TimeoutError, *NOT_UNDERSTOOD) as error:
            # Never the message: it may hold what was asked.
            log.warning("The geocoder did not answer: %s.", type(error).__name__)
            return None


def open_geocoder(kind: str, url: str, *, patience: float = PATIENCE) -> Geocoder:
    """The geocoder that the settings name (DOORSTEP_GEOCODER, DOORSTEP_GEOCODER_URL).

    The address of the server has to be given: no client's address goes to a stranger by default. Raises ValueError
    for settings that cannot be meant.
    """
    if kind in {"", "none"}:
        return NoGeocoder()
    if kind not in KINDS:
        raise ValueError(f"DOORSTEP_GEOCODER is {kind!r}: it can be none, {' or '.join(KINDS)}.")
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.netloc:
        raise ValueError(f"DOORSTEP_GEOCODER_URL must be the http(s) address of your {kind} server.")
    server = KINDS[kind](
        scheme=parts.scheme,
        domain=parts.netloc + parts.path.rstrip("/"),
        user_agent=USER_AGENT,
        adapter_factory=AioHTTPAdapter,
    )
    return GeopyGeocoder(server, patience)
