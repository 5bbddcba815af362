"""Behaviour special to line-in; what it shares with every tap is in `contract/`."""

from __future__ import annotations

import asyncio
import threading
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import numpy as np
import pytest
from pydantic import ValidationError
from tests.support.deadline import WITHIN_S
from tests.support.fake_sound import FakeSound
from tests.support.recorder import Recorder
from tests.taps.contract.sound import find, voice

from kikimori.integrations.line_in.handover import Handover
from kikimori.integrations.line_in.settings import ActivityTable, DeviceTable, LineInTable
from kikimori.integrations.line_in.sound import Device
from kikimori.integrations.line_in.tap import LineInTap
from kikimori.media.resample import Resampler
from kikimori_core.model.call import EndReason, Role

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

ACTIVITY = ActivityTable(begin_s=0.2, end_s=3, pre_roll_s=2)


class Office:
    def __init__(self, tap: LineInTap, desk: Recorder, sound: FakeSound) -> None:
        self.tap = tap
        self.desk = desk
        self.sound = sound

    async def speak(self, device: str, *channels: bytes) -> None:
        """Say these on the channels of a device, once it is open."""
        await until(lambda: device in self.sound.captures)
        capture = self.sound.captures[device]
        frames = np.stack([np.frombuffer(pcm, "<i2") for pcm in channels], axis=1)
        step = capture.rate // 50
        for at in range(0, len(frames), step):
            capture.put(np.ascontiguousarray(frames[at : at + step]).tobytes())
            await asyncio.sleep(0)


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(WITHIN_S):
        while not condition():  # noqa: ASYNC110  (set in a thread)
            await asyncio.sleep(0.01)


@asynccontextmanager
async def office(
    *devices: DeviceTable,
    plugged: tuple[Device, ...],
    rate: int = 8000,
    dead_after_s: float = 20,
    refuses: str | None = None,
) -> AsyncIterator[Office]:
    desk = Recorder()
    sound = FakeSound(*plugged)
    sound.refuses = refuses
    table = LineInTable.model_validate(
        {"enabled": True, "rate": rate, "activity": ACTIVITY, "devices": devices}
    )
    tap = LineInTap(desk, table, lambda: sound, dead_after_s=dead_after_s, first_retry_s=0.01)
    await tap.listen()
    running = asyncio.create_task(tap.run())
    try:
        yield Office(tap, desk, sound)
        assert not running.done()
    finally:
        await tap.close()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    assert all(capture.closed for capture in sound.captures.values())


USB = Device("USB Audio: Handset", 2, 48000)


@pytest.mark.parametrize("side", ["left", "right"])
async def test_the_customer_is_on_the_side_that_was_said(side: str, no_task_left: None) -> None:  # noqa: ARG001
    """At the telephone's rate, however fast the device is, with the operator's extension."""
    device = DeviceTable.model_validate(
        {"name": "desk-1", "device": "handset", "customer": side, "extension": "204", "operator_name": "佐藤"}
    )
    left, right = voice(1, 1, 48000), voice(2, 1, 48000)
    async with office(device, plugged=(USB,)) as here:
        await here.speak(USB.name, left, right)
        await here.desk.until(lambda: len(here.desk.legs) == 2)
        legs = {leg.info.role: leg for leg in here.desk.legs}
        heard_left = legs[Role.CUSTOMER if side == "left" else Role.OPERATOR]
        at_8k = Resampler(48000, 8000).feed(left)[:12_000]
        await here.desk.until(lambda: find(at_8k, bytes(heard_left.pcm)).snr_db > 60)
    assert {leg.info.rate for leg in legs.values()} == {8000}
    assert legs[Role.CUSTOMER].info.call.operator.number == "204"
    assert legs[Role.CUSTOMER].info.call.call_id.startswith("desk-1-")


async def test_one_channel_is_a_mixed_voice() -> None:
    mono = Device("Phone recorder", 1, 16000)
    async with office(DeviceTable(name="desk-1", device="recorder"), plugged=(USB, mono), rate=16000) as here:
        spoken = voice(1, 1, 16000)
        await here.speak(mono.name, spoken)
        await here.desk.until(
            lambda: here.desk.legs and find(spoken, bytes(here.desk.legs[0].pcm)).snr_db > 100
        )
    [leg] = here.desk.legs
    assert (leg.info.role, leg.info.rate, leg.ended) == (Role.MIXED, 16000, EndReason.SHUTDOWN)


async def test_the_first_words_are_in_the_call() -> None:
    """Words said before the call was known to be one are in it, as far back as the pre-roll goes."""
    mono = Device("Phone recorder", 1, 8000)
    async with office(DeviceTable(name="desk-1", device="recorder"), plugged=(mono,)) as here:
        await here.speak(mono.name, bytes(8000 * 2 * 5))
        hello = voice(1, 0.5, 8000)
        await here.speak(mono.name, hello)
        await here.desk.until(
            lambda: here.desk.legs and find(hello, bytes(here.desk.legs[0].pcm)).snr_db > 100
        )
        [leg] = here.desk.legs
        # All of the pre-roll, no more.
        assert find(hello, bytes(leg.pcm)).at <= ACTIVITY.pre_roll_s * 8000


async def test_every_call_of_a_line_is_a_call_of_its_own() -> None:
    mono = Device("Phone recorder", 1, 8000)
    async with office(DeviceTable(name="desk-1", device="recorder"), plugged=(mono,)) as here:
        for number in (1, 2):
            await here.speak(mono.name, voice(number, 0.5, 8000) + bytes(8000 * 2 * 4))
            await until(lambda: here.desk.legs and all(leg.ended for leg in here.desk.legs))
            assert [leg.ended for leg in here.desk.legs] == [EndReason.HUNG_UP] * number
    assert len({leg.info.call.call_id for leg in here.desk.legs}) == 2
    assert here.tap.counters()["line_in_calls"] == 2


async def test_unplugged_ends_the_call_and_plugged_in_again_is_heard() -> None:
    mono = Device("Phone recorder", 1, 8000)
    async with office(DeviceTable(name="desk-1", device="recorder"), plugged=(mono,)) as here:
        await here.speak(mono.name, voice(1, 0.5, 8000))
        await here.desk.until(lambda: here.desk.legs)
        here.sound.plugged = []
        here.sound.captures[mono.name].unplug()
        await here.desk.until(lambda: here.desk.legs[0].ended)
        assert here.desk.legs[0].ended is EndReason.CONNECTION_LOST
        await until(lambda: "no device has" in str(here.tap.problems()))
        [problem] = here.tap.problems()
        assert "kikimori tap devices" in problem.remedy
        refreshed = here.sound.refreshed
        here.sound.plugged = [mono]
        await until(lambda: here.sound.opened == 2)
        assert here.sound.refreshed > refreshed
        await here.speak(mono.name, voice(2, 0.5, 8000))
        await here.desk.until(lambda: len(here.desk.legs) == 2)
        assert here.tap.problems() == ()
        assert here.tap.counters()["line_in_lost_devices"] == 1


async def test_a_device_that_falls_silent_altogether_is_gone() -> None:
    """Some drivers say nothing when the cable is pulled: no samples is no sound card."""
    mono = Device("Phone recorder", 1, 8000)
    async with office(
        DeviceTable(name="desk-1", device="recorder"), plugged=(mono,), dead_after_s=0.05
    ) as here:
        await until(lambda: here.sound.opened >= 2)
        assert here.tap.counters()["line_in_lost_devices"] >= 1


@pytest.mark.parametrize(
    ("plugged", "device", "refuses", "said"),
    [
        ((), "handset", None, "no device has 'handset'"),
        ((USB, Device("USB Audio: Other", 2, 48000)), "usb", None, "2 devices have 'usb'"),
        ((Device("Handset", 1, 48000),), "Handset", None, "has 1 channel"),
        ((USB,), "handset", "device_does_not_open", "device_does_not_open"),
    ],
)
async def test_a_device_that_cannot_be_heard_is_a_problem_with_a_remedy(
    plugged: tuple[Device, ...], device: str, refuses: str | None, said: str
) -> None:
    table = DeviceTable(name="desk-1", device=device, customer="left")
    async with office(table, plugged=plugged, refuses=refuses) as here:
        await until(here.tap.problems)
        [problem] = here.tap.problems()
        assert said in problem.detail
        assert problem.remedy


async def test_one_bad_device_does_not_stop_the_other() -> None:
    async with office(
        DeviceTable(name="desk-1", device="nowhere"),
        DeviceTable(name="desk-2", device="handset", customer="left"),
        plugged=(USB,),
    ) as here:
        await here.speak(USB.name, voice(1, 0.5, 48000), voice(2, 0.5, 48000))
        await here.desk.until(lambda: len(here.desk.legs) == 2)
        assert [problem.detail.split(":")[0] for problem in here.tap.problems()] == ["desk-1"]


async def test_sound_that_the_device_lost_is_counted() -> None:
    mono = Device("Phone recorder", 1, 8000)
    async with office(DeviceTable(name="desk-1", device="recorder"), plugged=(mono,)) as here:
        await until(lambda: here.sound.captures)
        here.sound.captures[mono.name].overflowed()
        await until(lambda: here.tap.counters()["line_in_overflows"] == 1)


def test_too_much_drops_the_oldest_and_counts_it() -> None:
    woken = []
    handover = Handover(lambda: woken.append(1), frame_bytes=4, most_frames=100)
    for number in range(5):
        handover.put(bytes([number]) * 160)
    handover.put(b"\1\2\3")
    lost, blocks, ended = handover.take()
    assert (lost, ended) == (120, False)
    assert blocks == [bytes([3]) * 160, bytes([4]) * 160]
    assert (handover.dropped_frames, handover.broken_blocks) == (120, 1)
    assert woken == [1]
    handover.end()
    assert handover.take() == (0, [], True)
    assert woken == [1, 1]


def test_nothing_is_lost_between_two_threads() -> None:
    handover = Handover(lambda: None, frame_bytes=2, most_frames=10**9)

    def write() -> None:
        for _ in range(5000):
            handover.put(b"\1\0" * 10)

    writer = threading.Thread(target=write)
    writer.start()
    taken = 0
    while writer.is_alive() or taken < 5000:
        taken += len(handover.take()[1])
    writer.join()
    assert taken == 5000


def test_settings_that_cannot_work_are_refused() -> None:
    device = DeviceTable(name="desk-1", device="x")
    with pytest.raises(ValidationError, match="same name"):
        LineInTable(devices=(device, device))
    with pytest.raises(ValidationError, match="kikimori tap devices"):
        LineInTable(enabled=True)
