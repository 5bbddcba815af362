"""`[audiosocket]`: Asterisk connects here."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from kikimori_core.wire.settings import LOOPBACK, ListenPort, Networks


class AudioSocketTable(BaseModel):
    """`[audiosocket]`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    enabled: bool = True
    host: str = "127.0.0.1"
    port: ListenPort = 9092
    announce_port: ListenPort = 8766
    """HTTP port where the dialplan announces legs."""
    allow: Networks = LOOPBACK
    """Networks of the PBX; everything else is refused."""
    max_connections: Annotated[int, Field(ge=1)] = 2000
    idle_s: Annotated[float, Field(gt=0)] = 300.0
