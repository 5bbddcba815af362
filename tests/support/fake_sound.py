"""A sound library without a sound card: an implementation of `kikimori.integrations.line_in.sound.Sound`.

What PortAudio does is tested with PortAudio itself (`tests/integrations/line_in/test_portaudio.py`); this one gives what a test says, at
once, from the thread that calls it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kikimori.integrations.line_in.sound import Device, SoundError

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(eq=False)
class FakeCapture:
    put: Callable[[bytes], None]
    overflowed: Callable[[], None]
    ended: Callable[[], None]
    rate: int
    channels: int
    closed: bool = False

    def close(self) -> None:
        self.closed = True

    def unplug(self) -> None:
        self.ended()


class FakeSound:
    def __init__(self, *devices: Device) -> None:
        self.plugged = list(devices)
        self.captures: dict[str, FakeCapture] = {}
        """The last one of each device."""
        self.opened = 0
        self.refreshed = 0
        self.refuses: str | None = None

    def devices(self) -> list[Device]:
        return list(self.plugged)

    def refresh(self) -> None:
        self.refreshed += 1

    def open(
        self,
        device: Device,
        *,
        channels: int,
        rate: int,
        put: Callable[[bytes], None],
        overflowed: Callable[[], None],
        ended: Callable[[], None],
    ) -> FakeCapture:
        if self.refuses is not None:
            raise SoundError(self.refuses)
        self.opened += 1
        self.captures[device.name] = FakeCapture(put, overflowed, ended, rate, channels)
        return self.captures[device.name]
