"""Comparison of the history with an agent's own journals: every call once, with all of its events and samples."""

from __future__ import annotations

import asyncio
import json
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import soundfile
from sqlalchemy import select

from kikimori_core.journal.framing import Kind
from kikimori_core.journal.sound import decode_batch
from kikimori_core.model.call import Role
from kikimori_records.journals.gathered import AGENT_ENDED, AGENT_LOST
from kikimori_records.schema import recorded_alerts, recorded_calls, recorded_events, recorded_lines

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from numpy.typing import NDArray
    from sqlalchemy import Row, Table
    from sqlalchemy.ext.asyncio import AsyncConnection

    from kikimori_core.journal.framing import Record
    from kikimori_records.store import Store

COMPARISON_S = 600.0
"""Longest time in s for the comparison of one run."""

EVENTS = (Kind.COMMAND, Kind.STATUS, Kind.RECORDING, Kind.CALL_ENDED)
"""Kinds of records that are entries of the history's events."""
APART = {"call", "erased", "at", "ended_at", "media_s", "heard_s"}
"""Fields of events that are no part of an entry's body."""


@dataclass(frozen=True, slots=True)
class LegTruth:
    """A leg as the agent's journal has it."""

    role: Role
    rate: int
    offset_s: float


@dataclass(slots=True)
class TruthOfCall:
    """One call as the agent's journal has it."""

    call_id: str = ""
    events: dict[Kind, dict[int, dict[str, Any]]] = field(default_factory=lambda: defaultdict(dict))
    """Content of each record that is an event, by kind and number."""
    legs: dict[int, LegTruth] = field(default_factory=dict)
    sound: dict[int, list[tuple[int, bytes]]] = field(default_factory=lambda: defaultdict(list))
    """Position and samples (s16le) of each piece, by leg."""


@dataclass(frozen=True, slots=True)
class KeptCall:
    """A call as the history has it."""

    uid: str
    call_id: str
    alerts: tuple[str, ...]
    """Ids of its alerts."""
    legs: tuple[NDArray[np.int16], ...]
    """Sound of each leg as it is kept."""


def truth_of(records: Iterable[Record]) -> dict[int, TruthOfCall]:
    """Return the calls of a run by their number."""
    found: dict[int, TruthOfCall] = defaultdict(TruthOfCall)
    for each in records:
        if each.kind == Kind.SOUND:
            batch = decode_batch(each.payload)
            for at, piece in enumerate(batch.pieces):
                pieces = found[int(piece["call"])].sound[int(piece["leg"])]
                pieces.append((int(piece["position"]), batch.pcm(at)))
        elif each.kind not in (Kind.WINDOWS, Kind.NOTE_GAP):
            said: dict[str, Any] = json.loads(each.payload)
            call = found[said["call"]]
            call.events[Kind(each.kind)][each.number] = said
            if each.kind == Kind.CALL_BEGUN:
                call.call_id = said["call_id"]
            if each.kind == Kind.LEG_OPENED:
                call.legs[said["leg"]] = LegTruth(Role(said["role"]), said["rate"], said.get("offset_s", 0.0))
    # A call whose begin was lost with the agent has no name; its journal begins with a record of no call.
    return {key: call for key, call in found.items() if call.events[Kind.CALL_BEGUN]}


class HistoryComparison:
    """Comparison of many runs; a call that is well is read once."""

    def __init__(self, folder: Path, agent_id: str, well: Callable[[KeptCall], None]) -> None:
        """`folder`: that of the records; `well` is given each call that is as the journal has it."""
        self._folder = folder
        self._agent_id = agent_id
        self._tell = well
        self._well: set[str] = set()

    async def faults_of(self, store: Store, run: str, truth: dict[int, TruthOfCall]) -> list[str]:
        """Return what differs between the history and the calls of a run.

        `run/call: N/M` = the call stands there N times instead of M; `uid table` = other entries; `uid sound.flac` =
        other samples.
        """
        c = recorded_calls.c
        mine = (c.agent_id == self._agent_id, c.run == run)
        async with store.read(within_s=COMPARISON_S) as connection:
            query = select(c.uid, c.call_id, c.call_key, c.sound_path).where(*mine)
            rows = (await connection.execute(query)).all()
            parts = {
                table: await _parts(connection, table, select(c.uid).where(*mine))
                for table in (recorded_events, recorded_lines, recorded_alerts)
            }
        by_key = Counter(row.call_key for row in rows)
        found = [f"{run}/{key}: {by_key[key]}/1" for key in truth if by_key[key] != 1]
        found += [f"{run}/{key}: {by_key[key]}/0" for key in by_key.keys() - truth.keys()]
        for row in rows:
            call = truth.get(row.call_key)
            if call is None or row.uid in self._well:
                continue
            its = {table: rows_of[row.uid] for table, rows_of in parts.items()}
            faults = [f"{row.uid} {name}" for name in _other_parts(call, its)]
            legs = await asyncio.to_thread(_kept_legs, self._folder, row.sound_path, call)
            faults += [] if legs is not None else [f"{row.uid} sound.flac"]
            if not faults and legs is not None:
                self._well.add(row.uid)
                alerts = tuple(each.alert_id for each in its[recorded_alerts])
                self._tell(KeptCall(row.uid, row.call_id, alerts, legs))
            found += faults
        return found

    async def delays_s(self, store: Store) -> NDArray[np.float64]:
        """Return the time in s from the end of each call to its entry in the history; without those of killed agents."""
        c = recorded_calls.c
        query = select(c.ended_at, c.recorded_at).where(
            c.agent_id == self._agent_id, c.end_reason.not_in((AGENT_ENDED, AGENT_LOST))
        )
        async with store.read(within_s=COMPARISON_S) as connection:
            rows = (await connection.execute(query)).all()
        return np.array([(row.recorded_at - row.ended_at).total_seconds() for row in rows])


async def _parts(connection: AsyncConnection, table: Table, uids: Any) -> dict[str, list[Row[Any]]]:
    """Return the entries of a table by call."""
    found: dict[str, list[Row[Any]]] = defaultdict(list)
    for row in await connection.execute(select(table).where(table.c.uid.in_(uids))):
        found[row.uid].append(row)
    return found


def _other_parts(call: TruthOfCall, kept: dict[Table, list[Row[Any]]]) -> list[str]:
    """Return the names of the tables whose entries are not those of the call, each once and with its content."""
    events = {number: said for kind in EVENTS for number, said in call.events[kind].items()}
    found = []
    if not _are_same(events, [(each.number, each.body) for each in kept[recorded_events]]):
        found.append(recorded_events.name)
    words = {number: {"text": said["text"]} for number, said in call.events[Kind.LINE].items()}
    if not _are_same(words, [(each.number, {"text": each.text}) for each in kept[recorded_lines]]):
        found.append(recorded_lines.name)
    revisions = [each for row in kept[recorded_alerts] for each in row.revisions]
    alerts = {number: said["alert"] for number, said in call.events[Kind.ALERT].items()}
    if not _are_same(alerts, [(each["number"], each["alert"]) for each in revisions]):
        found.append(recorded_alerts.name)
    return found


def _are_same(sent: dict[int, dict[str, Any]], kept: list[tuple[int, dict[str, Any]]]) -> bool:
    """Return whether every record stands there once, with all that it says."""
    return sorted(sent) == sorted(number for number, _ in kept) and all(
        body[name] == value
        for number, kept_body in kept
        for body in (_known(kept_body),)
        for name, value in _known(sent[number]).items()
        if name not in APART
    )


def _known(said: Any) -> Any:
    """Return JSON without what is null: the journal leaves it out."""
    if isinstance(said, dict):
        return {name: _known(value) for name, value in said.items() if value is not None}
    return [_known(each) for each in said] if isinstance(said, list) else said


def _kept_legs(folder: Path, path: str | None, call: TruthOfCall) -> tuple[NDArray[np.int16], ...] | None:
    """Return the kept sound of each leg; None where it is not what the journal has, or there is more of it."""
    if not any(call.sound.values()):
        return () if path is None or not (folder / path / "sound.flac").exists() else None
    if path is None:
        return None
    try:
        kept, rate = soundfile.read(folder / path / "sound.flac", dtype="int16", always_2d=True)
    except soundfile.LibsndfileError:
        return None
    wanted = np.zeros_like(kept)
    legs = []
    for leg, pieces in call.sound.items():
        its = call.legs[leg]
        channel = 0 if its.role is Role.CUSTOMER else kept.shape[1] - 1
        start = round(its.offset_s * rate)
        end = start
        for position, data in pieces:
            samples = np.frombuffer(data, "<i2")
            begin, end = start + position, start + position + len(samples)
            if its.rate != rate or end > len(kept):
                return None
            wanted[begin:end, channel] = samples
        legs.append(kept[start:end, channel])
    return tuple(legs) if np.array_equal(kept, wanted) else None
