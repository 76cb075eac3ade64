"""What we depend on is explained, pinned and hashed, and no lock says where it came from."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]
LOCKS = ["requirements.lock", "requirements-dev.lock"]
PINNED = re.compile(r"^([a-z0-9-]+)==(\S+)", re.MULTILINE)


def direct(*, dev: bool) -> list[Requirement]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extra = project["optional-dependencies"]["dev"] if dev else []
    return [Requirement(line) for line in project["dependencies"] + extra]


def test_every_direct_dependency_has_a_line_that_says_why() -> None:
    explained = re.findall(r"^\| ([a-z0-9-]+) \| .{10,} \|$", (ROOT / "docs/dependencies.md").read_text(), re.MULTILINE)
    assert sorted(set(explained) - {"package"}) == sorted(wanted.name for wanted in direct(dev=True))


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_pins_every_direct_dependency_within_its_range(lock: str) -> None:
    pinned = dict(PINNED.findall((ROOT / lock).read_text()))
    wrong = [
        str(wanted)
        for wanted in direct(dev="dev" in lock)
        if not wanted.specifier.contains(pinned.get(wanted.name, ""), prereleases=True)
    ]
    assert wrong == [], "run `make lock`"


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_holds_names_versions_and_hashes_and_nothing_else(lock: str) -> None:
    packages = (ROOT / lock).read_text().replace("\\\n", " ").splitlines()
    shape = re.compile(r"[a-z0-9-]+==\S+( ; [^\\:/]+?)?(\s+--hash=sha256:[0-9a-f]{64})+")
    assert [line for line in packages if not shape.fullmatch(line)] == []


def test_what_is_tested_is_what_runs() -> None:
    run, dev = (dict(PINNED.findall((ROOT / lock).read_text())) for lock in LOCKS)
    assert run.items() <= dev.items()


def test_serving_needs_nothing_that_only_the_lock_for_development_names() -> None:
    pinned = {name for name, _ in PINNED.findall((ROOT / "requirements.lock").read_text())} | {"doorstep"}
    owners = packages_distributions().items()
    absent = [module for module, names in owners if not any(name.lower().replace("_", "-") in pinned for name in names)]
    # In a process of its own, where what the lock does not name cannot be imported.
    code = f"import sys; sys.modules.update(dict.fromkeys({absent!r})); import safety_service.commands.serve"
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False, timeout=120
    )
    assert run.returncode == 0, run.stderr
