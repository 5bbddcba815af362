"""Ed25519 keys: signing of messages, and checks of signatures.

On the wire and on paper a public key is 43 letters (its 32 bytes in base64url without padding), a signature 86.
"""

from __future__ import annotations

import base64
import hashlib
import secrets

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

KEY_PATTERN = r"^[0-9A-Za-z_-]{43}$"
SIGNATURE_PATTERN = r"^[0-9A-Za-z_-]{86}$"

_KEY_BYTES = 32
_SIGNATURE_BYTES = 64


class SigningKey:
    """Private key. `public` is the key for others."""

    def __init__(self, seed: bytes) -> None:
        """`seed`: the 32 bytes that are kept secret; raises ValueError for another length."""
        self.seed = seed
        self._private = Ed25519PrivateKey.from_private_bytes(seed)
        raw = self._private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        self.public = _text(raw)

    @classmethod
    def make(cls) -> SigningKey:
        """Make a key; its public key never begins with "-", which a command line takes for an option."""
        while (key := cls(secrets.token_bytes(_KEY_BYTES))).public.startswith("-"):
            pass
        return key

    def sign(self, body: bytes) -> str:
        return _text(self._private.sign(body))


def is_signed_by(key: str, signature: str, body: bytes) -> bool:
    """Check a signature; False too when key or signature is none."""
    raw, signed = _bytes(key, _KEY_BYTES), _bytes(signature, _SIGNATURE_BYTES)
    if raw is None or signed is None:
        return False
    try:
        Ed25519PublicKey.from_public_bytes(raw).verify(signed, body)
    except (InvalidSignature, ValueError):
        return False
    return True


def is_public_key(text: str) -> bool:
    return _bytes(text, _KEY_BYTES) is not None


def fingerprint(key: str) -> str:
    """Return the fingerprint for people: the first 128 bits of the key's SHA-256, as eight groups of four."""
    digest = hashlib.sha256(key.encode()).hexdigest()[:32]
    return " ".join(digest[at : at + 4] for at in range(0, 32, 4))


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _bytes(text: str, length: int) -> bytes | None:
    """Return the bytes of a text; None when it is not exactly how these bytes are written."""
    try:
        raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError:
        return None
    return raw if len(raw) == length and _text(raw) == text else None
