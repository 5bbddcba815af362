"""`[chan_websocket]`: Asterisk's WebSocket channels connect here."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from kikimori_core.wire.settings import LOOPBACK, ListenPort, Networks


class ChanWebSocketTable(BaseModel):
    """`[chan_websocket]`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    enabled: bool = False
    host: str = "127.0.0.1"
    port: ListenPort = 8767
    """Port of the WebSocket `/media` and of `POST /v1/legs`."""
    allow: Networks = LOOPBACK
    """Networks of the PBX; everything else is refused."""
    max_connections: Annotated[int, Field(ge=1)] = 2000
    idle_s: Annotated[float, Field(gt=0)] = 300.0
    """Seconds without a message after which a connection counts as lost and its leg ends."""
