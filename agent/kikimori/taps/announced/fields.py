"""Fields that a dialplan can give of a call, with the same names in every message."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from kikimori_core.model.call import CallInfo, Party, call_id_from

Short = Annotated[str, Field(max_length=64)]
Name = Annotated[str, Field(max_length=128)]


class CallFields(BaseModel):
    """Fields about the call as a whole; an empty one is not known."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)

    call: Annotated[str, Field(min_length=1, max_length=256)]
    """Anything that all legs of the call share."""
    caller: Short = ""
    caller_name: Name = ""
    operator: Short = ""
    """Extension."""
    operator_name: Name = ""
    queue: Name = ""
    channel: Name = ""
    """The PBX's own name of the customer's channel, for control."""

    def info(self, tap: str) -> CallInfo:
        return CallInfo(
            call_id=call_id_from(self.call),
            tap=tap,
            caller=Party(number=self.caller or None, name=self.caller_name or None),
            operator=Party(number=self.operator or None, name=self.operator_name or None),
            queue=self.queue or None,
            channel=self.channel or None,
        )
