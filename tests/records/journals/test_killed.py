"""Records that are killed at any moment, again and again: what is there at the end is what an undisturbed run makes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select
from tests.support import records_process
from tests.support.deadline import WITHIN_S
from tests.support.stores import settings_on
from tests.support.told_calls import ToldRun, told_call

from kikimori_core.journal.events import RecordingStatus
from kikimori_records.address import thread_engine
from kikimori_records.calls.rows import PARTS
from kikimori_records.schema import journal_faults, recorded_calls

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kikimori_records.settings import StoreSettings

KILLS = 5
TIMES = ("salt", "recorded_at", "found_at")


@pytest.fixture(scope="module")
def journal(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Deliveries of a run with calls that overlap, one that is not to be kept, and records that do not fit."""
    calls = [told_call(key, 1.0 + key % 3, begins_s=key * 0.4) for key in range(8)]
    calls[3].states.append(RecordingStatus.STOPPED)
    told = ToldRun(calls)
    told.put(77, b"from a later version")
    path = tmp_path_factory.mktemp("journal") / "journal.jsonl"
    with path.open("w", encoding="utf-8") as file:
        for begin in range(0, len(told.records), 3):
            file.write(json.dumps([begin, told.frames(begin, begin + 3).hex()]) + "\n")
    return path


class KeptRecords:
    """The program that keeps records, in a process that can be killed."""

    def __init__(self, journal: Path) -> None:
        root = str(Path(__file__).parents[3])
        self._program = subprocess.Popen(
            [sys.executable, records_process.__file__, journal],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "OPENBLAS_NUM_THREADS": "1", "PYTHONPATH": root},
        )

    def run(
        self, folder: Path, settings: StoreSettings, kill_after_s: float | None = None
    ) -> tuple[int, float]:
        """Run once; return the exit code and the seconds that it took."""
        assert self._program.stdin is not None
        assert self._program.stdout is not None
        said = {
            **settings.model_dump(mode="json", include={"url", "dir", "password_file"}),
            "folder": str(folder),
        }
        self._program.stdin.write(f"{json.dumps(said)}\n")
        self._program.stdin.flush()
        began = time.monotonic()
        child = int(self._program.stdout.readline())
        killer = None
        if kill_after_s is not None:
            killer = threading.Timer(kill_after_s, _kill, [child])
            killer.start()
        code = int(self._program.stdout.readline())
        if killer is not None:
            killer.cancel()
            killer.join()
        return code, time.monotonic() - began

    def close(self) -> None:
        self._program.communicate(timeout=WITHIN_S)


def _kill(child: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(child, signal.SIGKILL)


def content(folder: Path) -> dict[str, bytes]:
    """Return every file that is kept for good; what is kept apart in one piece, as segments may begin elsewhere."""
    files = (path for path in (folder / "calls").rglob("*") if path.is_file())
    found = {str(path.relative_to(folder)): path.read_bytes() for path in files}
    found["apart"] = b"".join(path.read_bytes() for path in sorted((folder / "apart").rglob("*.kkj")))
    return found


def rows(settings: StoreSettings) -> dict[str, list[dict[str, Any]]]:
    """Return the rows of calls and faults without what is drawn anew or is a time of the work."""
    found = {}
    with thread_engine(settings).connect() as connection:
        for table in (recorded_calls, *PARTS.values(), journal_faults):
            read = connection.execute(select(table).order_by(*table.primary_key.columns)).mappings()
            found[table.name] = [
                {key: value for key, value in row.items() if key not in TIMES} for row in read
            ]
    return found


@pytest.fixture(scope="module")
def records(journal: Path) -> Iterator[KeptRecords]:
    found = KeptRecords(journal)
    yield found
    found.close()


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_kills_leave_what_an_undisturbed_run_leaves(
    engine: str, request: pytest.FixtureRequest, records: KeptRecords, tmp_path: Path
) -> None:
    def fresh(name: str) -> tuple[Path, StoreSettings]:
        store = tmp_path / name / "store"
        store.mkdir(parents=True)
        return tmp_path / name / "records", settings_on(engine, request, store, migrated=True)

    chance = Random(int.from_bytes(os.urandom(4)))  # noqa: S311 - other moments in each run
    folder, settings = fresh("whole")
    code, took_s = records.run(folder, settings)
    assert code == 0
    expected, expected_rows = content(folder), rows(settings)
    assert len(expected_rows["recorded_calls"]) == 8
    assert len([name for name in expected if name.endswith("sound.flac")]) == 7
    assert len(expected["apart"]) > len(b"from a later version")
    kills = rounds = 0
    while kills < KILLS:
        rounds += 1
        folder, settings = fresh(f"killed {rounds}")
        longest_s = took_s * 0.6
        while (code := records.run(folder, settings, chance.uniform(0.02, longest_s))[0]) != 0:
            assert code == -signal.SIGKILL
            kills += 1
            longest_s *= 1.3  # a machine that is slower by now comes to an end too
        assert content(folder) == expected
        assert rows(settings) == expected_rows
