"""`[mirror]`."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from kikimori_core.wire.settings import Networks, Port, matching


class MirrorTable(BaseModel):
    """`[mirror]`: calls in the packets that a switch copies to a port of this machine."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    enabled: bool = False
    interface: Annotated[
        str,
        matching(
            r"[0-9A-Za-z_.:@-]{0,15}", 'write the name of a network card as `ip link` lists it, e.g. "eth1"'
        ),
    ] = ""
    """Network interface that gets the copies, e.g. `eth1`; it needs no address."""
    sip_ports: Annotated[tuple[Port, ...], Field(min_length=1, max_length=16)] = (5060,)
    """UDP and TCP."""
    tls_ports: Annotated[tuple[Port, ...], Field(max_length=16)] = (5061,)
    """Ports of SIP over TLS, which cannot be read; watched so that this can be reported."""
    networks: Networks = ()
    """Networks of which one must hold an end of the SIP that is read; empty = all."""
    ignore_networks: Networks = ()
    """SIP with one end in these networks is not looked at."""
    twins: Literal["outside", "inside", "both"] = "outside"
    """Audio that is heard of a call seen before and behind the PBX: of one side, or of `both` as two
    calls."""
    early_media: bool = False
    """True = announcements before the answer are heard."""
    max_calls: Annotated[int, Field(ge=1, le=10_000)] = 500
    idle_s: Annotated[float, Field(ge=30)] = 300.0
    """Seconds without a packet after which a call is over; its end was not seen. On hold twelve times as
    long."""
    buffer_mb: Annotated[int, Field(ge=1, le=256)] = 16
    """Memory of the kernel's ring of packets."""

    @model_validator(mode="after")
    def _interface_is_named(self) -> MirrorTable:
        if self.enabled and not self.interface:
            raise ValueError('enabled = true needs interface = "eth1", the port that gets the copies')
        return self
