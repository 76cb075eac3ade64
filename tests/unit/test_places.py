"""How far it is, and where an address is: told, or None, in time."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator

import pytest
from aiohttp import web

from safety_service.actions.places import Far, Geocoder, NoGeocoder, Spot, distance_m, open_geocoder, said_distance

BIG_BEN = Spot(51.50073, -0.12462)
TOWER = Spot(51.50812, -0.07595)


class MapServer:
    """Answers as Nominatim (`/search`, `/reverse`) and Photon (`/api`, `/photon/reverse`) do."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.agents: list[str] = []
        self.answer: web.Response | None = None
        self.silent = asyncio.Event()
        self.silent.set()
        self.url = ""

    async def handle(self, request: web.Request) -> web.Response:
        self.asked.append(request.query.get("q") or f"{request.query['lat']},{request.query['lon']}")
        self.agents.append(request.headers["User-Agent"])
        await self.silent.wait()
        if self.answer is not None:
            return self.answer
        if request.path.startswith("/photon"):
            return web.json_response({"features": self._features(self.asked[-1])})
        found = {"display_name": "10, Mill Lane, Leeds", "lat": "53.8", "lon": "-1.55"}
        if request.path == "/reverse":
            return web.json_response(found)
        return web.json_response([] if "Nowhere" in self.asked[-1] else [found])

    def _features(self, asked: str) -> list[dict[str, object]]:
        found = {
            "properties": {"name": "Mill House", "street": "Mill Lane", "city": "Leeds"},
            "geometry": {"coordinates": [-1.55, 53.8]},
        }
        return [] if "Nowhere" in asked else [found]


@pytest.fixture
async def server() -> AsyncIterator[MapServer]:
    maps = MapServer()
    app = web.Application()
    for path in ("/search", "/reverse", "/photon/api", "/photon/reverse"):
        app.router.add_get(path, maps.handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    maps.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield maps
    maps.silent.set()
    await runner.cleanup()


@pytest.fixture(params=["nominatim", "photon"])
async def geocoder(request: pytest.FixtureRequest, server: MapServer) -> AsyncIterator[Geocoder]:
    url = server.url if request.param == "nominatim" else f"{server.url}/photon/"
    opened = open_geocoder(request.param, url, patience=0.5)
    yield opened
    await opened.close()


def test_a_distance_over_the_ground_is_right_to_a_few_metres() -> None:
    metres = distance_m(BIG_BEN, TOWER)
    assert metres is not None and abs(metres - 3477) <= 5


def test_the_same_place_is_no_distance_away() -> None:
    assert distance_m(TOWER, TOWER) == 0


@pytest.mark.parametrize("nowhere", [Spot(91, 0), Spot(float("nan"), 0), Spot(0, float("inf"))])
def test_a_place_that_cannot_be_has_no_distance_and_breaks_nothing(nowhere: Spot) -> None:
    assert distance_m(nowhere, TOWER) is None


@pytest.mark.parametrize(
    ("metres", "said"),
    [
        (0, Far(0, "m")),
        (84, Far(80, "m")),
        (994, Far(990, "m")),
        (996, Far(1.0, "km")),
        (2312, Far(2.3, "km")),
        (9949, Far(9.9, "km")),
        (9960, Far(10, "km")),
        (14499, Far(14, "km")),
    ],
)
def test_a_distance_is_said_as_people_say_it(metres: int, said: Far) -> None:
    assert said_distance(metres) == said


async def test_an_address_becomes_a_position(geocoder: Geocoder, server: MapServer) -> None:
    assert await geocoder.position_of("10 Mill Lane") == Spot(53.8, -1.55)
    assert server.asked == ["10 Mill Lane"]
    assert server.agents == ["doorstep-lone-worker-safety"]


async def test_a_position_becomes_an_address(geocoder: Geocoder, server: MapServer) -> None:
    address = await geocoder.address_of(Spot(53.8, -1.55))
    assert address is not None and "Mill Lane" in address
    assert server.asked == ["53.8,-1.55"]


async def test_an_unknown_address_is_none(geocoder: Geocoder) -> None:
    assert await geocoder.position_of("Nowhere") is None


async def test_a_position_that_cannot_be_is_not_even_asked_for(geocoder: Geocoder, server: MapServer) -> None:
    assert await geocoder.address_of(Spot(200, 0)) is None
    assert server.asked == []


@pytest.mark.parametrize("body", ["<html>", "[", '{"features": 3}', "[[1]]", '[{"lat": "north"}]'])
async def test_nonsense_from_the_server_is_none(geocoder: Geocoder, server: MapServer, body: str) -> None:
    server.answer = web.Response(text=body, content_type="application/json")
    assert await geocoder.position_of("10 Mill Lane") is None


@pytest.mark.parametrize("status", [403, 429, 500, 502])
async def test_a_refusal_is_none_and_the_address_is_not_logged(
    geocoder: Geocoder, server: MapServer, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    server.answer = web.Response(text="no: 10 Mill Lane", status=status)
    with caplog.at_level(logging.INFO):
        assert await geocoder.position_of("10 Mill Lane") is None
    assert "The geocoder did not answer" in caplog.text
    assert "Mill" not in caplog.text


async def test_a_silent_server_is_none_within_its_time(geocoder: Geocoder, server: MapServer) -> None:
    server.silent.clear()
    async with asyncio.timeout(5):
        assert await geocoder.position_of("10 Mill Lane") is None


async def test_a_server_that_is_away_is_none() -> None:
    geocoder = open_geocoder("nominatim", "http://127.0.0.1:1", patience=0.5)
    assert await geocoder.position_of("10 Mill Lane") is None
    await geocoder.close()


async def test_without_a_geocoder_nothing_is_known() -> None:
    geocoder = open_geocoder("none", "")
    assert isinstance(geocoder, NoGeocoder)
    assert await geocoder.position_of("10 Mill Lane") is None
    assert await geocoder.address_of(TOWER) is None
    await geocoder.close()


@pytest.mark.parametrize(
    ("kind", "url"), [("goggle", "https://maps.example"), ("nominatim", ""), ("photon", "ftp://maps.example")]
)
def test_settings_that_cannot_be_meant_are_refused_at_start(kind: str, url: str) -> None:
    with pytest.raises(ValueError, match="DOORSTEP_GEOCODER"):
        open_geocoder(kind, url)
