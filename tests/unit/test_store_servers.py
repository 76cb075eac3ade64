"""Several servers of one database: who connects, and who is connected, is led to the one that was promoted last."""

import asyncio
import contextlib
import struct
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import asyncpg
import pytest

from safety_service.store import sealing, servers
from safety_service.store.database import Database
from safety_service.store.engines import at_primary, servers_of
from safety_service.store.errors import DatabaseAway, TryAgain
from safety_service.store.sealing import KeyRing
from tests.conftest import had
from tests.patience import until
from tests.services.postgres import PostgresServer
from tests.services.replication import Pair, new_pair
from tests.services.run import Run
from tests.services.template import TEST_KEY, prepare_template
from tests.unit import rows

Handle = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
#: Seconds in which whoever is connected has to hear of a server that was promoted, on a machine that is busy.
SOON = 30.0


@pytest.fixture(autouse=True)
def _keys() -> None:
    sealing.use(KeyRing([TEST_KEY]))


@pytest.fixture
async def pair(service_run: Run) -> AsyncIterator[Pair]:
    """Two servers; the second follows the first, which does not wait for it."""
    both = had(new_pair, service_run)
    await prepare_template(both.url())
    yield both
    both.end()


async def keep(database: Database, name: str) -> None:
    async with database.transaction() as tx:
        await rows.agency(tx, name)


async def names_on(server: PostgresServer) -> set[str]:
    connection = await asyncpg.connect(server.url(), timeout=10)
    try:
        return set(await connection.fetchval("SELECT coalesce(array_agg(name), '{}') FROM agency"))
    finally:
        await connection.close()


@asynccontextmanager
async def listening(handle: Handle) -> AsyncIterator[int]:
    """A server of the test's own; gives its port."""
    open_ones: set[asyncio.StreamWriter] = set()

    async def each(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        open_ones.add(writer)
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            await handle(reader, writer)
        writer.close()

    server = await asyncio.start_server(each, "127.0.0.1", 0)
    try:
        yield int(server.sockets[0].getsockname()[1])
    finally:
        server.close()
        for writer in open_ones:
            writer.close()
        await asyncio.sleep(0.1)


def refusing(code: str) -> Handle:
    """Lives, and refuses who connects with this error."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        size, asked = struct.unpack("!II", await reader.readexactly(8))
        if asked == 80877103:  # whether it speaks TLS
            writer.write(b"N")
            (size,) = struct.unpack("!I", await reader.readexactly(4))
            await reader.readexactly(size - 4)
        said = f"SFATAL\0C{code}\0Mnot now\0\0".encode()
        writer.write(b"E" + struct.pack("!I", len(said) + 4) + said)
        await writer.drain()

    return handle


async def silent(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
    """The kernel takes the connection, and nothing answers."""
    while await reader.read(1000):
        pass


def slow(server: PostgresServer, seconds: float) -> Handle:
    """This server, which takes so long to take a connection."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(seconds)
        there, to_there = await asyncio.open_connection("127.0.0.1", server.port)
        await asyncio.gather(carried(reader, to_there), carried(there, writer))

    return handle


async def carried(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while said := await reader.read(65536):
        writer.write(said)
    writer.close()


def and_port(url: str, port: int) -> str:
    """This address, and a second server."""
    server, slash, rest = url.removeprefix("postgresql://").partition("/")
    return f"postgresql://{server},127.0.0.1:{port}{slash}{rest}"


@pytest.mark.parametrize("code", ["53300", "57P03"])
async def test_a_server_that_only_says_not_now_may_be_the_primary_and_no_other_is_taken_for_it(
    postgres_url: str, code: str
) -> None:
    async with listening(refusing(code)) as port:
        with pytest.raises(DatabaseAway, match="no server is the primary"):
            await Database.open(and_port(postgres_url, port))
        with pytest.raises(DatabaseAway, match="no server is the primary"):
            await at_primary(and_port(postgres_url, port))


async def test_who_knows_the_primary_stays_with_it_while_the_other_is_full(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(servers, "FRESH", 0.0)
    answers = [silent, refusing("53300")]

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await answers[0](reader, writer)

    monkeypatch.setattr(servers, "CONNECT_WITHIN", 0.7)
    async with listening(handle) as port:
        several = servers_of(and_port(postgres_url, port))
        assert await several.primary() == 0
        answers.pop(0)
        assert await several.primary() == 0


async def test_two_primaries_on_one_timeline_are_both_refused(postgres_url: str) -> None:
    port = int(postgres_url.partition("@127.0.0.1:")[2].partition("/")[0])
    with pytest.raises(DatabaseAway, match="on one timeline"):
        await Database.open(and_port(postgres_url.replace("127.0.0.1", "localhost"), port))


async def test_a_server_that_says_nothing_holds_up_the_first_connection_and_no_other(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(servers, "FRESH", 0.0)
    async with listening(silent) as port:
        several = servers_of(and_port(postgres_url, port))
        assert await several.primary() == 0
        began = time.monotonic()
        for _ in range(5):
            assert await several.primary() == 0
        assert time.monotonic() - began < servers.CONNECT_WITHIN / 2


async def test_a_server_that_stops_answering_holds_up_nobody_for_long(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers: list[Handle] = [gone, silent]

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await answers[0](reader, writer)

    async with listening(handle) as port:
        several = servers_of(and_port(postgres_url, port))
        assert await several.primary() == 0
        answers.pop(0)
        began = time.monotonic()
        assert await several.primary() == 0
        assert time.monotonic() - began < servers.CONNECT_WITHIN / 2


async def gone(_: asyncio.StreamReader, __: asyncio.StreamWriter) -> None:
    """As if nothing listened."""


async def test_who_is_connected_to_a_primary_that_lives_on_is_led_to_the_one_that_was_promoted(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(servers, "LOOK_EVERY", 0.2)
    database = await Database.open(pair.url(), pool_size=3)
    await all_at_once(database, "before")
    await until_there(pair, {"before 0", "before 1", "before 2"})
    pair.promote()
    await until(lambda: is_on(database, pair.second), SOON)
    before = await names_on(pair.first)
    await all_at_once(database, "after")
    assert await names_on(pair.second) >= {"after 0", "after 1", "after 2"}
    assert await names_on(pair.first) == before
    await database.close()


async def test_who_was_quiet_for_long_looks_before_the_first_word_is_kept(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = await Database.open(pair.url(), pool_size=3)
    await all_at_once(database, "before")
    await until_there(pair, {"before 0", "before 1", "before 2"})
    pair.promote()
    monkeypatch.setattr(servers, "LOOK_EVERY", 0.0)
    monkeypatch.setattr(servers, "LOOK_WITHIN", SOON)
    await keep(database, "after")
    assert "after" in await names_on(pair.second)
    assert "after" not in await names_on(pair.first)
    await database.close()


async def test_a_promoted_server_that_is_slow_wins_all_the_same(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(servers, "LOOK_EVERY", 0.2)
    async with listening(slow(pair.second, 3 * servers.MORE)) as port:
        database = await Database.open(and_port(pair.first.url(), port), pool_size=3)
        await keep(database, "before")
        pair.promote()
        await until(lambda: is_on(database, pair.second), SOON)
        await database.close()


async def all_at_once(database: Database, name: str) -> None:
    """On as many connections as the pool has."""
    everybody = asyncio.Barrier(3)

    async def one(number: int) -> None:
        async with database.transaction() as tx:
            await rows.agency(tx, f"{name} {number}")
            await everybody.wait()

    await asyncio.gather(*(one(number) for number in range(3)))


async def until_there(pair: Pair, names: set[str]) -> None:
    """The second has these, too."""

    async def there() -> bool:
        return await names_on(pair.second) >= names

    await until(there, SOON)


async def is_on(database: Database, server: PostgresServer) -> bool:
    name = f"tried at {time.monotonic()}"
    try:
        await keep(database, name)
    except (DatabaseAway, TryAgain):
        return False
    return name in await names_on(server)
