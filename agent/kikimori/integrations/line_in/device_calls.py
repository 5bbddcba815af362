"""Line of one telephone: audio of a device in, calls and legs out. Without threads and clocks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from kikimori.integrations.line_in.activity import Activity, Change
from kikimori.media.resample import Resampler
from kikimori_core.model.call import CallInfo, EndReason, LegInfo, Party, Role

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from kikimori.integrations.line_in.settings import DeviceTable, LineInTable
    from kikimori_core.model.feed import CallDesk, LegFeed


def roles_of(table: DeviceTable) -> tuple[Role, ...]:
    """Return the role of the voice in each channel."""
    match table.customer:
        case "left":
            return (Role.CUSTOMER, Role.OPERATOR)
        case "right":
            return (Role.OPERATOR, Role.CUSTOMER)
        case _:
            return (Role.MIXED,)


class DeviceCalls:
    """Frames of a device at `device_rate`; `name_call` gives every call a name of its own."""

    def __init__(
        self,
        desk: CallDesk,
        table: LineInTable,
        device: DeviceTable,
        device_rate: int,
        name_call: Callable[[], str],
    ) -> None:
        self._desk = desk
        self._device = device
        self._name_call = name_call
        self._roles = roles_of(device)
        self._rate = table.rate
        self._device_rate = device_rate
        self._resamplers = (
            [Resampler(device_rate, table.rate) for _ in self._roles] if device_rate != table.rate else []
        )
        self._activity = Activity(table.activity, len(self._roles), table.rate)
        self._pre_roll = round(table.activity.pre_roll_s * table.rate)
        self._before = np.empty((len(self._roles), 0), dtype=np.int16)
        self._feeds: list[LegFeed] = []

    @property
    def in_call(self) -> bool:
        return bool(self._feeds)

    def audio(self, block: bytes) -> None:
        """Take interleaved s16le, whole frames."""
        frames = np.frombuffer(block, dtype="<i2").reshape(-1, len(self._roles)).T
        if self._resamplers:
            parts = [
                each.feed(np.ascontiguousarray(one).tobytes())
                for each, one in zip(self._resamplers, frames, strict=True)
            ]
            frames = np.stack([np.frombuffer(part, dtype="<i2") for part in parts])
        # What decides is heard before the decision, so that the first words are in the call.
        changes = self._activity.feed(frames)
        if not self._feeds:
            self._before = np.concatenate((self._before, frames), axis=1)
        self._give(frames)
        for change in changes:
            if change is Change.BEGIN:
                self._begin()
            else:
                self.end(EndReason.HUNG_UP)
        if not self._feeds and self._before.shape[1] > self._pre_roll:
            self._before = self._before[:, self._before.shape[1] - self._pre_roll :]

    def lost(self, frames: int) -> None:
        """Note that this number of the device's frames never arrived."""
        for feed in self._feeds:
            feed.gap(max(1, frames * self._rate // self._device_rate))

    def end(self, reason: EndReason) -> None:
        """End the call, if there is one."""
        for feed in self._feeds:
            feed.close(reason)
        self._feeds = []

    def _begin(self) -> None:
        call = CallInfo(
            call_id=self._name_call(),
            tap="line_in",
            operator=Party(number=self._device.extension, name=self._device.operator_name),
        )
        self._feeds = [self._desk.open_leg(LegInfo(call, role, self._rate)) for role in self._roles]
        self._give(self._before)
        self._before = self._before[:, :0]

    def _give(self, frames: NDArray[np.int16]) -> None:
        for feed, one in zip(self._feeds, frames, strict=False):
            feed.audio(np.ascontiguousarray(one).tobytes())
