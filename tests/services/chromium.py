"""A real browser for the tests."""

from __future__ import annotations

from pathlib import Path

from tests.services.install import find_or_install, first_in_path
from tests.services.run import Run

ON_A_MAC = Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome")


def find_chromium() -> Path | None:
    in_path = first_in_path("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    return in_path or (ON_A_MAC if ON_A_MAC.exists() else None)


def chromium(run: Run) -> Path:
    known = run.once("chromium", lambda: {"path": str(find_or_install(run, "Chromium", "chromium", find_chromium))})
    return Path(known["path"])
