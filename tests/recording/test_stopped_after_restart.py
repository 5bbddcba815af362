"""A call whose recording is stopped after a restart of the agent: the part before the restart is erased too."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.recording.conftest import RATE, recorded_office
from tests.recording.test_not_recorded import everything, speaks
from tests.recording.test_recording import noise
from tests.support.read_journal import read_journal

if TYPE_CHECKING:
    from pathlib import Path


async def test_the_part_before_the_restart_is_erased_on_the_agent(tmp_path: Path) -> None:
    async with recorded_office(tmp_path, run="r1") as office:
        stopped, other = office.open("c1"), office.open("c2")
        await office.say(stopped, noise(2, 1))
        await office.say(other, noise(2, 2))
        speaks(office, "c1")
    assert noise(2, 1)[100:300].tobytes() in everything(office)
    async with recorded_office(tmp_path, run="r2") as office:
        leg = office.open("c1")
        await office.say(leg, noise(2, 3))
        assert office.recording.recorder.stop_recording("c1", "森") is None
        await office.until(
            lambda: all(noise(2, seed)[100:300].tobytes() not in everything(office) for seed in (1, 3))
        )
        await office.until(lambda: not office.recording._eraser.pending)
        assert "土下座".encode() not in everything(office)
        await office.end(leg)
    assert read_journal(office.recording.root / "r1").call("c2").samples == 2 * RATE


async def test_an_agent_that_was_killed_before_looks_again(tmp_path: Path) -> None:
    """All that the press left is the list of stopped calls."""
    async with recorded_office(tmp_path, run="r1") as office:
        await office.say(office.open("c1"), noise(2, 1))
    async with recorded_office(tmp_path, run="r2") as office:
        office.recording._stopped.add("c1")
    async with recorded_office(tmp_path, run="r3") as office:
        await office.until(lambda: noise(2, 1)[100:300].tobytes() not in everything(office))
