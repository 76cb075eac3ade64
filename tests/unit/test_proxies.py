"""The way to Telegram through a proxy: as the environment names it, and never around it."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from telegram.error import TimedOut

from bots.delivery.outcome import NotSent
from bots.telegram.api import Api
from bots.telegram.errors import outcome_of
from bots.telegram.request import Request
from config.proxies import UnusableProxy, proxy_for
from config.settings import Settings, SettingsError, read_settings
from safety_service import cli
from safety_service.commands import doctor

TELEGRAM = "https://api.telegram.org/bot"
OWN = "http://telegram.example/bot"
HTTP, OTHER = "http://proxy.example:3128", "http://other.example:3128"
UNUSABLE = ["socks5://someone:hidden@proxy.example:1080", "https://proxy.example:3128", "http://", "http://a:b:c"]
SAYS = b'{"ok": true, "result": true}'


@pytest.fixture(autouse=True)
def _no_proxies_of_this_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for scheme in ("http", "https", "all", "no"):
        monkeypatch.delenv(f"{scheme}_proxy", raising=False)
        monkeypatch.delenv(f"{scheme}_proxy".upper(), raising=False)
    monkeypatch.chdir(tmp_path)


class Proxy:
    """Answers whatever is asked in plain HTTP, and never a CONNECT."""

    def __init__(self) -> None:
        self.heads: list[str] = []
        self.url = ""

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        self.heads.append(head)
        if not head.startswith("CONNECT"):
            writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s" % (len(SAYS), SAYS))
            await writer.drain()
        else:
            await reader.read()
        writer.close()


@pytest.fixture
async def proxy() -> AsyncIterator[Proxy]:
    proxy = Proxy()
    server = await asyncio.start_server(proxy.take, "127.0.0.1", 0)
    proxy.url = f"http://someone:hidden@127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server:
        yield proxy


@pytest.mark.parametrize(
    ("named", "url", "way"),
    [
        ({}, TELEGRAM, None),
        ({"HTTPS_PROXY": HTTP}, TELEGRAM, HTTP),
        ({"https_proxy": HTTP, "ALL_PROXY": OTHER}, TELEGRAM, HTTP),
        ({"ALL_PROXY": HTTP}, TELEGRAM, HTTP),
        ({"HTTP_PROXY": HTTP}, TELEGRAM, None),
        ({"HTTP_PROXY": HTTP}, OWN, HTTP),
        ({"HTTPS_PROXY": "proxy.example:3128"}, TELEGRAM, HTTP),
        ({"ALL_PROXY": HTTP, "NO_PROXY": "example.org,telegram.org"}, TELEGRAM, None),
        ({"ALL_PROXY": UNUSABLE[0], "NO_PROXY": "*"}, TELEGRAM, None),
        ({"ALL_PROXY": UNUSABLE[0], "HTTPS_PROXY": HTTP}, TELEGRAM, HTTP),
        ({"ALL_PROXY": HTTP}, "http://127.0.0.1:8081/bot", None),
        ({"ALL_PROXY": HTTP}, "http://[::1]:8081/bot", None),
    ],
)
def test_the_way_is_the_one_that_the_environment_names(
    monkeypatch: pytest.MonkeyPatch, named: dict[str, str], url: str, way: str | None
) -> None:
    for name, value in named.items():
        monkeypatch.setenv(name, value)
    assert proxy_for(url) == way


@pytest.mark.parametrize("name", ["HTTPS_PROXY", "ALL_PROXY"])
@pytest.mark.parametrize("value", UNUSABLE)
def test_a_proxy_that_cannot_be_used_is_refused_at_the_start_and_not_gone_around(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    assert read_settings().telegram_token is None, "who has no bot needs no way to Telegram"
    monkeypatch.setenv("DOORSTEP_TELEGRAM_TOKEN", "1:secret")
    with pytest.raises(
        SettingsError, match=f"^{name}: must be the address of a proxy that begins with http://"
    ) as said:
        read_settings()
    assert not any(each in str(said.value) for each in ("hidden", "secret", "proxy.example"))
    with pytest.raises(UnusableProxy):
        Api("1:secret", TELEGRAM)
    result = CliRunner().invoke(cli.doorstep, ["doctor"])
    assert result.exit_code == 1 and result.output.startswith(f"setting: {name}: must be")


async def test_the_bot_and_the_doctor_go_through_the_proxy(monkeypatch: pytest.MonkeyPatch, proxy: Proxy) -> None:
    """Nobody here knows the name of the host: only the proxy does."""
    monkeypatch.setenv("ALL_PROXY", proxy.url)
    api = Api("1:secret", OWN)
    assert await api.rest.delete_my_commands()
    await api.close()
    assert [
        each async for each in doctor._telegram(Settings(_env_file=None, telegram_api_url=OWN, telegram_token="1:s"))
    ] == []
    assert [each.split(maxsplit=2)[1] for each in proxy.heads] == [f"{OWN}1:secret/deleteMyCommands", f"{OWN}1:s/getMe"]
    allowed = base64.b64encode(b"someone:hidden").decode()
    assert all(f"Proxy-Authorization: Basic {allowed}" in each for each in proxy.heads)


async def test_a_proxy_that_never_lets_us_through_means_that_nothing_was_sent(proxy: Proxy) -> None:
    request = Request(1, 5.0, 5.0, 0.3, 0.3, proxy.url)
    try:
        async with asyncio.timeout(3):
            with pytest.raises(TimedOut) as caught:
                await request.do_request(f"{TELEGRAM}1:secret/sendMessage", "POST")
    finally:
        await request.shutdown()
    assert isinstance(outcome_of(caught.value), NotSent)
    assert proxy.heads[0].startswith("CONNECT api.telegram.org:443") and "secret" not in proxy.heads[0]
