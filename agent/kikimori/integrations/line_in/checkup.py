"""Sound cards that hear telephones: the library, and each device that is named."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from kikimori.checks.diagnosis import CheckState, Diagnosis
from kikimori.errors import KikimoriError
from kikimori.integrations.line_in.device_calls import roles_of
from kikimori.integrations.line_in.portaudio import PortAudio
from kikimori.integrations.line_in.sound import SoundError, find_device
from kikimori_core.messages import both

if TYPE_CHECKING:
    from collections.abc import Callable

    from kikimori.integrations.line_in.settings import DeviceTable, LineInTable
    from kikimori.integrations.line_in.sound import Device, SoundLibrary


async def look_at_devices(
    table: LineInTable, make: Callable[[], SoundLibrary] = PortAudio
) -> list[Diagnosis]:
    """Look whether each device is there and has the channels that are asked of it."""
    try:
        devices = await asyncio.to_thread(lambda: make().devices())
    except KikimoriError as error:
        return [Diagnosis("line-in", CheckState.FAULT, error.message, error.next_step or "")]
    except SoundError as error:
        return [Diagnosis("line-in", CheckState.FAULT, *both("line_in_no_sound_system", error=error))]
    if not table.devices:
        return [Diagnosis("line-in", CheckState.FAULT, *both("line_in_no_device"))]
    return [_device(each, devices) for each in table.devices]


def _device(wanted: DeviceTable, devices: list[Device]) -> Diagnosis:
    check = f"line-in {wanted.name}"
    try:
        found = find_device(devices, wanted.device)
    except SoundError as error:
        return Diagnosis(check, CheckState.FAULT, *both("line_in_not_found", error=error))
    needed = len(roles_of(wanted))
    if found.channels < needed:
        return Diagnosis(
            check,
            CheckState.FAULT,
            *both("line_in_few_channels", name=found.name, channels=found.channels, needed=needed),
        )
    return Diagnosis(
        check, CheckState.OK, *both("line_in_good", name=found.name, channels=found.channels, rate=found.rate)
    )
