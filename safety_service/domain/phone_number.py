"""One spelling for a phone number, however it was typed."""

import phonenumbers

#: Numbers without their country's code are this country's.
COUNTRY = "GB"


def e164(typed: str, country: str = COUNTRY) -> str | None:
    """The number as +447700900123; None when it is none. Numbers that are kept free for stories count, too."""
    try:
        number = phonenumbers.parse(typed, country)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(number):
        return None
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))
