"""`[chan_websocket]`: Asterisk's WebSocket channels connect here."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, field_validator

from kikimori.taps.peers import LOOPBACK, AllowedPeers


class ChanWebSocketTable(BaseModel):
    """`[chan_websocket]`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    enabled: bool = False
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8767
    """Of the WebSocket `/media` and of `POST /v1/legs`."""
    allow: tuple[str, ...] = LOOPBACK
    """Networks of the PBX; everything else is refused."""
    max_connections: Annotated[int, Field(ge=1)] = 2000
    idle_s: Annotated[float, Field(gt=0)] = 300.0
    """A connection without a message for so long is dead; its leg ends."""

    @field_validator("allow")
    @classmethod
    def _networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        AllowedPeers(value)
        return value
