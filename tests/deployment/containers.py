"""The services of docker-compose.yml, run without containers: the image's own files, its commands, its variables.

Where the tests run as root, a service is who it is in its container, and may write where it may write there.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.deployment import inside
from tests.deployment.files import SECRETS, environment, lay_out, ours
from tests.patience import until
from tests.services.process import free_port
from tests.services.template import TEST_KEY

#: Seconds until a service has to live.
ALIVE_WITHIN = 120.0


@dataclass(frozen=True)
class Image:
    """What the Dockerfile puts together: the project as it is installed there, beside the packages of the lock."""

    site: Path
    python: Mapping[str, str]

    @classmethod
    def build(cls, folder: Path) -> Image:
        """Copy what COPY copies, and install it as RUN does, into a folder instead of an environment."""
        source, site = folder / "src", folder / "site"
        source.mkdir()
        lay_out(source)
        words = "-m pip --disable-pip-version-check -q install --no-deps --no-build-isolation --no-index --target"
        subprocess.run([sys.executable, *words.split(), str(site), "."], cwd=source, check=True, capture_output=True)
        (folder / "python").mkdir()
        return cls(site, inside.python(folder / "python"))


@dataclass
class Stack:
    """The services, each in a folder of its own, and the secrets that scripts/secrets makes."""

    image: Image
    folder: Path
    database_url: str
    redis_url: str
    port: int

    @classmethod
    def prepare(cls, image: Image, folder: Path, database_url: str, redis_url: str, *, keys: str = TEST_KEY) -> Stack:
        """Put the secrets there, for their owner alone."""
        (folder / "secrets").mkdir(mode=0o700)
        inside.give(folder / "secrets")
        for name, text in {"secret_keys": keys, "database_url": database_url}.items():
            secret = folder / "secrets" / name
            secret.write_text(f"{text}\n")
            inside.give(secret).chmod(0o400)
        return cls(image, folder, database_url, redis_url, free_port())

    def begin(self, name: str, number: int = 1) -> Container:
        """Start a service as docker-compose.yml says; of its folder only what is mounted there can be written."""
        home = self.folder / f"{name}-{number}"
        for writable in ("var", *(["copies"] if any("/copies" in each for each in ours()[name]["volumes"]) else [])):
            (home / writable).mkdir(mode=0o700, parents=True)
            inside.give(home / writable)
        home.chmod(0o555)
        container = Container(home, self._environment(name))
        container.start(ours()[name]["command"])
        return container

    def _environment(self, name: str) -> dict[str, str]:
        said = environment(ours()[name], DOORSTEP_PUBLIC_URL="https://doorstep.example.org")
        put = {SECRETS: f"{self.folder}/secrets/", "redis://redis:6379/0": self.redis_url}
        for old, new in {**put, "0.0.0.0:8080": f"127.0.0.1:{self.port}"}.items():
            said = {variable: value.replace(old, new) for variable, value in said.items()}
        path = f"{self.image.site}:{self.image.python['PYTHONPATH']}"
        plain = {"PATH": f"{self.image.site}/bin:{os.environ['PATH']}", **self.image.python, "PYTHONPATH": path}
        return {**plain, "PYTHONDONTWRITEBYTECODE": "1", **said}


@dataclass
class Container:
    """One of them, in its folder, with nothing in its environment but its own variables."""

    home: Path
    environment: dict[str, str]
    process: subprocess.Popen[bytes] | None = None

    def start(self, words: Sequence[str]) -> None:
        """Run the image's entry point with these words."""
        with (self.home.parent / f"{self.home.name}.log").open("wb") as log:
            self.process = subprocess.Popen(
                [*self._doorstep, *words],
                cwd=self.home,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                **inside.who(),
            )

    @property
    def _doorstep(self) -> list[str]:
        return [self.environment["PYTHON"], str(Path(self.environment["PYTHONPATH"].split(":")[0]) / "bin/doorstep")]

    def said(self) -> str:
        """All that it printed and logged."""
        return (self.home.parent / f"{self.home.name}.log").read_text()

    async def run(self, *words: str) -> tuple[int, str]:
        """Run a command in it, as a health check or `docker compose exec` does: its exit code, and what it said."""
        run = await asyncio.create_subprocess_exec(
            *self._doorstep,
            *words,
            cwd=self.home,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            **inside.who(),
        )
        out, _ = await run.communicate()
        assert run.returncode is not None
        return run.returncode, out.decode()

    async def alive(self, words: Sequence[str]) -> None:
        """Wait until its health check says yes."""

        said = ""

        async def well() -> bool:
            nonlocal said
            assert self.process is not None and self.process.poll() is None, self.said()
            code, said = await self.run(*words)
            return code == 0

        try:
            await until(well, ALIVE_WITHIN, every=1.0)
        except AssertionError:
            raise AssertionError(f"{said}\n{self.said()}") from None

    async def stopped(self, within: float) -> int:
        """Ask it to stop, as the engine does, and wait: its exit code."""
        assert self.process is not None
        self.process.terminate()
        return await asyncio.to_thread(self.process.wait, within)

    def kill(self) -> None:
        """Whatever happens, it is gone in the end; its children go with it."""
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
