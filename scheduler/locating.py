"""Completing addresses: where a geocoder is set, words get their degrees, and degrees their words."""

import logging
from datetime import timedelta
from typing import Any

from safety_service.actions.places import Geocoder, NoGeocoder, Spot
from safety_service.store import leases, visits
from safety_service.store.database import Database

log = logging.getLogger(__name__)

EVERY = timedelta(seconds=2)
#: A few at a time: each may take its three seconds.
BATCH = 5
WITHIN = timedelta(seconds=20)


class Locating:
    """Asks the geocoder ahead of time, outside every transaction: no word and no alarm ever waits for it."""

    def __init__(self, database: Database, geocoder: Geocoder, holder: str) -> None:
        self._database = database
        self._geocoder = geocoder
        self._holder = holder

    @property
    def wanted(self) -> bool:
        """Whether there is a geocoder to ask."""
        return not isinstance(self._geocoder, NoGeocoder)

    async def once(self) -> None:
        """Complete the addresses of a few visits. What the geocoder does not know stays as it was given."""
        async with self._database.reading() as tx:
            waiting = await visits.to_locate(tx, BATCH)
        if not waiting or not await self._mine():
            return
        for visit_id, address in waiting:
            completed = await self._completed(address)
            async with self._database.transaction() as tx:
                await visits.locate(tx, visit_id, completed)

    async def _mine(self) -> bool:
        async with self._database.transaction() as tx:
            return await leases.hold(tx, "locating", self._holder, WITHIN)

    async def _completed(self, address: dict[str, Any]) -> dict[str, Any]:
        if address.get("latitude") is None:
            spot = await self._geocoder.position_of(address["text"])
            return address if spot is None else {**address, "latitude": spot.latitude, "longitude": spot.longitude}
        words = await self._geocoder.address_of(Spot(address["latitude"], address["longitude"]))
        return address if words is None else {**address, "text": words}

    async def close(self) -> None:
        """Let go of the geocoder's connections."""
        await self._geocoder.close()
