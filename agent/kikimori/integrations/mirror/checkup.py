"""Checks of the port that gets copies from the switch: existence, permission to read, traffic."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path
from typing import TYPE_CHECKING

from kikimori.checks.diagnosis import CheckState, Diagnosis
from kikimori.integrations.mirror.live import no_permission
from kikimori.integrations.mirror.traffic import look_at_traffic
from kikimori_core.messages import both

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kikimori.integrations.mirror.settings import MirrorTable
    from kikimori.taps.sides import SidesTable

INTERFACES = Path("/sys/class/net")
WATCHED_S = 2.0


def interface_fault(interface: str) -> Iterator[Diagnosis]:
    """Yield the fault that this machine has no such network card."""
    names = [name for _, name in socket.if_nameindex()]
    if interface not in names:
        yield Diagnosis(
            "[mirror] interface",
            CheckState.FAULT,
            *both("no_network_card", interface=interface, names=", ".join(names)),
        )


async def look_at_mirror(table: MirrorTable, sides: SidesTable) -> list[Diagnosis]:
    """Check the network card, then for some seconds what comes in on it."""
    found = await look_at_interface("mirror", table.interface)
    if all(each.state is CheckState.OK for each in found):
        found += await look_at_traffic("mirror calls", table, sides)
    return found


async def look_at_interface(name: str, interface: str) -> list[Diagnosis]:
    """Look at a network interface that is listened to."""
    found = _there(name, interface)
    if found[-1].state is not CheckState.OK:
        return found
    found.append(await _packets(name, interface))
    return found


def _there(name: str, interface: str) -> list[Diagnosis]:
    there = INTERFACES / interface
    if not there.is_dir():
        names = (
            ", ".join(sorted(each.name for each in INTERFACES.iterdir())) if INTERFACES.is_dir() else "none"
        )
        return [
            Diagnosis(name, CheckState.FAULT, *both("mirror_no_interface", interface=interface, names=names))
        ]
    state = (there / "operstate").read_text(encoding="ascii").strip()
    # Loopback and tunnels say "unknown" while they work.
    if state not in ("up", "unknown"):
        return [
            Diagnosis(
                name, CheckState.FAULT, *both("mirror_interface_down", interface=interface, state=state)
            )
        ]
    return [_permission(name, interface)]


def _permission(name: str, interface: str) -> Diagnosis:
    try:
        socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0).close()
    except PermissionError:
        missing = no_permission(interface)
        return Diagnosis(name, CheckState.FAULT, missing.message, missing.next_step or "")
    except OSError as error:
        return Diagnosis(name, CheckState.FAULT, *both("mirror_not_readable", reason=error.strerror))
    return Diagnosis(name, CheckState.OK, *both("mirror_readable", interface=interface))


async def _packets(name: str, interface: str) -> Diagnosis:
    before = _received(interface)
    await asyncio.sleep(WATCHED_S)
    came = _received(interface) - before
    if came <= 0:
        return Diagnosis(
            name, CheckState.WARNING, *both("mirror_nothing", interface=interface, seconds=f"{WATCHED_S:.0f}")
        )
    return Diagnosis(
        name, CheckState.OK, *both("mirror_traffic", came=f"{came / WATCHED_S:.0f}", interface=interface)
    )


def _received(interface: str) -> int:
    return int((INTERFACES / interface / "statistics" / "rx_packets").read_text(encoding="ascii"))
