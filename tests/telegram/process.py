"""The server as a process of its own, for tests that want it apart from themselves."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from types import TracebackType

from .remote import RemoteTelegram

ROOT = Path(__file__).parents[2]


class BotApiProcess:
    """Starts the server in a process: `async with BotApiProcess() as telegram:` (a `RemoteTelegram`)."""

    def __init__(self, *options: str) -> None:
        self._options = options
        self._process: asyncio.subprocess.Process | None = None
        self._remote: RemoteTelegram | None = None

    async def __aenter__(self) -> RemoteTelegram:
        command = [sys.executable, "-m", "tests.telegram", "--control", *self._options]
        self._process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdout=asyncio.subprocess.PIPE)
        assert self._process.stdout is not None
        line = (await asyncio.wait_for(self._process.stdout.readline(), 30)).decode()
        if "http://" not in line:
            raise RuntimeError(f"The Telegram server for tests did not start: {line!r}")
        self._remote = RemoteTelegram(line.split()[-1])
        return self._remote

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._remote is not None:
            await self._remote.link.session.close()
        if self._process is not None and self._process.returncode is None:
            self._process.terminate()
            await self._process.wait()
