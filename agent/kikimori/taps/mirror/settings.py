"""`[mirror]`."""

from __future__ import annotations

from ipaddress import ip_network
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

Port = Annotated[int, Field(ge=1, le=65535)]


class MirrorTable(BaseModel):
    """`[mirror]`: calls in the packets that a switch copies to a port of this machine."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    enabled: bool = False
    interface: Annotated[str, Field(pattern=r"^[0-9A-Za-z_.:@-]{0,15}$")] = ""
    """Network interface that gets the copies, e.g. `eth1`; it needs no address."""
    sip_ports: Annotated[tuple[Port, ...], Field(min_length=1, max_length=16)] = (5060,)
    """UDP and TCP."""
    tls_ports: Annotated[tuple[Port, ...], Field(max_length=16)] = (5061,)
    """SIP over TLS, which cannot be read; watched so that it can be said."""
    networks: tuple[str, ...] = ()
    """Only SIP with one end in these networks; empty = all."""
    ignore_networks: tuple[str, ...] = ()
    """SIP with one end in these networks is not looked at."""
    twins: Literal["outside", "inside", "both"] = "outside"
    """A call that is seen before and behind the PBX: whose audio is heard, or `both` as two calls."""
    early_media: bool = False
    """Whether announcements before the answer are heard."""
    max_calls: Annotated[int, Field(ge=1, le=10_000)] = 500
    idle_s: Annotated[float, Field(ge=30)] = 300.0
    """A call without a packet for so long is over; its end was not seen. On hold twelve times as long."""
    buffer_mb: Annotated[int, Field(ge=1, le=256)] = 16
    """Memory of the kernel's ring of packets."""

    @field_validator("networks", "ignore_networks")
    @classmethod
    def _networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for each in value:
            ip_network(each)
        return value

    @model_validator(mode="after")
    def _interface_is_named(self) -> MirrorTable:
        if self.enabled and not self.interface:
            raise ValueError('enabled = true needs interface = "eth1", the port that gets the copies')
        return self
