"""Metadata of a stream that a dialplan starts itself: the first text message, one JSON object.

`call` (required; anything that both sides share, e.g. `${uuid}`), `role` (`stereo`, `customer`, `operator` or
`mixed`), `rate` (8000 or 16000), `first` (for `stereo`: whose voice the channel itself is, `customer` or `operator`),
`caller`, `caller_name`, `operator` (extension), `operator_name`, `queue`, `channel`, `operator_channel`.
See `config/pbx/freeswitch/`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from pydantic import ValidationError

from kikimori.integrations.freeswitch.tap.voices import StreamError
from kikimori.taps.announced.fields import CallFields, Name
from kikimori_core.model.call import Role

if TYPE_CHECKING:
    from kikimori_core.model.call import CallInfo

MAX_METADATA = 8192
"""Bytes; both modules keep no more."""


class StreamMetadata(CallFields):
    """The JSON object, validated."""

    role: Literal["stereo", "customer", "operator", "mixed"] = "mixed"
    first: Literal["customer", "operator"] = "customer"
    rate: Literal[8000, 16000] = 8000
    operator_channel: Name = ""

    @property
    def roles(self) -> tuple[Role, ...]:
        """Return the role of the voice in each channel of the stream."""
        if self.role != "stereo":
            return (Role(self.role),)
        both = (Role.CUSTOMER, Role.OPERATOR)
        return both if self.first == "customer" else both[::-1]

    def info(self, tap: str = "freeswitch") -> CallInfo:
        return replace(super().info(tap), operator_channel=self.operator_channel or None)


def read_metadata(text: str) -> StreamMetadata:
    """Read the first text message; raises `StreamError` without quoting it."""
    if len(text.encode("utf-8", "surrogatepass")) > MAX_METADATA:
        raise StreamError("metadata_too_long")
    try:
        return StreamMetadata.model_validate_json(text)
    except (ValidationError, UnicodeError):
        raise StreamError("bad_metadata") from None
