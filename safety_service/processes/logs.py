"""Logging of a process: to stderr, in UTC, as text or JSON. Case data is never logged, by anybody."""

import json
import logging
import re
import sys
import time
from typing import Any, Literal

#: Libraries that say at INFO what they do all day, some of it with addresses that hold a token.
QUIET = ("aiohttp.access", "aiosqlite", "alembic", "apscheduler", "asyncio", "httpcore", "httpx", "telegram")
_TIME = "%Y-%m-%dT%H:%M:%S"
#: Errors of others quote what was wrong: a database the row, a check of what came in the value itself.
_QUOTED = re.compile(r"^DETAIL:.*\n?|(?<=input_value=).*(?=, input_type=)", re.MULTILINE)


def set_up(form: Literal["text", "json"], process: str) -> None:
    """Log from now on, saying which process it is."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Json(process) if form == "json" else _Text(process))
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)


class _Discreet(logging.Formatter):
    converter = staticmethod(time.gmtime)

    def formatException(self, ei: Any) -> str:  # noqa: N802  (logging's name)
        return _QUOTED.sub("", super().formatException(ei))


class _Text(_Discreet):
    def __init__(self, process: str) -> None:
        super().__init__(f"%(asctime)s.%(msecs)03dZ %(levelname)-8s {process}: %(name)s: %(message)s", _TIME)


class _Json(_Discreet):
    def __init__(self, process: str) -> None:
        super().__init__(datefmt=_TIME)
        self._process = process

    def format(self, record: logging.LogRecord) -> str:
        said = {
            "at": f"{self.formatTime(record, _TIME)}.{record.msecs:03.0f}Z",
            "level": record.levelname,
            "process": self._process,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            said["error"] = self.formatException(record.exc_info)
        return json.dumps(said, ensure_ascii=False)
