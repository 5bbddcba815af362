"""Files of one call below the records' folder: sound, peaks, windows and the manifest that names them by their hashes."""

from __future__ import annotations

import hashlib
import os
import shutil
from dataclasses import dataclass, field
from datetime import UTC
from typing import TYPE_CHECKING, Any

import soundfile

from kikimori_core.journal.folder import sync_folder
from kikimori_core.journal.whole_file import create_private
from kikimori_records.calls.canonical import canonical
from kikimori_records.folder import CALLS, PEAKS, SOUND, UNFINISHED, WINDOWS
from kikimori_records.journals.channels import blocks_of, plan_channels
from kikimori_records.journals.gathered import OpenFiles, read_windows
from kikimori_records.journals.peaks import PeakMeter
from kikimori_records.journals.windows_file import windows_file
from kikimori_records.proof.verify_alone import MANIFEST

if TYPE_CHECKING:
    from pathlib import Path

    from kikimori_records.calls.rows import CallRows
    from kikimori_records.journals.gathered import GatheredCall

FORMAT = 1
COMPRESSION = 0.0
"""Level of FLAC: the fastest. Higher ones take half as long again for 1 % less."""


@dataclass(frozen=True, slots=True)
class CallFiles:
    """Files that were written for a call."""

    path: str
    """Folder, relative to that of the records."""
    sound_bytes: int
    sound_seconds: float
    sound_lost_s: float
    manifest_hash: str


@dataclass(slots=True)
class _Making:
    folder: Path
    files: dict[str, dict[str, Any]] = field(default_factory=dict)

    def put(self, name: str, data: bytes) -> None:
        with os.fdopen(create_private(self.folder / name), "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        self.note(name, data)

    def note(self, name: str, data: bytes) -> None:
        self.files[name] = {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}


def folder_of(call: GatheredCall, uid: str) -> str:
    """Return the folder of a call's files, relative to that of the records: the day is that of its begin in UTC."""
    return f"{CALLS}/{call.begun.started_at.astimezone(UTC):%Y/%m/%d}/{uid}"


def write_call_files(call: GatheredCall, rows: CallRows, records: Path) -> CallFiles:
    """Write a call's files, durable when it returns; the same content always makes the same bytes.

    The folder appears whole: what an earlier attempt left is replaced.

    Raises:
        OSError: the disk.
        JournalError: the journal is not what it was when it came.
    """
    path = folder_of(call, rows.uid)
    final = records / path
    final.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    new = final.with_name(f"{UNFINISHED}{final.name}")
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir(mode=0o700)
    making = _Making(new)
    lost_s = call.lost_s
    audio = _write_sound(call, making) if call.has_sound else None
    if call.windows:
        making.put(WINDOWS, windows_file(read_windows(call)))
    manifest = canonical(_manifest(call, rows, making.files, audio, lost_s))
    making.put(MANIFEST, manifest)
    sync_folder(new)
    shutil.rmtree(final, ignore_errors=True)
    new.rename(final)
    for folder in final.parents:
        sync_folder(folder)
        if folder == records:
            break
    return CallFiles(
        path,
        making.files.get(SOUND, {}).get("bytes", 0),
        audio["samples"] / audio["rate"] if audio else 0.0,
        lost_s,
        hashlib.sha256(manifest).hexdigest(),
    )


def _write_sound(call: GatheredCall, making: _Making) -> dict[str, Any]:
    plan = plan_channels(call)
    peaks = PeakMeter(plan.rate, len(plan.channels))
    target = making.folder / SOUND
    with (
        OpenFiles() as files,
        soundfile.SoundFile(
            create_private(target),
            "w",
            plan.rate,
            len(plan.channels),
            "PCM_16",
            format="FLAC",
            compression_level=COMPRESSION,
        ) as sound,
    ):
        for block in blocks_of(plan, call.files, files):
            sound.write(block)
            peaks.take(block)
    with target.open("rb") as file:
        os.fsync(file.fileno())
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    making.files[SOUND] = {"bytes": target.stat().st_size, "sha256": digest}
    making.put(PEAKS, peaks.file())
    return {
        "rate": plan.rate,
        "channels": list(plan.channels),
        "samples": plan.samples,
        "legs": [
            {"leg": key, "start": each.start, "step": each.step, "channels": list(each.channels)}
            for key, each in sorted(plan.legs.items())
        ],
    }


def _manifest(
    call: GatheredCall,
    rows: CallRows,
    files: dict[str, dict[str, Any]],
    audio: dict[str, Any] | None,
    lost_s: float,
) -> dict[str, Any]:
    begun = call.begun
    return {
        "format": FORMAT,
        **rows.call,
        "identity": begun.identity,
        "judged": begun.judged,
        "words": begun.words,
        "audio": audio,
        "sound_lost_s": lost_s,
        "files": files,
        "rows": rows.digests(),
    }
