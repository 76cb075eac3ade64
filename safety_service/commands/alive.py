"""`doorstep alive`: do the parts that were begun in this folder live? For whoever keeps their container."""

import time
import urllib.error
import urllib.request

import click

from config.settings import SettingsError, read_settings
from safety_service.processes.alive import FOLDER, LONGEST

#: Seconds that the web server may take.
WITHIN = 5.0


@click.command("alive")
@click.argument("roles", nargs=-1)
def command(roles: tuple[str, ...]) -> None:
    """Exit 0 while these roles (web, bot, scheduler) live; without any, all that were begun in this folder.

    It asks neither the database nor anybody outside: whether the watch is kept, /health/ready says.
    """
    begun = {file.name: file for file in FOLDER.iterdir()} if FOLDER.is_dir() else {}
    wanted = roles or tuple(sorted(begun))
    if not wanted:
        raise click.ClickException("Nothing was begun here.")
    for role in wanted:
        if role not in begun:
            raise click.ClickException(f"{role} was not begun here, or was stopped.")
        age = time.time() - begun[role].stat().st_mtime
        if abs(age) > LONGEST:
            raise click.ClickException(f"{role} has not moved for {age:.0f} s.")
    if "web" in wanted:
        _answers()
    click.echo(f"Alive: {', '.join(wanted)}.")


def _answers() -> None:
    try:
        read = read_settings()
    except SettingsError as wrong:
        raise click.ClickException("\n".join(wrong.faults)) from None
    # A proxy for what is outside would look for it at home.
    near = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with near.open(f"{read.near_url}/health/live", timeout=WITHIN):
            return
    except (urllib.error.URLError, TimeoutError, OSError) as error:
        raise click.ClickException(f"web does not answer at {read.near_url} ({type(error).__name__}).") from None
