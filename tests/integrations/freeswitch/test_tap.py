"""The whole way in against the committed peer: calls that run already, streams that break, what is left behind."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest_asyncio
from tests.support.deadline import WITHIN_S
from tests.support.freeswitch.switch import Channel, Switch
from tests.support.recorder import Recorder

from kikimori.integrations.freeswitch.settings import FreeSwitchTable
from kikimori.integrations.freeswitch.tap.tap import FreeSwitchTap
from kikimori.taps.sides import SidesTable
from kikimori_core.model.call import EndReason, Role

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

SOUND = b"\1\0" * 160


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(WITHIN_S):
        while not condition():  # noqa: ASYNC110  (a channel sets no asyncio.Event)
            await asyncio.sleep(0.01)


@asynccontextmanager
async def running(switch: Switch, folder: Path, **more: Any) -> AsyncIterator[tuple[FreeSwitchTap, Recorder]]:
    (folder / "password").write_text("secret\n", encoding="utf-8")
    table = FreeSwitchTable(
        tap=True, esl_port=switch.port, esl_password_file=folder / "password", media_port=0, **more
    )
    desk = Recorder()
    tap = FreeSwitchTap(desk, table, SidesTable(operator_numbers=("2??",)))
    await tap.listen()
    task = asyncio.create_task(tap.run())
    try:
        yield tap, desk
    finally:
        await tap.close()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@pytest_asyncio.fixture
async def switch(no_task_left: None) -> AsyncIterator[Switch]:  # noqa: ARG001  (watches over all)
    started = Switch("secret")
    await started.start()
    yield started
    await started.stop()


async def speaks(channel: Channel) -> None:
    await until(lambda: channel.stream and channel.stream.connected.is_set())
    assert channel.stream is not None
    await channel.stream.send(SOUND, SOUND)


async def test_a_call_that_runs_already_is_heard(switch: Switch, tmp_path: Path) -> None:
    customer, operator = switch.dial_in("0355550142", "", "204")
    async with running(switch, tmp_path) as (_, desk):
        await speaks(customer)
        await desk.until(lambda: len(desk.legs) == 2)
    call = desk.legs[0].info.call
    assert (call.channel, call.operator_channel) == (customer.uuid, operator.uuid)
    assert (call.caller.number, call.operator.number) == ("0355550142", "204")


async def test_nothing_is_left_behind(switch: Switch, tmp_path: Path) -> None:
    customer, _ = switch.dial_in("0355550142", "", "204")
    async with running(switch, tmp_path, module="audio_fork") as (_, desk):
        await speaks(customer)
        await desk.until(lambda: desk.legs)
    assert f"api uuid_audio_fork {customer.uuid} stop kikimori" in switch.commands
    assert customer.stream is None
    assert {leg.ended for leg in desk.legs} == {EndReason.SHUTDOWN}


async def test_a_stream_of_a_dead_run_is_replaced(switch: Switch, tmp_path: Path) -> None:
    """mod_audio_stream keeps its place on the channel when the agent is gone, and refuses a second."""
    customer, _ = switch.dial_in("0355550142", "", "204")
    await switch.api(f"uuid_audio_stream {customer.uuid} start ws://127.0.0.1:9/x stereo 8000")
    async with running(switch, tmp_path) as (tap, desk):
        await until(lambda: tap.streams is not None and tap.streams.started)
        await speaks(customer)
        await desk.until(lambda: len(desk.legs) == 2)


async def test_a_broken_stream_comes_again_and_the_legs_stay(switch: Switch, tmp_path: Path) -> None:
    async with running(switch, tmp_path) as (tap, desk):
        await until(lambda: switch.linked)
        customer, _ = switch.dial_in("0355550142", "", "204")
        await speaks(customer)
        await desk.until(lambda: len(desk.legs) == 2)
        broken = customer.stream
        assert broken is not None
        broken.abort()
        await until(lambda: customer.stream is not broken)
        await speaks(customer)
        await desk.until(lambda: all(len(leg.pcm) == 2 * len(SOUND) for leg in desk.legs))
        assert len(desk.legs) == 2
        assert tap.problems() == ()
        assert broken is not None
        await broken.close()


async def test_a_lost_event_socket_does_not_disturb_calls(switch: Switch, tmp_path: Path) -> None:
    async with running(switch, tmp_path) as (tap, desk):
        await until(lambda: switch.linked)
        customer, operator = switch.dial_in("0355550142", "", "204")
        await speaks(customer)
        await desk.until(lambda: len(desk.legs) == 2)
        await switch.drop_links()
        await until(tap.problems)
        assert all(each.remedy for each in tap.problems())
        await speaks(customer)
        await until(lambda: switch.linked and tap.esl and tap.esl.up)
        switch.press(operator, "9")
        await desk.until(lambda: desk.keys == [(customer.uuid, Role.OPERATOR, "9")])
        await speaks(customer)
        await desk.until(lambda: all(len(leg.pcm) == 3 * len(SOUND) for leg in desk.legs))
        assert (len(desk.legs), tap.problems()) == (2, ())


async def test_a_call_that_ended_meanwhile_is_known_to_have(switch: Switch, tmp_path: Path) -> None:
    async with running(switch, tmp_path) as (_, desk):
        await until(lambda: switch.linked)
        customer, _ = switch.dial_in("0355550142", "", "204")
        await speaks(customer)
        await desk.until(lambda: len(desk.legs) == 2)
        await switch.drop_links()
        switch.end(customer)
        await desk.until(lambda: all(leg.ended is EndReason.HUNG_UP for leg in desk.legs))


async def test_a_stream_that_freeswitch_will_not_start_is_a_problem(switch: Switch, tmp_path: Path) -> None:
    switch.streams_start = False
    async with running(switch, tmp_path) as (tap, _):
        await until(lambda: switch.linked and tap.esl and tap.esl.up)
        switch.dial_in("0355550142", "", "204")
        await until(tap.problems)
        (problem,) = tap.problems()
        assert (problem.code, "mod_audio_stream" in problem.remedy) == ("freeswitch_stream_refused", True)
        assert tap.counters()["freeswitch_streams_failed"] == 1


async def test_music_on_hold_is_not_taken_for_the_operator(switch: Switch, tmp_path: Path) -> None:
    async with running(switch, tmp_path) as (_, desk):
        await until(lambda: switch.linked)
        customer, operator = switch.dial_in("0355550142", "", "204")
        await speaks(customer)
        await desk.until(lambda: len(desk.legs) == 2)
        switch.hold(operator, on=True)
        await desk.until(lambda: desk.holds)
        await speaks(customer)
        heard = {leg.info.role: leg for leg in desk.legs}
        await desk.until(lambda: heard[Role.OPERATOR].gap_samples >= 160)
        assert len(heard[Role.OPERATOR].pcm) == len(SOUND)
        assert len(heard[Role.CUSTOMER].pcm) == 2 * len(SOUND)
