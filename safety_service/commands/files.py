"""Reading the files that a new database begins with, and that editions are made of."""

from pathlib import Path

from config.settings import Settings
from safety_service.commands.running import Fault
from safety_service.store import migrate


def text_of(file: Path) -> str:
    """A file's text. Raises Fault: it cannot be read."""
    try:
        return file.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise Fault(f"{file} is not UTF-8 text.") from None
    except OSError as unreadable:
        raise Fault(f"{file} cannot be read: {unreadable.strerror}") from None


async def upgrade(read: Settings) -> None:
    """Bring the database up to date; a new one begins with the policy and the guidance of the settings.

    Raises Fault, and as safety_service.store.migrate.upgrade.
    """
    await migrate.upgrade(read.database_url, text_of(read.policy), text_of(read.guidance))
