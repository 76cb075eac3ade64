"""What all tables share: the metadata with its naming, and shorthands for columns and checks."""

from collections.abc import Iterable
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, ForeignKey, MetaData, String, Uuid

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


#: How people can be reached: `hook` is whatever the agency has configured (a team's room, a pager); `canary` reaches
#: nobody.
CHANNEL_KINDS = ("telegram", "webchat", "voice", "sms", "email", "hook", "canary")


def key(name: str = "id") -> Column[UUID]:
    """A primary key made by the program (UUIDv7)."""
    return Column(name, Uuid, primary_key=True)


def link(name: str, to: str, *, optional: bool = False, primary_key: bool = False) -> Column[UUID]:
    """A reference to another table's id."""
    return Column(name, Uuid, ForeignKey(f"{to}.id"), nullable=optional, primary_key=primary_key)


def word(name: str, *, optional: bool = False) -> Column[str]:
    """A short word of ours (a state, a kind), never case text."""
    return Column(name, String(64), nullable=optional)


def one_of(column: str, words: Iterable[str] | type[StrEnum]) -> CheckConstraint:
    """The column holds one of these words; the words are the enumeration's, tested to be the same."""
    listed = ", ".join(f"'{each}'" for each in words)
    return CheckConstraint(f"{column} IN ({listed})", name=f"{column}_known")
