"""Way of an agent's journals to the records service, put together: receiver, shipper, room on the disk."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from kikimori.recording.agent_recording import journals_folder
from kikimori.recording.erasure_news import ErasureNews
from kikimori.recording.https_sink import HttpsSink
from kikimori.recording.room import JournalRoom
from kikimori.recording.shipping import Shipper
from kikimori_core.wire.key_store import Identity

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from kikimori_core.journal.settings import RecordingTable, RecordsTable
    from kikimori_core.journal.sink import JournalSink
    from kikimori_core.wire.messages import Problem

DRAIN_S = 3.0
"""Seconds that shipping may go on when the agent ends; the next start ships the rest."""


class JournalOfRun(Protocol):
    """Journal of the present run, as far as shipping knows it."""

    @property
    def durable(self) -> int:
        """Return the number after the last record that is on the disk."""

    async def erase(self, run: str, call: int) -> None:
        """Have a call erased from the journal of a run, this or an earlier one. Raises OSError."""


class RecordsInside(Protocol):
    """Records service of the same process."""

    @property
    def sink(self) -> JournalSink: ...

    def problems(self) -> tuple[Problem, ...]: ...


class OutletOfRun(Protocol):
    """Way of the journals, as the agent sees it."""

    @property
    def works(self) -> dict[str, Callable[[], Awaitable[None]]]:
        """Return what runs until it is cancelled, by name."""

    async def aclose(self) -> None:
        """Ship what is left, for some seconds at most; after the journal was closed."""

    def counters(self) -> dict[str, int]: ...

    def problems(self) -> tuple[Problem, ...]: ...


class NothingShipped:
    """An `OutletOfRun` of an agent that has recorded nothing."""

    works: dict[str, Callable[[], Awaitable[None]]]

    def __init__(self) -> None:
        self.works = {}

    async def aclose(self) -> None: ...

    def counters(self) -> dict[str, int]:
        return {}

    def problems(self) -> tuple[Problem, ...]:
        return ()


class JournalOutlet:
    """An `OutletOfRun` of an agent that records, or has recorded before."""

    def __init__(
        self, shipper: Shipper, room: JournalRoom, sink: JournalSink, inside: RecordsInside | None
    ) -> None:
        self._shipper = shipper
        self._room = room
        self._sink = sink
        self._inside = inside

    @property
    def works(self) -> dict[str, Callable[[], Awaitable[None]]]:
        return {"shipping": self._shipper.run, "journal room": self._room.run}

    async def aclose(self) -> None:
        await self._shipper.drain(DRAIN_S)
        if isinstance(self._sink, HttpsSink):
            await self._sink.close()

    def counters(self) -> dict[str, int]:
        return {**self._shipper.state.counters(), "journal_bytes_waiting": self._room.used}

    def problems(self) -> tuple[Problem, ...]:
        of_service = self._inside.problems() if self._inside is not None else ()
        return (*self._shipper.state.problems(), *self._room.problems(), *of_service)


def outlet_of(
    recording: RecordingTable,
    records: RecordsTable,
    state: Path,
    agent_id: str,
    run: str,
    journal: JournalOfRun,
    inside: RecordsInside | None = None,
) -> OutletOfRun:
    """Return the way of the journals of an agent. Blocks: it reads the agent's key.

    Args:
        recording: The office's decision; journals from before it changed are shipped all the same.
        records: Says where the records service is.
        state: Folder of the agent's state.
        agent_id: The agent's id.
        run: Name of the present run.
        journal: Journal of the present run.
        inside: The records service of this process; `[records] url` goes before it.
    """
    folder = journals_folder(state, agent_id)
    if not recording.is_on and not folder.is_dir():
        return NothingShipped()
    sink: JournalSink
    if records.url is not None:
        # Its own key, also inside of `up`, where agent and dashboard are given keys for as long as they run.
        key = Identity.at(state, f"agent-{agent_id}").key
        sink, inside = HttpsSink(records.url, key, records.ca_file), None
    elif inside is not None:
        sink = inside.sink
    else:
        return NothingShipped()
    room = JournalRoom(folder, recording.most_bytes)
    news = ErasureNews(agent_id, sink, run, journal.erase)
    shipper = Shipper(folder, agent_id, sink, run, lambda: journal.durable, news=news)
    return JournalOutlet(shipper, room, sink, inside)
