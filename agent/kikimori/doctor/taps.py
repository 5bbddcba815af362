"""Checks of the ways in: ports, admitted peers, further needs of each."""

from __future__ import annotations

import asyncio
import ipaddress
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from kikimori.doctor.asterisk import look_at_ari
from kikimori.doctor.certificate import look_at_authorities, look_at_certificate
from kikimori.doctor.configuration import same_port_twice
from kikimori.doctor.diagnosis import Diagnosis, State, Subject
from kikimori.doctor.freeswitch import look_at_freeswitch
from kikimori.doctor.line_in import look_at_devices
from kikimori.doctor.mirror import look_at_interface
from kikimori.doctor.ports import admitted, tcp_port, udp_port, udp_range
from kikimori.doctor.sides import look_at_sides
from kikimori.doctor.traffic import look_at_traffic

if TYPE_CHECKING:
    from kikimori.config import AgentConfig
    from kikimori.taps.siprec.settings import SiprecTable

STREAMS = 2
"""Streams of a recorded call, each on a port of its own; ports of RTP are even."""


def subjects(config: AgentConfig) -> list[Subject]:
    """Return the subjects to be checked for the ways in that are switched on."""
    found = [Subject("who is the customer", partial(_sides, config))]
    if config.audiosocket.enabled:
        found.append(Subject("AudioSocket", partial(_audiosocket, config)))
    if config.chan_websocket.enabled:
        found.append(Subject("WebSocket channels", partial(_chan_websocket, config)))
    if config.asterisk.tap:
        found.append(
            Subject(
                "Asterisk's ARI",
                partial(look_at_ari, config.asterisk, config.sides, websocket=config.chan_websocket.enabled),
            )
        )
    if config.freeswitch.tap:
        found.append(Subject("FreeSWITCH", partial(_freeswitch, config)))
    if config.siprec.enabled:
        found.append(Subject("SIPREC", partial(_siprec, config.siprec)))
    if config.mirror.enabled:
        found.append(Subject("mirror port", partial(_mirror, config)))
    if config.line_in.enabled:
        found.append(Subject("line-in", partial(look_at_devices, config.line_in)))
    return found if len(found) > 1 else [*found, Subject("ways in", _none)]


async def _none() -> list[Diagnosis]:
    return [
        Diagnosis(
            "ways in",
            State.FAULT,
            "no way in is switched on: no call can be heard",
            "switch one on in kikimori.toml, e.g. [audiosocket] enabled = true; config/pbx/README.md helps to choose",
        )
    ]


async def _sides(config: AgentConfig) -> list[Diagnosis]:
    needed = config.asterisk.tap or config.freeswitch.tap or config.siprec.enabled or config.mirror.enabled
    return [
        *look_at_sides(config.sides, needed=needed),
        *(replace(each, check="ports") for each in same_port_twice(config)),
    ]


async def _audiosocket(config: AgentConfig) -> list[Diagnosis]:
    table = config.audiosocket
    found = [
        tcp_port("audiosocket", table.host, table.port),
        tcp_port("announcements", table.host, table.announce_port),
        admitted("audiosocket peers", "audiosocket", table.host, table.allow),
    ]
    if config.asterisk.tap:
        found += _reached_by_asterisk(config)
    return found


def _reached_by_asterisk(config: AgentConfig) -> list[Diagnosis]:
    """Check the address that Asterisk is told to connect to: neither every address nor none."""
    host = config.asterisk.audio_host or config.audiosocket.host
    if host in ("0.0.0.0", "::"):  # noqa: S104  (looked for, not bound)
        return [
            Diagnosis(
                "audiosocket address",
                State.FAULT,
                f"Asterisk would be told to send audio to {host}",
                "set [asterisk] audio_host to this machine's address as Asterisk sees it",
            )
        ]
    return [Diagnosis("audiosocket address", State.OK, f"Asterisk sends audio to {host}")]


async def _mirror(config: AgentConfig) -> list[Diagnosis]:
    found = await look_at_interface("mirror", config.mirror.interface)
    if all(each.state is State.OK for each in found):
        found += await look_at_traffic("mirror calls", config.mirror, config.sides)
    return found


async def _chan_websocket(config: AgentConfig) -> list[Diagnosis]:
    table = config.chan_websocket
    return [
        tcp_port("chan_websocket", table.host, table.port),
        admitted("chan_websocket peers", "chan_websocket", table.host, table.allow),
    ]


async def _freeswitch(config: AgentConfig) -> list[Diagnosis]:
    table = config.freeswitch
    found = [
        tcp_port("freeswitch media", table.media_host, table.media_port),
        admitted("freeswitch peers", "freeswitch", table.media_host, table.allow),
    ]
    # With control by the same connection it is looked at there.
    if config.pbx.kind != "freeswitch":
        found += await look_at_freeswitch(table, tap=True, control=False)
    return found


def _known_as(table: SiprecTable) -> str | None:
    """Return the address by which an SBC reaches this machine; None when it may be any, or is a name."""
    host = table.advertise or table.host
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return None
    return None if address.is_unspecified else str(address)


async def _siprec(table: SiprecTable) -> list[Diagnosis]:
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
        found.append(
            Diagnosis(
                "siprec srtp",
                State.WARNING,
                "encrypted audio is refused: [siprec] srtp_needs_tls is set, and there is no tls_port",
                "set tls_port, tls_cert and tls_key",
            )
        )
    wanted = 2 * STREAMS * table.max_sessions
    found.append(
        await asyncio.to_thread(
            udp_range, "siprec rtp", table.host, table.first_rtp_port, table.last_rtp_port, wanted
        )
    )
    found.append(admitted("siprec peers", "siprec", table.host, table.allow))
    return found
