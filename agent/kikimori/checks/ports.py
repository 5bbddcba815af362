"""Checks of the ports of this program, and of the peers admitted there."""

from __future__ import annotations

import errno
import ipaddress
import socket

from kikimori.checks.diagnosis import CheckState, Diagnosis
from kikimori_core.messages import both, text
from kikimori_core.wire.settings import is_loopback

ANY_ADDRESS = ("0.0.0.0", "::")  # noqa: S104  (compared, not bound)
MOST_TAKEN = 0.5
"""Share of a range of ports taken by other programs from which a warning is given."""


def tcp_port(name: str, host: str, port: int) -> Diagnosis:
    return _port(name, host, port, socket.SOCK_STREAM)


def udp_port(name: str, host: str, port: int) -> Diagnosis:
    return _port(name, host, port, socket.SOCK_DGRAM)


def _port(name: str, host: str, port: int, kind: socket.SocketKind) -> Diagnosis:
    if port == 0:
        return Diagnosis(name, CheckState.OK, *both("port_any"))
    protocol = "TCP" if kind is socket.SOCK_STREAM else "UDP"
    try:
        _try_to_bind(host, port, kind)
    except socket.gaierror:
        return Diagnosis(name, CheckState.FAULT, *both("host_unknown", host=host))
    except OSError as error:
        return _taken(name, host, port, protocol, error)
    return Diagnosis(name, CheckState.OK, *both("port_free", host=host, protocol=protocol, port=port))


def _try_to_bind(host: str, port: int, kind: socket.SocketKind) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, kind) as probe:
        if kind is socket.SOCK_STREAM:
            # Connections that have just ended do not stand in our way; for UDP it would let two listen at once.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((host, port))


def _taken(name: str, host: str, port: int, protocol: str, error: OSError) -> Diagnosis:
    where = text("port_place", host=host, protocol=protocol, port=port)
    match error.errno:
        case errno.EADDRINUSE:
            return Diagnosis(
                name,
                CheckState.WARNING,
                *both("port_in_use", where=where, value=protocol[0].lower(), port=port),
            )
        case errno.EADDRNOTAVAIL:
            return Diagnosis(name, CheckState.FAULT, *both("not_our_address", host=host))
        case errno.EACCES:
            return Diagnosis(name, CheckState.FAULT, *both("port_not_allowed", where=where))
        case _:
            return Diagnosis(name, CheckState.FAULT, *both("port_failed", where=where, reason=error.strerror))


def udp_range(name: str, host: str, first: int, last: int, wanted: int) -> Diagnosis:
    """Check a range of UDP ports of which up to `wanted` are used at a time."""
    there = last - first + 1
    taken = 0
    for port in range(first, last + 1):
        try:
            _try_to_bind(host, port, socket.SOCK_DGRAM)
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                return _taken(name, host, port, "UDP", error)
            taken += 1
    where = text("udp_range", host=host, first=first, last=last)
    if there < wanted:
        return Diagnosis(
            name, CheckState.WARNING, *both("rtp_ports_few", where=where, there=there, wanted=wanted)
        )
    if taken > there * MOST_TAKEN:
        return Diagnosis(
            name, CheckState.WARNING, *both("rtp_ports_taken", where=where, taken=taken, there=there)
        )
    if taken:
        return Diagnosis(name, CheckState.OK, *both("rtp_ports_mostly_free", where=where, taken=taken))
    return Diagnosis(name, CheckState.OK, *both("rtp_ports_free", where=where))


def admitted(name: str, table: str, host: str, allow: tuple[str, ...]) -> Diagnosis:
    """Check the peers of a port: a PBX elsewhere must be allowed, and be able to connect."""
    who = ", ".join(allow)
    if is_loopback(host):
        return Diagnosis(name, CheckState.OK, *both("audio_from_this_machine", host=host, who=who))
    networks = [ipaddress.ip_network(each) for each in allow]
    if all(network.is_loopback for network in networks):
        return Diagnosis(name, CheckState.FAULT, *both("audio_admits_nobody", host=host, table=table))
    if any(network.prefixlen == 0 for network in networks):
        return Diagnosis(name, CheckState.WARNING, *both("audio_admits_everybody", host=host, table=table))
    for network in networks:
        if network.num_addresses == 1 and network.version == 4 and network.network_address.packed[-1] == 0:
            said = both(
                "audio_admits_network_address", host=host, table=table, address=network.network_address
            )
            return Diagnosis(name, CheckState.WARNING, *said)
    return Diagnosis(name, CheckState.OK, *both("audio_awaited", host=host, who=who))
