"""The drivers' errors in the service's own words, and never with the row in them."""

from typing import NoReturn

import asyncpg
from sqlalchemy import ExceptionContext

from safety_service.store.errors import CannotKeep, DatabaseAway, TryAgain

#: Serialization failure, deadlock, lock not to be had in time, statement cancelled by its timeout.
_BUSY = ("40001", "40P01", "55P03", "57014", "SQLITE_BUSY", "SQLITE_LOCKED")
#: Connection lost, no room (disk, memory, connections), shutting down or starting; SQLite's file unusable or full.
_AWAY = ("08", "53", "57P", "58", "SQLITE_CANTOPEN", "SQLITE_IOERR", "SQLITE_FULL", "SQLITE_CORRUPT", "SQLITE_NOTADB")
#: No room on the disk, or a database that may only be read: it answers, and keeps nothing.
_KEEPS_NOTHING = ("53100", "25006", "SQLITE_FULL", "SQLITE_READONLY", "SQLITE_IOERR_WRITE", "SQLITE_IOERR_FSYNC")


#: Said alike wherever it is found out.
IN_USE = "every connection that PostgreSQL allows is in use"
_NONE_LEFT = "53300"
#: A statement that was ready before an upgrade; the driver makes it ready anew the next time.
_UPGRADED = (asyncpg.InvalidCachedStatementError, asyncpg.OutdatedSchemaCacheError)


def in_our_words(context: ExceptionContext) -> None:
    """For SQLAlchemy's `handle_error`: the driver's error as DatabaseAway or TryAgain, and never with the row in it."""
    error = context.original_exception
    if not isinstance(error, Exception):
        # Being cancelled says nothing about the database, and must not be mistaken for it being away.
        return
    if isinstance(error, (OSError, TimeoutError)):
        context.is_disconnect = True
    said = own_words(error, away=context.is_disconnect)
    if said is not error:
        raise said
    _leave_out_the_row(context.sqlalchemy_exception)


def refuse(error: Exception, *, away: bool = False) -> NoReturn:
    """Raise the driver's error in our own words."""
    said = own_words(error, away=away)
    raise said from (None if said is error else error)


def own_words(error: Exception, *, away: bool = False) -> Exception:
    """A driver's error as CannotKeep, DatabaseAway or TryAgain; any other as it is, without the row in it."""
    code = str(getattr(error, "sqlstate", None) or getattr(error, "sqlite_errorname", ""))
    if code.startswith(_KEEPS_NOTHING):
        return CannotKeep("the database keeps nothing: its disk is full, or it may only be read")
    if code == _NONE_LEFT:
        return DatabaseAway(IN_USE)
    if away or isinstance(error, (OSError, TimeoutError)) or code.startswith(_AWAY):
        return DatabaseAway("the database is away, or cannot keep anything")
    if code.startswith(_BUSY):
        return TryAgain("the database is busy with others")
    if isinstance(error, _UPGRADED):
        return TryAgain("the database was upgraded under this connection")
    _leave_out_the_row(error)
    return error


def is_there_already(error: Exception) -> bool:
    """Whether a row was refused because one with the same key is there."""
    code = str(getattr(error, "sqlstate", None) or getattr(error, "sqlite_errorname", ""))
    return code in {"23505", "SQLITE_CONSTRAINT_UNIQUE", "SQLITE_CONSTRAINT_PRIMARYKEY"}


def _leave_out_the_row(*chain: BaseException | None) -> None:
    """PostgreSQL quotes the row that it refused (`DETAIL: …`), and what is raised gets logged one day."""
    for error in chain:
        if error is not None:
            error.args = tuple(str(each).partition("\nDETAIL:")[0] for each in error.args)
            for quoting in (error, error.__cause__):
                if isinstance(quoting, asyncpg.PostgresError):
                    quoting.detail = None
