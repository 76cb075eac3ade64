"""A real Redis for the tests: one for each worker, because channels are not divided by database number."""

from __future__ import annotations

import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from tests.services.install import find_or_install, first_in_path
from tests.services.process import free_port, start_apart
from tests.services.run import Run


@dataclass
class RedisServer:
    """Keeps its port for life: stopped or killed by a test, it comes back where it was, empty."""

    program: Path
    folder: Path
    port: int
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        """Does nothing when it runs already."""
        if self.process and self.process.poll() is None:
            return
        words = f"--port {self.port} --bind 127.0.0.1 --appendonly no --daemonize no --databases 16".split()
        command = [str(self.program), *words, "--save", "", "--dir", str(self.folder)]
        self.process = start_apart(command, cwd=self.folder)
        self._wait_until_it_answers(self.process)

    def stop(self) -> None:
        if self.process:
            self.process.terminate()
            self.process.wait(10)

    def kill(self) -> None:
        if self.process:
            self.process.kill()
            self.process.wait(10)

    def flush(self) -> None:
        with redis.Redis(port=self.port, socket_timeout=5) as client:
            client.flushall()

    def _wait_until_it_answers(self, process: subprocess.Popen[bytes]) -> None:
        until = time.monotonic() + 10
        with redis.Redis(port=self.port, socket_timeout=1, retry=Retry(NoBackoff(), 0)) as client:
            while time.monotonic() < until and process.poll() is None:
                try:
                    client.ping()
                except redis.RedisError:
                    time.sleep(0.02)
                else:
                    return
        raise RuntimeError(f"redis-server did not answer on port {self.port} (exit {process.poll()})")


def start_redis(run: Run) -> RedisServer:
    found = run.once("redis", lambda: {"program": str(find_or_install(run, "Redis", "redis-server", find_redis))})
    server = RedisServer(Path(found["program"]), run.new_folder("redis"), free_port())
    server.start()
    return server


def find_redis() -> Path | None:
    return first_in_path("redis-server")
