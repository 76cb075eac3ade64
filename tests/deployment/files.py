"""The deployment's files, read: docker-compose.yml, Dockerfile and .dockerignore."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import dataclass
from fnmatch import fnmatch
from functools import cache
from pathlib import Path
from typing import Any

import yaml  # type: ignore[import-untyped]

ROOT = Path(__file__).parents[2]
SECRETS = "/run/secrets/"
INTERPOLATED = re.compile(r"\$\{([A-Z_]+)(:?[?-][^}]*)?\}")


@cache
def compose() -> dict[str, Any]:
    """docker-compose.yml."""
    read: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
    return read


def services() -> dict[str, dict[str, Any]]:
    """Each service by its name."""
    found: dict[str, dict[str, Any]] = compose()["services"]
    return found


def ours() -> dict[str, dict[str, Any]]:
    """Those that are Doorstep itself."""
    return {name: each for name, each in services().items() if "build" in each}


def environment(service: dict[str, Any], **given: str) -> dict[str, str]:
    """Its variables, with what comes from .env put in."""

    def put(found: re.Match[str]) -> str:
        default = (found[2] or "").removeprefix(":")
        return given.get(found[1], default[1:]) if default.startswith("-") else given[found[1]]

    return {name: INTERPOLATED.sub(put, str(value)) for name, value in service.get("environment", {}).items()}


@dataclass(frozen=True)
class Line:
    """An instruction of the Dockerfile: `COPY`, and what follows."""

    word: str
    rest: str

    @property
    def listed(self) -> list[str]:
        """What follows, as JSON."""
        found: list[str] = json.loads(self.rest)
        return found


@cache
def dockerfile() -> list[list[Line]]:
    """The instructions of each stage."""
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    lines = re.sub(r"\\\n\s*", "", re.sub(r"^#.*\n", "", text, flags=re.MULTILINE)).splitlines()
    stages: list[list[Line]] = []
    for line in filter(None, lines):
        word, _, rest = line.partition(" ")
        if word == "FROM":
            stages.append([])
        stages[-1].append(Line(word, rest.strip()))
    return stages


def copied() -> list[tuple[str, str]]:
    """From where in the project to where in the image's build: each source with its target."""
    found = []
    for line in dockerfile()[0]:
        if line.word == "COPY":
            *sources, target = line.rest.split()
            found += [(source, target) for source in sources]
    return found


def is_left_out(path: str) -> bool:
    """Whether .dockerignore keeps this out of what a build sees: the last line that fits decides."""
    out = False
    for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines():
        if not line or line.startswith("#"):
            continue
        pattern = line.removeprefix("!").removeprefix("**/")
        anywhere = "**/" in line
        parts = path.split("/")
        whole = ["/".join(parts[: end + 1]) for end in range(len(parts))]
        if any(fnmatch(each, pattern) for each in (parts if anywhere else whole)):
            out = not line.startswith("!")
    return out


def lay_out(folder: Path) -> None:
    """Put into this folder what the Dockerfile's COPY lines put into the image's build."""
    for source, target in copied():
        there = ROOT / source
        if there.is_dir():
            shutil.copytree(there, folder / target, ignore=_ignored)
        else:
            shutil.copy(there, folder / target)


def _ignored(folder: str, names: list[str]) -> set[str]:
    inside = Path(folder).relative_to(ROOT)
    return {name for name in names if is_left_out(str(inside / name))}
