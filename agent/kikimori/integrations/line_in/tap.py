"""Line-in as a way in: a task per device waits for it, hears it, and waits again after it was unplugged."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING
from uuid import uuid4

import structlog

from kikimori.integrations.line_in.device_calls import DeviceCalls, roles_of
from kikimori.integrations.line_in.handover import Handover
from kikimori.integrations.line_in.portaudio import PortAudio
from kikimori.integrations.line_in.sound import SoundError, find_device
from kikimori_core.model.call import EndReason
from kikimori_core.wire.messages import Problem

if TYPE_CHECKING:
    from collections.abc import Callable

    from kikimori.integrations.line_in.settings import DeviceTable, LineInTable
    from kikimori.integrations.line_in.sound import Capture, Device, SoundLibrary
    from kikimori.taps.tap import Address
    from kikimori_core.model.feed import CallDesk

log = structlog.get_logger()

MOST_S = 10.0
"""Seconds of audio between the library's thread and the loop; beyond it the oldest is dropped."""
DEAD_AFTER_S = 3.0
"""Seconds without audio after which a device counts as gone, whatever the library reports."""
RELEASED_WITHIN_S = 2.0
RETRY_S = (1.0, 30.0)
"""Shortest and longest wait in s until the device is tried again."""


class LineInTap:
    """A `kikimori.taps.tap.Tap`. `sound` makes the library when the tap begins to listen."""

    def __init__(
        self,
        desk: CallDesk,
        table: LineInTable,
        sound: Callable[[], SoundLibrary] = PortAudio,
        *,
        dead_after_s: float = DEAD_AFTER_S,
        first_retry_s: float = RETRY_S[0],
    ) -> None:
        self._desk = desk
        self._table = table
        self._make_sound = sound
        self._dead_after_s = dead_after_s
        self._first_retry_s = first_retry_s
        self._library = asyncio.Lock()
        self._open = 0
        self._closed = asyncio.Event()
        self._troubles: dict[str, SoundError] = {}
        self._of_devices: set[DeviceCalls] = set()
        self._captures: set[Capture] = set()
        self._releasing: set[asyncio.Task[None]] = set()
        self._handovers: set[Handover] = set()
        self._counters = dict.fromkeys(
            ("calls", "lost_devices", "dropped_frames", "broken_blocks", "overflows"), 0
        )

    @property
    def name(self) -> str:
        return "line_in"

    @property
    def addresses(self) -> dict[str, Address]:
        return {}

    async def listen(self) -> None:
        """Raises KikimoriError when there is no sound library. A device that is not there is waited for."""
        self._sound = await asyncio.to_thread(self._make_sound)

    async def run(self) -> None:
        async with asyncio.TaskGroup() as tasks:
            for device in self._table.devices:
                tasks.create_task(self._keep(device), name=f"line_in {device.name}")

    async def close(self) -> None:
        self._closed.set()
        for calls in list(self._of_devices):
            calls.end(EndReason.SHUTDOWN)
        self._of_devices.clear()
        for capture in list(self._captures):
            self._release(capture)
        await self._released()

    def problems(self) -> tuple[Problem, ...]:
        return tuple(
            Problem.of(
                "line_in_device",
                cause=trouble.reason if trouble.reason in _REASONS else "no_such_device",
                name=name,
                trouble=trouble,
            )
            for name, trouble in self._troubles.items()
        )

    def counters(self) -> dict[str, int]:
        counters = dict(self._counters)
        for handover in self._handovers:
            counters["dropped_frames"] += handover.dropped_frames
            counters["broken_blocks"] += handover.broken_blocks
            counters["overflows"] += handover.overflows
        return {f"line_in_{name}": number for name, number in counters.items()}

    # --- inside

    async def _keep(self, device: DeviceTable) -> None:
        """Hear one device again and again, until cancelled."""
        wait_s = self._first_retry_s
        while not self._closed.is_set():
            try:
                heard = await self._hear(device)
            except SoundError as trouble:
                self._trouble(device, trouble)
            else:
                if self._closed.is_set():
                    return
                if heard:
                    wait_s = self._first_retry_s
                self._counters["lost_devices"] += 1
                self._trouble(device, SoundError("device_gone", "it stopped giving sound"))
            await asyncio.sleep(wait_s)
            wait_s = min(2 * wait_s, RETRY_S[1])

    async def _hear(self, device: DeviceTable) -> bool:
        """Hear one device until it is lost; return whether it gave audio. Raises `SoundError`."""
        loop = asyncio.get_running_loop()
        awake = asyncio.Event()
        channels = len(roles_of(device))
        async with self._library:
            if not self._open:
                await asyncio.to_thread(self._sound.refresh)
            found = find_device(await asyncio.to_thread(self._sound.devices), device.device)
            if found.channels < channels:
                raise SoundError("too_few_channels", f"{found.name} has {found.channels} channel(s)")
            rate = device.rate or found.rate
            handover = Handover(
                partial(_wake, loop, awake), frame_bytes=2 * channels, most_frames=round(MOST_S * rate)
            )
            capture = await self._capture(found, handover, channels, rate)
        calls = DeviceCalls(self._desk, self._table, device, rate, partial(self._name_call, device))
        self._of_devices.add(calls)
        self._handovers.add(handover)
        heard = False
        try:
            while not self._closed.is_set():
                async with asyncio.timeout(self._dead_after_s):
                    await awake.wait()
                awake.clear()
                lost, blocks, ended = handover.take()
                if blocks and not heard:
                    heard = True
                    self._troubles.pop(device.name, None)
                    log.info("line_in_heard", device=device.name, rate=rate, channels=channels)
                await self._give(calls, lost, blocks)
                if ended:
                    break
        except TimeoutError:
            pass
        finally:
            calls.end(EndReason.SHUTDOWN if self._closed.is_set() else EndReason.CONNECTION_LOST)
            self._of_devices.discard(calls)
            self._open -= 1
            self._handovers.discard(handover)
            self._counters["dropped_frames"] += handover.dropped_frames
            self._counters["broken_blocks"] += handover.broken_blocks
            self._counters["overflows"] += handover.overflows
            self._release(capture)
        await self._released()
        return heard

    def _release(self, capture: Capture) -> None:
        """Begin to close a device, once: PortAudio allows no second call."""
        if capture in self._captures:
            self._captures.discard(capture)
            task = asyncio.get_running_loop().create_task(asyncio.to_thread(capture.close))
            self._releasing.add(task)
            task.add_done_callback(self._releasing.discard)

    async def _released(self) -> None:
        """Wait for the devices being closed; a driver that hangs is left behind."""
        if self._releasing:
            await asyncio.wait(self._releasing, timeout=RELEASED_WITHIN_S)

    async def _capture(self, found: Device, handover: Handover, channels: int, rate: int) -> Capture:
        open_it = partial(
            self._sound.open,
            found,
            channels=channels,
            rate=rate,
            put=handover.put,
            overflowed=handover.overflow,
            ended=handover.end,
        )
        opening = asyncio.get_running_loop().create_task(asyncio.to_thread(open_it))
        try:
            capture = await asyncio.shield(opening)
        except asyncio.CancelledError:
            # A thread cannot be cancelled: what it opens is closed when it has.
            opening.add_done_callback(_close_late)
            raise
        self._open += 1
        self._captures.add(capture)
        return capture

    async def _give(self, calls: DeviceCalls, lost: int, blocks: list[bytes]) -> None:
        if lost:
            calls.lost(lost)
        for block in blocks:
            if self._closed.is_set():
                return
            calls.audio(block)
            # Seconds of audio that have waited must not hold up other calls.
            await asyncio.sleep(0)

    def _name_call(self, device: DeviceTable) -> str:
        self._counters["calls"] += 1
        return f"{device.name}-{uuid4().hex[:16]}"

    def _trouble(self, device: DeviceTable, trouble: SoundError) -> None:
        known = self._troubles.get(device.name)
        if known is None or known.reason != trouble.reason:
            log.warning("line_in_device", device=device.name, reason=trouble.reason)
        self._troubles[device.name] = trouble


_REASONS = frozenset(
    {
        "no_such_device",
        "several_devices",
        "too_few_channels",
        "device_does_not_open",
        "no_sound_system",
        "device_gone",
    }
)


def _close_late(opening: asyncio.Task[Capture]) -> None:
    if not opening.cancelled() and opening.exception() is None:
        opening.result().close()


def _wake(loop: asyncio.AbstractEventLoop, awake: asyncio.Event) -> None:
    try:
        loop.call_soon_threadsafe(awake.set)
    except RuntimeError:
        # The loop has ended while the library's thread had a last block.
        return
