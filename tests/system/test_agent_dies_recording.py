"""The program of an agent that records, killed in mid-call and started again on the same disk."""

from __future__ import annotations

import asyncio
import json
import signal
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import numpy as np
from tests.support.deadline import WITHIN_S
from tests.support.ports import free_port
from tests.support.program import KIKIMORI
from tests.support.read_journal import ReadJournal, read_journal
from tests.support.telephone import RATE, on_the_line

from kikimori.addresses import Addresses
from kikimori.recording.earlier_runs import look_at_earlier_runs
from kikimori.recording.erasing import CallEraser
from kikimori_core.g711 import ULAW
from kikimori_core.journal.events import CallBegun, LegOpened, RecordingState

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from numpy.typing import NDArray


def voice(seconds: int, seed: int) -> NDArray[np.int16]:
    return np.take(ULAW, np.random.default_rng(seed).integers(0, 256, seconds * RATE, np.uint8))


class RecordingProgram:
    """A running `kikimori agent`, without a broker and without a records service."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.told: list[dict[str, object]] = []

    async def until(self, event: str) -> dict[str, object]:
        """Read its log until an event, and return it."""
        assert self.process.stderr is not None
        async with asyncio.timeout(WITHIN_S):
            while line := await self.process.stderr.readline():
                if line.startswith(b"{"):
                    self.told.append(json.loads(line))
                    if self.told[-1]["event"] == event:
                        return self.told[-1]
        raise AssertionError(self.told)

    async def addresses(self) -> Addresses:
        listening = await self.until("listening")
        found = {name: listening[name] for name in ("audiosocket", "announce")}
        return Addresses(
            {name: (str(at[0]), int(at[1])) for name, at in found.items() if isinstance(at, list)}
        )

    async def end(self, number: signal.Signals) -> None:
        assert self.process.stderr is not None
        self.process.send_signal(number)
        await self.process.stderr.read()
        await self.process.wait()


@asynccontextmanager
async def agent_program(folder: Path) -> AsyncIterator[RecordingProgram]:
    config = folder / "kikimori.toml"
    config.write_text(
        f"""
site = "test"
agent_id = "front"
state_dir = "{folder / "state"}"
[mqtt]
port = {free_port()}
[audiosocket]
port = 0
announce_port = 0
[speech]
enabled = false
[recording]
enabled = true
days = 30
max_gb = 1
[records]
url = "http://127.0.0.1:{free_port()}"
""",
        encoding="utf-8",
    )
    process = await asyncio.create_subprocess_exec(
        *(*KIKIMORI, "agent", "--config", str(config), "--log-format", "json"), stderr=asyncio.subprocess.PIPE
    )
    try:
        yield RecordingProgram(process)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


def runs(folder: Path) -> list[Path]:
    return sorted(each for each in (folder / "state" / "journal-front").iterdir() if each.is_dir())


async def recorded(run: Path, samples: int) -> ReadJournal:
    """Return what is on the disk once it holds so many samples of the call."""
    async with asyncio.timeout(WITHIN_S):
        while True:
            journal = await asyncio.to_thread(read_journal, run)
            if sum(each.samples for each in journal.calls.values()) >= samples:
                return journal
            await asyncio.sleep(0.05)


async def test_an_agent_that_is_killed_leaves_a_journal_that_can_be_read(tmp_path: Path) -> None:
    first, second = voice(3, 1), voice(1, 2)
    async with agent_program(tmp_path) as agent:
        addresses = await agent.addresses()
        async with on_the_line(addresses, call="c1", role="customer") as telephone:
            await telephone.speak(first.tobytes())
            await recorded(runs(tmp_path)[0], len(first) - RATE // 5)
            await telephone.speak(second.tobytes())
            await agent.end(signal.SIGKILL)
    # As the next run begins.
    look_at_earlier_runs(tmp_path / "state" / "journal-front", "next", CallEraser())
    (run,) = runs(tmp_path)
    journal = read_journal(run)
    assert journal.damage == 0
    call = journal.call("c1")
    assert [type(each) for each in call.events] == [CallBegun, RecordingState, LegOpened]
    sent = np.concatenate([first, second])
    assert call.samples >= len(first) - RATE // 5
    assert np.array_equal(call.sound(0, call.samples), sent[: call.samples])
    for path in (*run.iterdir(), run, run.parent):
        assert path.stat().st_mode & 0o077 == 0, "nobody else may listen"
