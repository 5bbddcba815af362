"""What a dialplan says of a stream that it starts itself: the first text message, one JSON object.

`call` (required; anything that both sides share, e.g. `${uuid}`), `role` (`stereo`, `customer`, `operator` or
`mixed`), `rate` (8000 or 16000), `first` (for `stereo`: whose voice the channel itself is, `customer` or `operator`),
`caller`, `caller_name`, `operator` (extension), `operator_name`, `queue`, `channel`, `operator_channel`.
See `config/pbx/freeswitch/`.
"""

from __future__ import annotations

import re
from typing import Annotated, Literal
from uuid import NAMESPACE_URL, uuid5

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from kikimori.model.call import CallInfo, Party, Role
from kikimori.taps.freeswitch.voices import StreamError

MAX_METADATA = 8192
"""Bytes; both modules keep no more."""

_SAFE_CALL_ID = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")
_Short = Annotated[str, Field(max_length=64)]
_Name = Annotated[str, Field(max_length=128)]


class Metadata(BaseModel):
    """The JSON object, validated."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)

    call: Annotated[str, Field(min_length=1, max_length=256)]
    role: Literal["stereo", "customer", "operator", "mixed"] = "mixed"
    first: Literal["customer", "operator"] = "customer"
    rate: Literal[8000, 16000] = 8000
    caller: _Short = ""
    caller_name: _Name = ""
    operator: _Short = ""
    operator_name: _Name = ""
    queue: _Name = ""
    channel: _Name = ""
    operator_channel: _Name = ""

    @property
    def roles(self) -> tuple[Role, ...]:
        """Whose voice each channel of the stream is."""
        if self.role != "stereo":
            return (Role(self.role),)
        both = (Role.CUSTOMER, Role.OPERATOR)
        return both if self.first == "customer" else both[::-1]

    @property
    def info(self) -> CallInfo:
        return CallInfo(
            call_id=self.call if _SAFE_CALL_ID.match(self.call) else str(uuid5(NAMESPACE_URL, self.call)),
            tap="freeswitch",
            caller=Party(number=self.caller or None, name=self.caller_name or None),
            operator=Party(number=self.operator or None, name=self.operator_name or None),
            queue=self.queue or None,
            channel=self.channel or None,
            operator_channel=self.operator_channel or None,
        )


def read_metadata(text: str) -> Metadata:
    """Read the first text message; raises `StreamError` without quoting it."""
    if len(text.encode("utf-8", "surrogatepass")) > MAX_METADATA:
        raise StreamError("metadata_too_long")
    try:
        return Metadata.model_validate_json(text)
    except (ValidationError, UnicodeError):
        raise StreamError("bad_metadata") from None
