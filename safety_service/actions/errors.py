"""What actions raise besides `Refused`."""


class NotFound(Exception):
    """There is no such thing, or this person may not know that there is: the two must look the same."""
