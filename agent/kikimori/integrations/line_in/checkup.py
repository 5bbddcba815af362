"""Sound cards that hear telephones: the library, and each device that is named."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from kikimori.checks.diagnosis import Diagnosis, State
from kikimori.errors import KikimoriError
from kikimori.integrations.line_in.line import roles_of
from kikimori.integrations.line_in.portaudio import PortAudio
from kikimori.integrations.line_in.sound import SoundError, find_device

if TYPE_CHECKING:
    from collections.abc import Callable

    from kikimori.integrations.line_in.settings import DeviceTable, LineInTable
    from kikimori.integrations.line_in.sound import Device, Sound

LIST = "`kikimori tap devices` lists them"


async def look_at_devices(table: LineInTable, make: Callable[[], Sound] = PortAudio) -> list[Diagnosis]:
    """Look whether each device is there and has the channels that are asked of it."""
    try:
        devices = await asyncio.to_thread(lambda: make().devices())
    except KikimoriError as error:
        return [Diagnosis("line-in", State.FAULT, error.message, error.next_step or "")]
    except SoundError as error:
        detail = f"no sound system: {error}"
        return [
            Diagnosis("line-in", State.FAULT, detail, "is this user in the group audio? `groups`; arecord -l")
        ]
    if not table.devices:
        return [Diagnosis("line-in", State.FAULT, "no device is named", f"add [[line_in.devices]]; {LIST}")]
    return [_device(each, devices) for each in table.devices]


def _device(wanted: DeviceTable, devices: list[Device]) -> Diagnosis:
    check = f"line-in {wanted.name}"
    try:
        found = find_device(devices, wanted.device)
    except SoundError as error:
        return Diagnosis(check, State.FAULT, str(error), f"is it plugged in? {LIST}")
    needed = len(roles_of(wanted))
    if found.channels < needed:
        return Diagnosis(
            check,
            State.FAULT,
            f"{found.name} records {found.channels} channel, two voices need {needed}",
            'a stereo recorder, or customer = "mixed"',
        )
    return Diagnosis(check, State.OK, f"{found.name}, {found.channels} channels, {found.rate} Hz")
