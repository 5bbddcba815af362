"""Checks of SIPREC: ports, certificates, admitted peers."""

from __future__ import annotations

import asyncio
import ipaddress
from typing import TYPE_CHECKING

from kikimori.checks.certificate import look_at_authorities, look_at_certificate
from kikimori.checks.diagnosis import CheckState, Diagnosis
from kikimori.checks.ports import admitted, tcp_port, udp_port, udp_range
from kikimori_core.messages import both

if TYPE_CHECKING:
    from kikimori.integrations.siprec.settings import SiprecTable

STREAMS = 2
"""Streams of a recorded call, each on a port of its own; ports of RTP are even."""


async def look_at_siprec(table: SiprecTable) -> list[Diagnosis]:
    """Check its ports, its certificate and the peers that it admits."""
    found = []
    if table.udp:
        found.append(udp_port("siprec udp", table.host, table.port))
    if table.tcp:
        found.append(tcp_port("siprec tcp", table.host, table.port))
    if table.tls_port is not None and table.tls_cert is not None and table.tls_key is not None:
        found += [
            tcp_port("siprec tls", table.host, table.tls_port),
            look_at_certificate(
                "siprec certificate", table.tls_cert, table.tls_key, address=_known_as(table)
            ),
        ]
        if table.tls_client_ca is not None:
            found.append(look_at_authorities("siprec client certificates", table.tls_client_ca))
    if table.srtp_needs_tls and table.tls_port is None:
        found.append(Diagnosis("siprec srtp", CheckState.WARNING, *both("srtp_refused")))
    wanted = 2 * STREAMS * table.max_sessions
    found.append(
        await asyncio.to_thread(
            udp_range, "siprec rtp", table.host, table.first_rtp_port, table.last_rtp_port, wanted
        )
    )
    found.append(admitted("siprec peers", "siprec", table.host, table.allow))
    return found


def _known_as(table: SiprecTable) -> str | None:
    """Return the address by which an SBC reaches this machine; None when it may be any, or is a name."""
    host = table.advertise or table.host
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return None
    return None if address.is_unspecified else str(address)
