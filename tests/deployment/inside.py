"""Who Doorstep is inside its container, and no other, as far as the tests may be them: the user of the Dockerfile."""

from __future__ import annotations

import os
import shutil
import sys
import sysconfig
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypedDict

from tests.deployment.files import dockerfile

#: Of the standard library: what no service needs.
NOT_NEEDED = shutil.ignore_patterns("test", "tests", "__pycache__", "site-packages", "config-*", "idlelib", "lib2to3")


class Who(TypedDict, total=False):
    """What `subprocess` is told."""

    user: int
    group: int
    extra_groups: list[int]


def who() -> Who:
    """Only root may become somebody else; anybody else runs the services as themselves."""
    if os.geteuid() != 0:
        return {}
    user, group = next(line.rest for line in dockerfile()[-1] if line.word == "USER").split(":")
    return {"user": int(user), "group": int(group), "extra_groups": []}


def give(path: Path) -> Path:
    """Make it theirs."""
    if inside := who():
        os.chown(path, inside["user"], inside["group"])
    return path


@contextmanager
def everybodys_folder() -> Iterator[Path]:
    """A folder that they can get to, and cannot write in: those of pytest are for its user alone."""
    where = None if _everybody_gets_to(Path(tempfile.gettempdir()).resolve()) else "/tmp"
    with tempfile.TemporaryDirectory(prefix="doorstep-image-", dir=where) as made:
        folder = Path(made)
        folder.chmod(0o755)
        yield folder


def python(folder: Path) -> dict[str, str]:
    """`PYTHON`, and what it needs to run for them: a copy of ours, where that lies in somebody's own folder."""
    packages = str(_packages(folder))
    ours = Path(sys.executable)
    if not who() or (_everybody_gets_to(ours.resolve()) and _everybody_gets_to(ours.parent)):
        return {"PYTHON": str(ours), "PYTHONPATH": packages}
    base, version = Path(sys.base_prefix), f"python{sys.version_info.major}.{sys.version_info.minor}"
    if not (folder / "bin").exists():
        for name in ("bin", "lib"):
            (folder / name).mkdir()
        shutil.copy2(base / "bin" / version, folder / "bin")
        for library in (base / "lib").glob("libpython*"):
            shutil.copy2(library, folder / "lib")
        shutil.copytree(base / "lib" / version, folder / "lib" / version, ignore=NOT_NEEDED)
    return {"PYTHON": str(folder / "bin" / version), "PYTHONPATH": packages, "LD_LIBRARY_PATH": str(folder / "lib")}


def _packages(folder: Path) -> Path:
    """Those that are installed: linked to where they can be read, if the project lies in somebody's own folder."""
    ours, theirs = Path(sysconfig.get_paths()["purelib"]), folder / "packages"
    if not who() or _everybody_gets_to(ours.resolve()):
        return ours
    if not theirs.exists():
        shutil.copytree(ours, theirs, copy_function=_link)
    return theirs


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:  # another file system
        shutil.copy2(source, target)


def _everybody_gets_to(path: Path) -> bool:
    return all(step.stat().st_mode & 0o001 for step in (path, *path.parents))
