"""`[siprec]` of the configuration file."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from kikimori_core.wire.files import PemFile
from kikimori_core.wire.settings import LOOPBACK, ListenPort, Networks


class SiprecTable(BaseModel):
    """`[siprec]`: an SBC or IP-PBX records to us."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    enabled: bool = False
    host: str = "127.0.0.1"
    udp: bool = True
    tcp: bool = True
    port: ListenPort = 5060
    """Port of UDP and TCP."""
    tls_port: ListenPort | None = None
    """None = no TLS."""
    tls_cert: PemFile | None = None
    """PEM: our certificate, then those between it and the authority."""
    tls_key: PemFile | None = None
    tls_client_ca: PemFile | None = None
    """PEM: set it to admit only SRCs with a certificate of this authority."""
    srtp_needs_tls: bool = False
    """True = encrypted audio is refused when its keys come over UDP or TCP. False = it is heard, with a
    problem shown."""
    advertise: str | None = None
    """IP address at which the SRC reaches this machine; None = determined for each SRC."""
    first_rtp_port: Annotated[int, Field(ge=1024, le=65534)] = 20000
    last_rtp_port: Annotated[int, Field(ge=1025, le=65535)] = 23999
    allow: Networks = LOOPBACK
    """Networks of the SRCs, for SIP and RTP; everything else is refused."""
    max_sessions: Annotated[int, Field(ge=1, le=20_000)] = 500
    max_connections: Annotated[int, Field(ge=1)] = 200
    """TCP and TLS connections at a time."""
    session_expires_s: Annotated[int, Field(ge=90, le=86_400)] = 1800
    """Interval in s within which an SRC that can must refresh its session."""
    rtp_idle_s: Annotated[float, Field(ge=5)] = 300.0
    """Seconds without a packet, and not on hold, after which a session is over."""
    first_stream: Literal["customer", "operator"] = "customer"
    """Side whose voice is the first stream when the SRC says nothing about the parties."""

    @field_validator("advertise")
    @classmethod
    def _address(cls, value: str | None) -> str | None:
        if value is not None:
            ip_address(value)
        return value

    @model_validator(mode="after")
    def _whole(self) -> SiprecTable:
        if self.tls_port is not None and (self.tls_cert is None or self.tls_key is None):
            raise ValueError("tls_port needs tls_cert and tls_key")
        if self.enabled and not self.udp and not self.tcp and self.tls_port is None:
            raise ValueError("udp, tcp and TLS are all switched off")
        if self.last_rtp_port <= self.first_rtp_port:
            raise ValueError("last_rtp_port must be above first_rtp_port")
        return self
