"""The providers beside Telegram: one Apprise address for each kind of channel, with the place of a person's address.

Apprise takes 25 MiB and is read only where a provider is set.
"""

import logging
from urllib.parse import quote

#: Stands in a provider's address where a person's own goes.
PLACE = "{address}"
#: What each kind of address looks like: a provider's address is tried with it before anybody depends on it.
SAMPLES = {"voice": "+447700900000", "sms": "+447700900000", "email": "somebody@example.org", "hook": "somebody"}


def provider_url(url: str) -> str:
    """Check that Apprise can use this address. Raises ValueError; what is wrong is said without the address."""
    if PLACE not in url:
        raise ValueError(f"must have {PLACE} where the person's own address goes")
    from apprise import Apprise  # noqa: PLC0415  (see above)

    quieten()
    for sample in set(SAMPLES.values()):
        if Apprise.instantiate(with_address(url, sample)) is not None:
            return url
    raise ValueError("Apprise cannot use it: see the documentation of Apprise for your provider's address")


def with_address(url: str, address: str) -> str:
    """The provider's address for one person. What people give is never a part of an address that we call."""
    return url.replace(PLACE, quote(address, safe=""))


def quieten() -> None:
    """Apprise says addresses and hosts in its log, and urllib3 paths: neither gets into ours."""
    for name in ("apprise", "urllib3"):
        quiet = logging.getLogger(name)
        quiet.propagate = False
        quiet.setLevel(logging.CRITICAL + 1)
