"""Sealing of names, addresses and free text; and the blind index by which sealed text is found.

The process has one key ring, put in place with `use` by the composition root before the database is opened.
"""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Sequence

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from safety_service.store.errors import KeysDoNotOpen


class KeyRing:
    """The first key seals, every key opens. A key is 32 bytes in URL-safe base64, as `new_key` makes them."""

    def __init__(self, keys: Sequence[str]) -> None:
        """Raises ValueError when there is no key or one is malformed; the error never quotes a key."""
        if not keys:
            raise ValueError("at least one secret key is needed")
        self._fernet = MultiFernet([_fernet(key, place) for place, key in enumerate(keys, start=1)])
        self._keys = tuple(keys)
        #: What names each key, and tells nothing of it; in the order of the keys.
        self.names = tuple(_name(key) for key in keys)
        #: Where each stands for whoever keeps them, by its name.
        self.places = {name: place for place, name in enumerate(self.names, 1)}
        # Of a Fernet key the first half signs.
        self._signing = [base64.urlsafe_b64decode(key)[:16] for key in keys]

    def seal(self, plain: bytes) -> bytes:
        """Seal with the first key; the same text never seals twice to the same bytes."""
        return self._fernet.encrypt(plain)

    def open(self, sealed: bytes) -> bytes:
        """Raises KeysDoNotOpen when no key of the ring sealed it, or it was tampered with."""
        try:
            return self._fernet.decrypt(sealed)
        except InvalidToken:
            raise KeysDoNotOpen("none of the secret keys opens this database") from None

    def sealed_by(self, sealed: bytes) -> str | None:
        """The name of the key that sealed this; None: none of these. Nothing is opened for it."""
        try:
            token = base64.urlsafe_b64decode(sealed)
        except ValueError:
            return None
        for name, key in zip(self.names, self._signing, strict=True):
            if hmac.compare_digest(hmac.digest(key, token[:-32], "sha256"), token[-32:]):
                return name
        return None

    def led_by(self, name: str) -> "KeyRing":
        """The same keys, of which this one seals; each is known by the place that it was given."""
        led = KeyRing(sorted(self._keys, key=lambda each: _name(each) != name))
        led.places = self.places
        return led

    def rotate(self, sealed: bytes) -> bytes:
        """The same text sealed with the first key. Raises KeysDoNotOpen."""
        try:
            return self._fernet.rotate(sealed)
        except InvalidToken:
            raise KeysDoNotOpen("none of the secret keys opens this database") from None


def _fernet(key: str, place: int) -> Fernet:
    try:
        return Fernet(key)
    except ValueError:
        raise ValueError(f"secret key {place} is not 32 bytes in URL-safe base64") from None


def _name(key: str) -> str:
    return hmac.new(base64.urlsafe_b64decode(key), b"the name of a doorstep key", hashlib.sha256).hexdigest()[:12]


def new_key() -> str:
    """A new key for a ring."""
    return Fernet.generate_key().decode()


def new_index_key() -> str:
    """A new key for blind indexes: 64 hexadecimal digits."""
    return secrets.token_hex(32)


def blind(index_key: str, text: str) -> str:
    """What stands in the index for this text: HMAC-SHA256 in hex, the same regardless of case and outer space."""
    return hmac.new(bytes.fromhex(index_key), text.strip().casefold().encode(), hashlib.sha256).hexdigest()


def key_for(index_key: str, purpose: str) -> bytes:
    """Another key for one purpose, from which nobody can tell the first."""
    return hmac.new(bytes.fromhex(index_key), f"key for: {purpose}".encode(), hashlib.sha256).digest()


class _Process:
    ring: KeyRing | None = None


def use(ring: KeyRing) -> None:
    """Make this the process's key ring."""
    _Process.ring = ring


def in_use() -> KeyRing | None:
    """The process's key ring, if it has one by now."""
    return _Process.ring


def ring() -> KeyRing:
    """The process's key ring. Raises RuntimeError before `use`."""
    if _Process.ring is None:
        raise RuntimeError("no key ring is in use: call sealing.use(KeyRing(keys)) before the database is opened")
    return _Process.ring
