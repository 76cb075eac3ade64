"""The tables, a module for each family of rows. Constraints refuse illegal states; case text is sealed."""

from safety_service.store.tables import alerts, around, chat, learning, people, plans, system, visits  # noqa: F401  (they register)
from safety_service.store.tables.base import metadata

__all__ = ["metadata"]
