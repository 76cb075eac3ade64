"""Looking at editions of the policy: each in its words, two side by side, and a text that is no edition yet."""

from collections.abc import Sequence
from dataclasses import dataclass

from config.policy import Policy, PolicyError, parse_policy
from safety_service.actions import policies
from safety_service.actions.actor import Actor
from safety_service.actions.errors import NotFound
from safety_service.domain.policy_reading import Change, changes, less_strict
from safety_service.store import policy_editions
from safety_service.store.database import Tx
from safety_service.store.policies import Edition

#: Editions on one page.
PAGE = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """What is different between two policies, and what the second loosens."""

    before: Policy
    after: Policy
    changes: Sequence[Change]
    less_strict: Sequence[str]


async def listed(tx: Tx, actor: Actor, before: int | None = None) -> list[Edition]:
    """Editions, the newest first. Raises NotFound: they are no administrator."""
    await policies.in_force(tx, actor)
    return await policy_editions.listed(tx, PAGE, before)


async def text_of(tx: Tx, actor: Actor, number: int) -> str:
    """An edition's text, as it was given. Raises NotFound."""
    await policies.in_force(tx, actor)
    text = await policy_editions.text_of(tx, number)
    if text is None:
        raise NotFound
    return text


async def compared(tx: Tx, actor: Actor, before: int, after: int) -> Compared:
    """Two editions side by side. Raises NotFound; PolicyError: this code can read one of them no more."""
    texts = [await text_of(tx, actor, each) for each in (before, after)]
    return _compared(*(parse_policy(each) for each in texts))


async def checked(tx: Tx, actor: Actor, text: str) -> Compared:
    """A text against what is in force. Raises NotFound; PolicyError naming every fault."""
    _, now = await policies.in_force(tx, actor)
    return _compared(now, parse_policy(text))


def _compared(before: Policy, after: Policy) -> Compared:
    return Compared(before=before, after=after, changes=changes(before, after), less_strict=less_strict(before, after))


__all__ = ["PAGE", "Compared", "PolicyError", "checked", "compared", "listed", "text_of"]
