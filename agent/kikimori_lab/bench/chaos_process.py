"""Programs of the chaos benches, as processes of their own that can be killed and started again.

They are forked from a server of processes that has loaded their modules: loading is most of a start, and no part of what
is tried. All else of a program begins anew.
"""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import os
import runpy
import signal
import sys
import time
from contextlib import suppress
from multiprocessing import forkserver, resource_tracker
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING

from kikimori.errors import KikimoriError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from multiprocessing.context import ForkServerProcess
    from pathlib import Path
    from typing import Any

READY_WITHIN_S = 90.0
_OF_GROUP = {signal.SIGTERM, signal.SIGHUP}
_FORKING = multiprocessing.get_context("forkserver")


def load_before(modules: Sequence[str]) -> None:
    """Start the server of processes, with these modules loaded, before the first program is started.

    A signal to the group of this process, such as `timeout` or a closed terminal sends, is not for it: the bench ends
    its programs in order, and cannot when their server is gone.
    """
    _FORKING.set_forkserver_preload(list(modules))
    # It would let the signals through again.
    resource_tracker.ensure_running()
    signal.pthread_sigmask(signal.SIG_BLOCK, _OF_GROUP)
    try:
        forkserver.ensure_running()
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _OF_GROUP)


class KillableProcess:
    """A program that writes JSON lines to its standard error; `heard` is given each."""

    def __init__(
        self,
        module: str,
        arguments: Sequence[str],
        log_file: Path,
        is_ready: str,
        heard: Callable[[dict[str, Any]], None],
        killed: Callable[[], None] = lambda: None,
    ) -> None:
        """`module`: as of `python -m`; `is_ready`: text of the line that reports readiness; `killed` is called after a kill."""
        self._module = module
        self._arguments = tuple(arguments)
        self._log_file = log_file
        self._is_ready = is_ready
        self._heard = heard
        self._killed = killed
        self.killed_at: list[float] = []
        """Time of each kill, by the wall clock."""
        self._process: ForkServerProcess | None = None
        self._reading: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Start, and wait until it is ready.

        Raises:
            KikimoriError: it ended instead.
        """
        ready = asyncio.Event()
        read, write = os.pipe()
        output = Connection(write, readable=False)
        self._process = process = _FORKING.Process(
            target=_run, args=(self._module, self._arguments, output), daemon=True
        )
        self._reading = asyncio.create_task(self._read(read, ready))
        await asyncio.to_thread(process.start)
        output.close()
        waiting = asyncio.create_task(ready.wait())
        await asyncio.wait(
            [waiting, self._reading], timeout=READY_WITHIN_S, return_when=asyncio.FIRST_COMPLETED
        )
        waiting.cancel()
        if not ready.is_set():
            await self.kill()
            raise KikimoriError.of("not_started", program=self._module, path=self._log_file)

    async def _read(self, pipe: int, ready: asyncio.Event) -> None:
        lines = asyncio.StreamReader()
        loop = asyncio.get_running_loop()
        transport, _ = await loop.connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(lines), os.fdopen(pipe, "rb", 0)
        )
        try:
            with self._log_file.open("ab") as log:
                while line := await lines.readline():
                    log.write(line)
                    log.flush()
                    if self._is_ready.encode() in line:
                        ready.set()
                    if line.startswith(b"{"):
                        self._heard(json.loads(line))
        finally:
            transport.close()

    async def kill(self) -> None:
        """SIGKILL."""
        at = time.time()
        if self._send(signal.SIGKILL):
            self.killed_at.append(at)
            await self._ended()
            self._killed()

    async def stop(self) -> None:
        """SIGTERM."""
        self._send(signal.SIGTERM)
        await self._ended()

    def _send(self, number: signal.Signals) -> bool:
        """Send a signal, and return whether the process was there: it is as long as its output is open."""
        if (
            self._process is None
            or self._process.pid is None
            or self._reading is None
            or self._reading.done()
        ):
            return False
        with suppress(ProcessLookupError):
            os.kill(self._process.pid, number)
        return True

    async def _ended(self) -> None:
        if (process := self._process) is not None:
            await asyncio.to_thread(process.join)
        if self._reading is not None:
            await self._reading


def _run(module: str, arguments: Sequence[str], output: Connection) -> None:
    """Run a program in this process, which was forked for it."""
    # In a session of its own: Ctrl-C is for the bench, which ends it in order.
    os.setsid()
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _OF_GROUP)
    for each in (sys.stdout, sys.stderr):
        os.dup2(output.fileno(), each.fileno())
    output.close()
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)
