"""Recorded call of a steady tone, for benches: its row and its sound, without a journal."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np
import soundfile
from sqlalchemy import insert

from kikimori_records.calls.tables import recorded_calls
from kikimori_records.folder import SOUND

if TYPE_CHECKING:
    from pathlib import Path

    from kikimori_records.store import Store

RATE = 8000
SECONDS = 300


async def add_toned(store: Store, folder: Path, call_id: str) -> str:
    """Add a call of five minutes in which both sides are a tone of 1 kHz, and return its uid. Raises StoreError, OSError."""
    began = datetime.now(UTC) - timedelta(hours=1)
    uid, below = f"{call_id}.bench", f"calls/{began:%Y/%m/%d}/{call_id}.bench"
    size = await asyncio.to_thread(_write, folder / below)
    row = {
        "uid": uid, "agent_id": "bench", "run": "bench", "call_id": call_id, "call_key": 1, "site": "demo", "tap": "bench",
        "started_at": began, "ended_at": began + timedelta(seconds=SECONDS), "end_reason": "hung_up", "heard_s": float(SECONDS),
        "operator_number": "204", "alerts": 0, "sound": "kept", "sound_path": below, "sound_bytes": size,
        "sound_seconds": float(SECONDS), "sound_lost_s": 0.0, "recorded_at": began + timedelta(seconds=SECONDS),
    }  # fmt: skip
    async with store.begin() as connection:
        await connection.execute(insert(recorded_calls), row)
    return uid


def _write(folder: Path) -> int:
    folder.mkdir(parents=True)
    times = np.arange(RATE * SECONDS) / RATE
    tone = (12_000 * np.sin(2 * np.pi * 1000 * times)).astype(np.int16)
    # Noise, so that the file is as long as that of voices.
    noise = np.random.default_rng(1).integers(-1000, 1000, (len(tone), 2), dtype=np.int16)
    soundfile.write(folder / SOUND, tone[:, None] + noise, RATE, "PCM_16", format="FLAC")
    return (folder / SOUND).stat().st_size
