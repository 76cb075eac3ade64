"""The command line in tests, with nothing set, in an empty folder: it makes its database and keys under `var/`."""

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from safety_service import cli

Doorstep = Callable[..., Result]
_SETTINGS = ("DOORSTEP_DATABASE_URL", "DOORSTEP_SECRET_KEYS", "DOORSTEP_POLICY", "DOORSTEP_GUIDANCE")


def in_an_empty_folder(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Doorstep:
    """The command; `fails`: whether it is to end with 1."""
    monkeypatch.chdir(folder)
    for name in _SETTINGS:
        monkeypatch.delenv(name, raising=False)

    def run(*words: str, fails: bool = False) -> Result:
        result = CliRunner().invoke(cli.doorstep, [*words])
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        assert result.exit_code == (1 if fails else 0), result.output
        return result

    return run
