"""What is chased in the learning loop: decisions, reviews, acknowledgements, open items. None of it is a watch."""

from collections.abc import Awaitable, Callable, Mapping

from safety_service.store.database import Tx

#: By name: looks after at most so many rows that are due, each in a savepoint of its own, and gives how many they were.
CHASES: Mapping[str, Callable[[Tx, int], Awaitable[int]]] = {}
