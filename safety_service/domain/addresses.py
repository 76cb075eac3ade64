"""A person's addresses, by kind of channel: one spelling each, so that the same phone is not two channels. Pure."""

from __future__ import annotations

import re

import phonenumbers

from safety_service.domain import contact
from safety_service.domain.contact import BadContact
from safety_service.domain.reaching import WAKING

#: Where a number is when it does not say its country.
REGION = "GB"
_HOOK = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+-]{0,99}")
#: These would be read as parts of an address that we call.
_NEVER = re.compile(r"[%/?#&=:\\]")


def address(kind: str, given: str, region: str = REGION) -> str:
    """The address in its one spelling: +447700900123, mia@example.org. Raises BadContact."""
    if kind in WAKING:
        return phone(given, region)
    if kind == "email":
        found = contact.email(given)
        if _NEVER.search(found):
            raise BadContact("this is no e-mail address that we write to")
        return found
    if not _HOOK.fullmatch(given.strip()):
        raise BadContact("this is no address there: letters, digits and . _ @ + - only")
    return given.strip()


def phone(given: str, region: str = REGION) -> str:
    """A number with its country, without spaces. Raises BadContact."""
    try:
        number = phonenumbers.parse(given, region)
    except phonenumbers.NumberParseException:
        raise BadContact("this is no phone number") from None
    if not phonenumbers.is_possible_number(number):
        raise BadContact("this is no phone number")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def hidden(kind: str, given: str) -> str:
    """The address as it may stand on a page: enough to know one's own by, too little to use."""
    if kind in WAKING:
        return f"…{given[-3:]}"
    name, _, rest = given.partition("@")
    return f"{name[:1]}…@{rest}" if rest else f"{given[:2]}…"
