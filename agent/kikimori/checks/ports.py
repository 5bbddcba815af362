"""Checks of the ports of this program, and of the peers admitted there."""

from __future__ import annotations

import errno
import ipaddress
import socket

from kikimori.checks.diagnosis import Diagnosis, State
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
        return Diagnosis(name, State.OK, "any free port")
    protocol = "TCP" if kind is socket.SOCK_STREAM else "UDP"
    try:
        _try_to_bind(host, port, kind)
    except socket.gaierror:
        return Diagnosis(name, State.FAULT, f"host {host} is unknown", "give an address of this machine")
    except OSError as error:
        return _taken(name, host, port, protocol, error)
    return Diagnosis(name, State.OK, f"{host}, {protocol} port {port} is free")


def _try_to_bind(host: str, port: int, kind: socket.SocketKind) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, kind) as probe:
        if kind is socket.SOCK_STREAM:
            # Connections that have just ended do not stand in our way; for UDP it would let two listen at once.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((host, port))


def _taken(name: str, host: str, port: int, protocol: str, error: OSError) -> Diagnosis:
    where = f"{host}, {protocol} port {port}"
    match error.errno:
        case errno.EADDRINUSE:
            return Diagnosis(
                name,
                State.WARNING,
                f"{where} is in use: right while the agent runs",
                f"ss -lnp{protocol[0].lower()} 'sport = :{port}' says by whom",
            )
        case errno.EADDRNOTAVAIL:
            return Diagnosis(
                name, State.FAULT, f"{host} is no address of this machine", "ip address lists them"
            )
        case errno.EACCES:
            return Diagnosis(name, State.FAULT, f"{where} is not allowed", "choose a port above 1023")
        case _:
            return Diagnosis(name, State.FAULT, f"{where}: {error.strerror}")


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
    where = f"{host}, UDP ports {first} to {last}"
    if there < wanted:
        return Diagnosis(
            name,
            State.WARNING,
            f"{where} are {there}; the sessions admitted need up to {wanted}",
            "widen first_rtp_port to last_rtp_port, or lower max_sessions; the firewall must let the whole range in",
        )
    if taken > there * MOST_TAKEN:
        return Diagnosis(
            name,
            State.WARNING,
            f"{where}: {taken} of {there} are in use",
            "ss -lnup says by whom; choose another range",
        )
    return Diagnosis(name, State.OK, f"{where} are free" + (f" but for {taken}" if taken else ""))


def admitted(name: str, table: str, host: str, allow: tuple[str, ...]) -> Diagnosis:
    """Check the peers of a port: a PBX elsewhere must be allowed, and be able to connect."""
    who = ", ".join(allow)
    if is_loopback(host):
        return Diagnosis(name, State.OK, f"the PBX must run on this machine ({host}); admitted: {who}")
    networks = [ipaddress.ip_network(each) for each in allow]
    if all(network.is_loopback for network in networks):
        return Diagnosis(
            name,
            State.FAULT,
            f"audio is awaited at {host}, but only this machine is admitted",
            f"add the PBX's network to [{table}] allow",
        )
    if any(network.prefixlen == 0 for network in networks):
        return Diagnosis(
            name,
            State.WARNING,
            f"everybody is admitted at {host}",
            f"[{table}] allow should name the PBX's network only: what comes in is not encrypted or signed",
        )
    return Diagnosis(name, State.OK, f"audio is awaited at {host}; admitted: {who}")
