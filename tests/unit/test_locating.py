"""Half an address is completed ahead of time, where a geocoder is set."""

from safety_service.actions.places import NoGeocoder, Place, Spot
from safety_service.store import visits
from scheduler.locating import Locating
from tests.world import World


class Atlas:
    """Knows one place."""

    def __init__(self) -> None:
        self.asked: list[object] = []

    async def position_of(self, address: str) -> Spot | None:
        self.asked.append(address)
        return Spot(51.5, -0.1) if address == "1 Elm Row" else None

    async def address_of(self, place: Place) -> str | None:
        self.asked.append(place)
        return "1 Elm Row"

    async def close(self) -> None:
        """Nothing to let go."""


async def test_words_get_their_degrees_and_degrees_their_words(world: World) -> None:
    by_words = await world.plan(address="1 Elm Row")
    by_degrees = await world.plan("Ben", ref="F-2", address="", latitude=51.5, longitude=-0.1)
    await Locating(world.database, Atlas(), "test").once()
    whole = {"text": "1 Elm Row", "latitude": 51.5, "longitude": -0.1}
    assert (await world.visit(by_words.id)).address == whole
    assert (await world.visit(by_degrees.id)).address == whole


async def test_what_the_geocoder_does_not_know_stays_as_given_and_is_not_asked_again(world: World) -> None:
    row = await world.plan(address="Nowhere")
    atlas = Atlas()
    for _ in range(2):
        await Locating(world.database, atlas, "test").once()
    assert atlas.asked == ["Nowhere"]
    assert (await world.visit(row.id)).address["text"] == "Nowhere"


async def test_a_whole_address_is_never_asked_about(world: World) -> None:
    await world.plan(address="1 Elm Row", latitude=1.0, longitude=1.0)
    async with world.database.reading() as tx:
        assert await visits.to_locate(tx, 5) == []


async def test_without_a_geocoder_nobody_is_asked(world: World) -> None:
    assert not Locating(world.database, NoGeocoder(), "test").wanted
