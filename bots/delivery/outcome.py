"""What became of one message that was handed to a channel's provider."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sent:
    """The provider took it. `provider_id` names it there, so that it can be edited or removed later."""

    provider_id: str


@dataclass(frozen=True, slots=True)
class Blocked:
    """This address takes nothing more from us: the channel is to be marked as blocked."""

    reason: str


@dataclass(frozen=True, slots=True)
class Refused:
    """The provider will never take this message: sending it again is of no use."""

    reason: str


@dataclass(frozen=True, slots=True)
class Later:
    """Surely not taken; the provider asks to wait for `seconds`, for this address or for the `whole_channel`.

    `own`: the provider was not asked, because it takes only so much in a second.
    """

    seconds: float
    whole_channel: bool = False
    own: bool = False


@dataclass(frozen=True, slots=True)
class NotSent:
    """Surely not taken: free to be tried again."""

    reason: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """It may have been taken: sending it again may say it twice. `cut`: by us, who did not wait for the answer."""

    reason: str
    cut: bool = False


Outcome = Sent | Blocked | Refused | Later | NotSent | Unknown
