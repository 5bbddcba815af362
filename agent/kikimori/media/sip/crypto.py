"""Keys of SRTP in a session description: the `a=crypto` line, read and written. Source: RFC 4568 (SDES).

    a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:BASE64|2^31|1:4 UNENCRYPTED_SRTCP

What a suite is and how long its key must be, is not known here. Keys stand in no `repr`.
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass, field

MAX_KEYS = 16
"""Most keys in one line, each under an identifier of its own."""
MAX_MKI_BYTES = 128

_TAG = re.compile("[0-9]{1,9}")
_SUITE = re.compile("[A-Za-z0-9_-]{1,64}")
_BASE64 = re.compile("[A-Za-z0-9+/]{2,512}={0,2}")
_LIFETIME = re.compile(r"(?:2\^[0-9]{1,2}|[0-9]{1,15})")
_MKI = re.compile("([0-9]{1,309}):([0-9]{1,3})")


class CryptoError(Exception):
    """A line breaks the grammar. Its content is left out, as it may be a key."""


@dataclass(frozen=True, slots=True)
class InlineKey:
    """One master key."""

    material: bytes = field(repr=False)
    """Master key, then master salt."""
    mki: bytes = b""
    """Identifier that every packet under this key carries; empty = none."""


@dataclass(frozen=True, slots=True)
class Crypto:
    """One line `a=crypto`: keys for the media that its writer sends."""

    tag: int
    """Tag by which an answer names the line that it takes."""
    suite: str
    """Suite in capitals."""
    keys: tuple[InlineKey, ...]
    parameters: tuple[str, ...] = ()
    """Session parameters, in capitals."""


def parse_crypto(value: str) -> Crypto:
    """Read the value of `a=crypto:`.

    Raises:
        CryptoError: it breaks the grammar.
    """
    parts = value.split()
    if len(parts) < 3 or not _TAG.fullmatch(parts[0]) or not _SUITE.fullmatch(parts[1]):
        raise CryptoError
    tag, suite, keys, *parameters = parts
    inline = [_inline_key(each) for each in keys.split(";", MAX_KEYS)]
    # One key may go without an identifier; several are told apart by theirs, all of one length.
    identifiers = {each.mki for each in inline}
    if len(inline) > MAX_KEYS or len(identifiers) != len(inline):
        raise CryptoError
    if len({len(each) for each in identifiers}) != 1:
        raise CryptoError
    return Crypto(int(tag), suite.upper(), tuple(inline), tuple(each.upper() for each in parameters))


def write_crypto(tag: int, suite: str, material: bytes, parameters: tuple[str, ...] = ()) -> str:
    """Write the value of `a=crypto:`, with one key that has no identifier."""
    return " ".join([str(tag), suite, f"inline:{base64.b64encode(material).decode()}", *parameters])


def _inline_key(text: str) -> InlineKey:
    method, _, info = text.partition(":")
    encoded, *rest = info.split("|")
    if method.lower() != "inline" or not _BASE64.fullmatch(encoded) or len(rest) > 2:
        raise CryptoError
    lifetimes = [each for each in rest if each and ":" not in each]
    identifiers = [each for each in rest if ":" in each]
    # How long the sender uses the key is the sender's business: it sends a new one in time.
    if len(identifiers) > 1 or len(lifetimes) > 1 or not all(map(_LIFETIME.fullmatch, lifetimes)):
        raise CryptoError
    bare = encoded.rstrip("=")
    try:
        # Some leave the padding out.
        material = base64.b64decode(bare + "=" * (-len(bare) % 4))
    except binascii.Error:
        raise CryptoError from None
    return InlineKey(material, _identifier(identifiers[0]) if identifiers else b"")


def _identifier(text: str) -> bytes:
    found = _MKI.fullmatch(text)
    if found is None or not 0 < int(found[2]) <= MAX_MKI_BYTES:
        raise CryptoError
    value, size = int(found[1]), int(found[2])
    if value >= 1 << (8 * size):
        raise CryptoError
    return value.to_bytes(size, "big")
