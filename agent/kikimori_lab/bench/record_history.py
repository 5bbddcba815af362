"""Comparison of the history with an agent's own journals: every call once, with all of its events and samples."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import soundfile
from sqlalchemy import select

from kikimori_core.journal.framing import Kind
from kikimori_core.journal.sound import decode_batch
from kikimori_records.schema import recorded_alerts, recorded_calls, recorded_events, recorded_lines

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from numpy.typing import NDArray

    from kikimori_core.journal.framing import Record
    from kikimori_records.store import Store

COMPARISON_S = 600.0
"""Longest time in s for the comparison of one run."""

EVENTS = (Kind.COMMAND, Kind.STATUS, Kind.RECORDING, Kind.CALL_ENDED)
"""Kinds of records that are entries of the history's events."""


@dataclass(slots=True)
class TruthOfCall:
    """One call as the agent's journal has it."""

    call_id: str = ""
    counts: Counter[Kind] = field(default_factory=Counter)
    """Records of each kind."""
    legs: dict[int, tuple[int, float]] = field(default_factory=dict)
    """Rate and offset in s of each leg."""
    sound: dict[int, list[tuple[int, bytes]]] = field(default_factory=lambda: defaultdict(list))
    """Position and samples (s16le) of each piece, by leg."""


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
            call.counts[Kind(each.kind)] += 1
            if each.kind == Kind.CALL_BEGUN:
                call.call_id = said["call_id"]
            if each.kind == Kind.LEG_OPENED:
                call.legs[said["leg"]] = (said["rate"], said.get("offset_s", 0.0))
    # A call whose begin was lost with the agent has no name; its journal begins with a record of no call.
    return {key: call for key, call in found.items() if call.counts[Kind.CALL_BEGUN]}


async def faults_of(
    store: Store, folder: Path, agent_id: str, run: str, truth: dict[int, TruthOfCall]
) -> list[str]:
    """Return what differs between the history and the calls of a run. `folder`: that of the records.

    `run/call: N/M` = the call stands there N times instead of M; `uid table: N/M` = N of M entries; `uid sound.flac` = other samples.
    """
    c = recorded_calls.c
    # The sound of every call is read inside of it.
    async with store.read(within_s=COMPARISON_S) as connection:
        rows = (
            await connection.execute(
                select(c.uid, c.call_key, c.sound_path).where(c.agent_id == agent_id, c.run == run)
            )
        ).all()
        by_key = Counter(row.call_key for row in rows)
        found = [f"{run}/{key}: {by_key[key]}/1" for key in truth if by_key[key] != 1]
        found += [f"{run}/{key}: {by_key[key]}/0" for key in by_key.keys() - truth.keys()]
        for row in rows:
            if (call := truth.get(row.call_key)) is None:
                continue
            for table, kinds in (
                (recorded_lines, (Kind.LINE,)),
                (recorded_events, EVENTS),
            ):
                kept = (await connection.execute(select(table).where(table.c.uid == row.uid))).all()
                if len(kept) != (sent := sum(call.counts[each] for each in kinds)):
                    found.append(f"{row.uid} {table.name}: {len(kept)}/{sent}")
            alerts = recorded_alerts.c
            revisions = await connection.execute(select(alerts.revisions).where(alerts.uid == row.uid))
            kept_revisions = sum(len(each.revisions) for each in revisions)
            if kept_revisions != call.counts[Kind.ALERT]:
                found.append(f"{row.uid} {alerts.revisions}: {kept_revisions}/{call.counts[Kind.ALERT]}")
            if call.sound and not _has_sound(folder, row.sound_path, call):
                found.append(f"{row.uid} sound.flac")
    return found


def _has_sound(folder: Path, path: str | None, call: TruthOfCall) -> bool:
    """Return whether each piece of each leg stands in a channel at its place."""
    if path is None:
        return False
    kept, rate = soundfile.read(folder / path / "sound.flac", dtype="int16", always_2d=True)
    for leg, pieces in call.sound.items():
        own_rate, offset_s = call.legs[leg]
        if own_rate != rate:
            return False
        start = round(offset_s * rate)
        if not any(_stands(channel, start, pieces) for channel in kept.T):
            return False
    return True


def _stands(channel: NDArray[np.int16], start: int, pieces: list[tuple[int, bytes]]) -> bool:
    for position, data in pieces:
        sound = np.frombuffer(data, "<i2")
        begin = start + position
        if not np.array_equal(channel[begin : begin + len(sound)], sound):
            return False
    return True
