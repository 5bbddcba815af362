"""Program for tests: keeps records in processes of its own that are killed. Each line of its input starts one.

    python records_process.py JOURNAL

A line is JSON: `folder` of the records, and the fields of `StoreSettings`. JOURNAL: JSON lines [first, frames in hexadecimal
digits], deliveries of the run `run1`. It answers the process id, and its exit code when it has ended: 0 = every call is in the history. The libraries are loaded
once and the process forked, so that a start takes no second.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from datetime import timedelta
from pathlib import Path

import structlog

from kikimori_records.journals.finishing import Finishing
from kikimori_records.journals.incoming import IncomingJournals
from kikimori_records.journals.segment_limits import SegmentLimits
from kikimori_records.settings import StoreSettings
from kikimori_records.store import Store

LIMITS = SegmentLimits(40_000, compacted_after=timedelta(0))
"""It shall be killed in compaction too."""
PIECES = 3
"""Records of a delivery."""


async def keep(folder: Path, settings: StoreSettings, deliveries: list[tuple[int, bytes]]) -> None:
    """Take in what is missing, and return when every call is in the history and every segment is gone."""
    store = await Store.open(settings)
    incoming = IncomingJournals(folder, limits=LIMITS)
    finishing = Finishing(incoming, store, folder)
    await incoming.load()
    worker = asyncio.create_task(finishing.run())
    position = await incoming.position("office", "run1")
    for first, frames in deliveries:
        if first + PIECES > position:
            position = await incoming.deliver("office", "run1", first, frames)
    while finishing.waiting or any((folder / "incoming").rglob("*.kkj")):
        assert not worker.done()
        await asyncio.sleep(0.01)
    worker.cancel()
    await asyncio.gather(worker, return_exceptions=True)
    await incoming.close()
    await store.close()


def main() -> None:
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    lines = [json.loads(each) for each in Path(sys.argv[1]).read_text(encoding="utf-8").splitlines()]
    deliveries = [(first, bytes.fromhex(frames)) for first, frames in lines]
    for line in sys.stdin:
        child = os.fork()
        if not child:
            code = 1
            try:
                said = json.loads(line)
                folder = Path(said.pop("folder"))
                asyncio.run(keep(folder, StoreSettings.model_validate(said), deliveries))
                code = 0
            finally:
                sys.stderr.flush()
                os._exit(code)
        print(child, flush=True)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)


if __name__ == "__main__":
    main()
