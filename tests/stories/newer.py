"""Doorstep as a later version of it: the same code with one more step of the schema.

python -m tests.stories.newer serve|migrate …
"""

import asyncio
import os
import sys
from pathlib import Path

from alembic.config import Config

from safety_service import cli
from safety_service.processes import parent
from safety_service.store import schema

STEPS = Path(__file__).parent / "newer_steps"
_config = schema.config


def _with_one_more_step() -> Config:
    made = _config()
    ours = Path(made.get_main_option("script_location") or "") / "versions"
    made.set_main_option("path_separator", "os")
    made.set_main_option("version_locations", os.pathsep.join((str(ours), str(STEPS))))
    return made


async def _start(roles: str) -> asyncio.subprocess.Process:
    """Its children are of this version, too."""
    words = ("-m", "tests.stories.newer", "serve", "--child", roles)
    return await asyncio.create_subprocess_exec(sys.executable, *words, stdin=asyncio.subprocess.PIPE)


if __name__ == "__main__":
    schema.config = _with_one_more_step
    parent._start = _start
    cli.main()
