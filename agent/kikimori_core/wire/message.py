"""Base of all messages: JSON with a major version, read with a reason for what is wrong."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, ValidationError
from pydantic_core import from_json

from kikimori_core.wire.evidence import Part

MAX_PAYLOAD = 256 * 1024
"""Bytes. A larger payload is refused unread: the largest honest message is a few kilobytes."""

VERSION = 1
"""Major version of the messages. It grows when an older peer would misunderstand them; new fields and new names of
`kikimori_core.wire.values` do not count."""


class Message(Part):
    """Base of all messages: one JSON object with its major version `v`.

    One of a newer major version is taken as far as this version understands it; whoever shows it says so.
    """

    v: Annotated[int, Field(ge=1, le=9999)] = VERSION

    def to_bytes(self) -> bytes:
        return self.model_dump_json(exclude_none=True).encode()

    @classmethod
    def from_bytes(cls, payload: bytes) -> Self:
        """Parse and validate; raises `BadMessageError` with a reason that quotes no content."""
        if len(payload) > MAX_PAYLOAD:
            raise BadMessageError(f"{cls.__name__}: payload of {len(payload)} bytes is over {MAX_PAYLOAD}")
        try:
            return cls.model_validate_json(payload)
        except ValidationError as error:
            first = error.errors(include_input=False, include_url=False, include_context=False)[0]
            where = ".".join(str(part) for part in first["loc"]) or "payload"
            kind = NewerMessageError if _is_newer(payload) else BadMessageError
            raise kind(f"{cls.__name__}: {where}: {first['msg']}") from None


class BadMessageError(ValueError):
    """A payload that is not the message its topic promises."""


class NewerMessageError(BadMessageError):
    """A payload of a newer major version that this version cannot read."""


def _is_newer(payload: bytes) -> bool:
    try:
        said = from_json(payload)
    except ValueError:
        return False
    version = said.get("v") if isinstance(said, dict) else None
    return isinstance(version, int) and version > VERSION
