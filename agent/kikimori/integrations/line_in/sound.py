"""Interface of a sound library."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from kikimori_core.messages import text

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True, slots=True)
class Device:
    name: str
    channels: int
    """Most channels that it can record."""
    rate: int
    """Samples per second that it prefers."""


class SoundError(Exception):
    """A device cannot be used. `reason` is a stable word for logs, the text is the library's."""

    def __init__(self, reason: str, text: str = "") -> None:
        super().__init__(text or reason)
        self.reason = reason


class Capture(Protocol):
    """A device that records."""

    def close(self) -> None:
        """Stop; `put` is not called afterwards."""


class SoundLibrary(Protocol):
    """The library. Every method may block for some time: call them in a thread."""

    def devices(self) -> list[Device]:
        """Return the devices that can record; raises `SoundError`."""

    def refresh(self) -> None:
        """Search for devices again. Only while nothing is open. Raises `SoundError`."""

    def open(
        self,
        device: Device,
        *,
        channels: int,
        rate: int,
        put: Callable[[bytes], None],
        overflowed: Callable[[], None],
        ended: Callable[[], None],
    ) -> Capture:
        """Record: `put` gets interleaved s16le, whole frames, in the library's thread; `ended` when it stops by itself.

        `overflowed` says that the device lost sound, nobody knows how much, because the machine was too slow.

        Raises:
            SoundError: the device does not open at this rate and number of channels.
        """


def find_device(devices: list[Device], wanted: str) -> Device:
    """Return the device of this name, else the only one with this in its name; raises `SoundError`."""
    for each in devices:
        if each.name == wanted:
            return each
    parts = [each for each in devices if wanted.casefold() in each.name.casefold()]
    if len(parts) > 1:
        raise SoundError(
            "several_devices", text("sound_devices_several", count=len(parts), value=repr(wanted))
        )
    if not parts:
        raise SoundError("no_such_device", text("sound_device_unknown", value=repr(wanted)))
    return parts[0]
