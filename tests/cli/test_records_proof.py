"""`kikimori records verify`, `days` and `proof`: what they say, and their exit codes."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from tests.support.commands import run_here
from tests.support.records_office import RecordsOffice, delivered
from tests.support.stores import audited, opened
from tests.support.told_calls import NOON, ToldRun, told_call

from kikimori_core.journal.anchor_settings import AnchorTable
from kikimori_records.keeping.days import DataKind
from kikimori_records.keeping.removal import RemovalCause, remove
from kikimori_records.proof.anchor_file import NAME, heads_in
from kikimori_records.proof.keeper import ProofKeeper
from kikimori_records.proof.office import RecordedOffice
from kikimori_records.settings import StoreSettings

if TYPE_CHECKING:
    from pathlib import Path

    import pytest
    from tests.support.program import ProgramResult

DAY = "2026-11-29"


class ProvedOffice:
    """An office with two recorded calls of a closed day; commands run in this process."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.outside = folder / "outside"
        self.outside.mkdir()
        self.config = folder / "kikimori.toml"
        anchors = f"[records.anchors]\nfolder = '{self.outside}'\n"
        self.config.write_text(f"language = 'en'\n[store]\ndir = 'store'\n{anchors}", encoding="utf-8")
        self.settings = StoreSettings(dir=folder / "store")
        self.records = folder / "store" / "records"
        self.told = ToldRun([told_call(0, 1.0), told_call(1, 1.0)])
        self._capsys = capsys

    def ran(self, *arguments: str | Path) -> ProgramResult:
        return run_here(self._capsys, self.config, "records", *arguments)

    def asked(self, *arguments: str) -> Any:
        """The JSON that a command prints, whatever its exit code."""
        return json.loads(self.ran(*arguments, "--json").out)

    async def fill(self) -> None:
        async with opened(self.settings) as store:
            async with RecordsOffice.opened(store, self.records) as office:
                await delivered(office.incoming, self.told)
                await office.finishing.finish_ended()
            table = AnchorTable(folder=self.outside)
            keeper = ProofKeeper(store, table, RecordedOffice(), clock=lambda: NOON + timedelta(days=1))
            await keeper.once()

    async def erase(self, number: int) -> None:
        async with opened(self.settings) as store:
            cause = RemovalCause("森", "asked for", datetime.now(UTC), "order-1")
            await remove(store, self.records, DataKind.CALL, [self.told.uid(number)], cause)

    async def audit(self) -> list[Any]:
        async with opened(self.settings) as store:
            return await audited(store, "records.proof")


def test_a_day_is_verified_printed_and_exported(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    office = ProvedOffice(tmp_path, capsys)
    asyncio.run(office.fill())
    (head,) = (each["head"] for each in heads_in(office.outside / NAME))
    report = office.asked("verify")
    assert (report["calls"], report["whole"], report["unchanged"], report["unanchored"]) == (2, 2, True, [])
    (stretch,) = report["confirmed"]
    assert (stretch["first_day"], stretch["places"]) == (DAY, [f"file {office.outside}"])

    printed = office.ran("days", "--day", DAY)
    groups = [head[at : at + 8] for at in range(0, 64, 8)]
    assert " ".join(groups[:4]) in printed.out
    assert "office: heard 2 = recorded 2" in printed.out
    assert office.ran("verify", "--head", *groups).code == 0
    assert office.ran("verify", "--head", "00" * 32).code == 1
    listed = office.ran("days")
    assert (listed.code, f"{DAY}: 2 calls" in listed.out) == (0, True)
    day = office.asked("days")
    assert (day["day"], day["trees"][0]["head"], day["accounts"][0]["heard"]) == (DAY, head, 2)

    out = tmp_path / "for the lawyer"
    done = office.ran("proof", office.told.uid(1), "--to", out)
    assert (done.code, "python3 verify.py" in done.out) == (0, True), done.err
    assert {"verify.py", "proof.json", "manifest.json", "sound.flac", "rows-lines.json"} <= {
        each.name for each in out.iterdir()
    }
    (entry,) = asyncio.run(office.audit())
    assert (entry["object_id"], entry["outcome"]) == (office.told.uid(1), "done")
    again = office.ran("proof", office.told.uid(1), "--to", out)
    assert (again.code, "is not empty" in again.err) == (1, True)

    asyncio.run(office.erase(0))
    said = office.ran("verify")
    assert (said.code, "erased: 1; the others' proof intact" in said.out) == (0, True)
    sound = next(office.records.rglob("sound.flac"))
    sound.write_bytes(b"other")
    said = office.ran("verify", "--day", DAY)
    where = sound.relative_to(office.records)
    assert (said.code, f"file altered: {DAY} {office.told.uid(1)} {where}" in said.out) == (1, True)
    assert office.asked("verify")["findings"] == [
        {"code": "file_altered", "day": DAY, "number": 1, "uid": office.told.uid(1), "what": str(where)}
    ]
