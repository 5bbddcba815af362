"""Signed messages: the exact bytes of a message as a text, the key that signed them, and the signature.

What is checked is what was sent, never a form that was written anew: `body` is the JSON text of the message, and the
signature is over its UTF-8 bytes.
"""

from __future__ import annotations

import json
from contextlib import suppress
from typing import TYPE_CHECKING, Annotated

from pydantic import Field, ValidationError
from pydantic_core import from_json

from kikimori_core.wire.evidence import Part
from kikimori_core.wire.keys import KEY_PATTERN, SIGNATURE_PATTERN, is_signed_by
from kikimori_core.wire.messages import MAX_PAYLOAD, BadMessageError

if TYPE_CHECKING:
    from kikimori_core.wire.keys import SigningKey

_FIELDS = ("body", "key", "signature")


class Envelope(Part):
    """A message with its signature."""

    body: Annotated[str, Field(max_length=MAX_PAYLOAD)]
    """The message's JSON text, exactly as it was signed."""
    key: Annotated[str, Field(pattern=KEY_PATTERN)]
    """Public key of the sender."""
    signature: Annotated[str, Field(pattern=SIGNATURE_PATTERN)]

    @property
    def content(self) -> bytes:
        """The bytes that were signed; raises BadMessageError when the text has no bytes."""
        try:
            return self.body.encode()
        except UnicodeEncodeError:
            raise BadMessageError("Envelope: body: no text") from None

    def is_genuine(self) -> bool:
        """Return whether the signature was made with `key`."""
        return is_signed_by(self.key, self.signature, self.content)


def sealed(message: bytes, key: SigningKey) -> bytes:
    """Return the payload of a message as its sender signs it."""
    envelope = {"body": message.decode(), "key": key.public, "signature": key.sign(message)}
    return json.dumps(envelope, ensure_ascii=False, separators=(",", ":")).encode()


def envelope_of(payload: bytes) -> Envelope | None:
    """Return the envelope that a payload is, None when it is none.

    Raises:
        BadMessageError: it means to be one, and is broken.
    """
    if len(payload) > MAX_PAYLOAD:
        raise BadMessageError(f"Envelope: payload of {len(payload)} bytes is over {MAX_PAYLOAD}")
    if not any(f'"{each}"'.encode() in payload for each in _FIELDS):
        return None
    try:
        said = from_json(payload)
    except ValueError:
        raise BadMessageError("Envelope: payload: no JSON") from None
    if not isinstance(said, dict) or not any(each in said for each in _FIELDS):
        return None
    try:
        return Envelope.model_validate(said)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False, include_context=False)[0]
        raise BadMessageError(f"Envelope: {first['loc'][0]}: {first['msg']}") from None


def unsealed(payload: bytes) -> bytes:
    """Return a payload's content, signed or not, without a check of the signature: only for display.

    A broken envelope is returned as it is, and is then no message.
    """
    with suppress(BadMessageError):
        if (envelope := envelope_of(payload)) is not None:
            return envelope.content
    return payload
