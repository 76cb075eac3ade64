"""E-mail addresses and phone numbers as people write them, and as they are kept."""

import re

_EMAIL = re.compile(r"[^@\s,;<>\"]+@[^@\s,;<>\"]+\.[^@\s,;<>\".]+")
_BETWEEN_DIGITS = re.compile(r"[\s().\-–/]")
_PHONE = re.compile(r"\+[1-9]\d{2,14}|\d{3,15}")
#: Shorter numbers are said as they are: 101, 999, an extension.
_SHORT = 6


class BadContact(ValueError):
    """What was given is no e-mail address, or no phone number; the text says what is wrong with it."""


def email(text: str) -> str:
    """The address without what surrounds it, in lower case. Raises BadContact."""
    given = text.strip()
    if not _EMAIL.fullmatch(given) or len(given) > 254:
        raise BadContact(f"{given!r} is not an e-mail address")
    return given.lower()


def phone(text: str) -> str:
    """Digits, with + before a country's code. National numbers stay national: nothing is guessed.

    Raises BadContact, also for a number that a spreadsheet has robbed of its first 0.
    """
    given = text.strip()
    digits = _BETWEEN_DIGITS.sub("", given.replace("(0)", "") if given.startswith(("+", "00")) else given)
    if digits.startswith("00"):
        digits = f"+{digits[2:]}"
    if not _PHONE.fullmatch(digits):
        raise BadContact(f"{given!r} is not a phone number")
    if len(digits) > _SHORT and digits[0] not in "+0":
        raise BadContact(f"{given!r} begins with neither 0 nor +: was its first 0 lost in a spreadsheet?")
    return digits
