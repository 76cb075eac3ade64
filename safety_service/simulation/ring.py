"""A key ring that seals nothing: the simulation keeps no secrets, and reads what it checks."""

import base64

from safety_service.store.errors import KeysDoNotOpen
from safety_service.store.sealing import KeyRing

MARK = b"="
EVERYBODYS = base64.urlsafe_b64encode(bytes(32)).decode()


class OpenRing(KeyRing):
    """Marks where text would be sealed. What is not marked opens with no key."""

    def __init__(self) -> None:
        """There is one key, everybody's, and it seals nothing."""
        super().__init__([EVERYBODYS])

    def seal(self, plain: bytes) -> bytes:
        """The same bytes, marked."""
        return MARK + plain

    def open(self, sealed: bytes) -> bytes:
        """The bytes without the mark. Raises KeysDoNotOpen."""
        if not sealed.startswith(MARK):
            raise KeysDoNotOpen("none of the secret keys opens this database")
        return sealed[1:]

    def rotate(self, sealed: bytes) -> bytes:
        """The same."""
        return self.seal(self.open(sealed))
