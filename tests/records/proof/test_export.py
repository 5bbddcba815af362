"""A call that is exported with its proof is verified by one file, in a Python that knows nothing of the project."""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest
from tests.support.records_office import RecordsOffice, delivered
from tests.support.told_calls import NOON, ToldRun, told_call
from tests.support.tsa import TimeStampAuthority

from kikimori_core.journal.anchor_settings import AnchorTable
from kikimori_records.errors import StoreError
from kikimori_records.keeping.days import DataKind
from kikimori_records.keeping.removal import RemovalCause, remove
from kikimori_records.proof import queries
from kikimori_records.proof.anchor_file import NAME, heads_in
from kikimori_records.proof.closing import close_days
from kikimori_records.proof.export import export_proof
from kikimori_records.proof.keeper import ProofKeeper
from kikimori_records.proof.office import RecordedOffice

if TYPE_CHECKING:
    from kikimori_records.store import Store

TOKYO = ZoneInfo("Asia/Tokyo")
BARE = Path(sys.base_prefix) / "bin" / f"python{sys.version_info.major}.{sys.version_info.minor}"


def verified(folder: Path, *arguments: str) -> tuple[int, str]:
    """Run the exported verifier without any package but the standard library."""
    bare = [str(BARE), "-I", "-S", "verify.py", "--language", "en", *arguments]
    done = subprocess.run(bare, cwd=folder, env={}, capture_output=True, text=True, check=False)
    assert done.stderr == ""
    return done.returncode, done.stdout


async def test_an_exported_call_is_verified_without_the_project(store: Store, tmp_path: Path) -> None:
    pytest.importorskip("rfc3161_client")
    records, outside, out = (tmp_path / name for name in ("records", "outside", "out"))
    outside.mkdir()
    told = ToldRun([told_call(number, 1.0) for number in range(3)])
    async with RecordsOffice.opened(store, records) as office:
        await delivered(office.incoming, told)
        await office.finishing.finish_ended()
    authority = TimeStampAuthority(tmp_path / "tsa")
    async with authority.serving() as timestamps:
        table = AnchorTable(folder=outside, timestamps=timestamps)
        keeper = ProofKeeper(store, table, RecordedOffice(), clock=lambda: NOON + timedelta(days=2))
        await keeper.once()
    assert keeper.problems() == []
    now = datetime.now(UTC)
    # Others are erased, and words of this one removed for their age: its own proof holds.
    order = RemovalCause("森", "asked for", now, "order-1")
    await remove(store, records, DataKind.CALL, [told.uid(0)], order)
    await remove(store, records, DataKind.WORDS, [told.uid(1)], RemovalCause("kikimori", "age", now))
    out.mkdir()
    kept = await export_proof(store, records, told.uid(1), out)
    assert {each.kind for each in kept} == {"file", "timestamp"}
    head = heads_in(outside / NAME)[-1]["head"]

    code, said = verified(out)
    assert (code, said.splitlines()[-1]) == (
        0,
        "The files agree with the proof. Compare a head that was kept elsewhere (--head).",
    )
    assert "rows-lines.json: removed for its age" in said
    assert "3 calls" in said
    printed = " ".join(head[at : at + 8] for at in range(0, 64, 8))
    code, said = verified(out, "--head", printed)
    assert (code, said.splitlines()[-1][:20]) == (0, "The files are proved")
    assert verified(out, "--head", "00" * 32)[0] == 1
    # The stamp is verified by the command that is said, with openssl and the authority's certificate alone.
    shutil.copyfile(authority.file, out / "TSA.pem")
    command = next(line.strip() for line in said.splitlines() if "openssl ts" in line)
    stamped = await asyncio.to_thread(
        subprocess.run, command.split(), cwd=out, capture_output=True, check=True
    )
    assert b"OK" in stamped.stdout
    (out / "TSA.pem").unlink()

    whole = {each.name: each.read_bytes() for each in out.iterdir()}
    proof = json.loads(whole["proof.json"])
    other = {**proof, "salt": "00" * 32}
    moved = {**proof, "index": 2}
    chain = {**proof, "chain": [{**proof["chain"][0], "day": "2026-11-28"}, *proof["chain"][1:]]}
    for name, content, named in (
        ("sound.flac", whole["sound.flac"][:-1] + b"\0", "sound.flac: altered"),
        ("rows-legs.json", b"[]", "rows-legs.json: altered"),
        (
            "manifest.json",
            whole["manifest.json"].replace(b"claims", b"praise"),
            "not what the leaf was made from",
        ),
        ("peaks.bin", None, "peaks.bin: missing"),
        ("more.txt", b"put in", "more.txt: not part"),
        ("proof.json", json.dumps(other).encode(), "not what the leaf was made from"),
        ("proof.json", json.dumps(moved).encode(), "not in the tree"),
        ("proof.json", json.dumps(chain).encode(), "broken at 2026-11-28"),
        ("proof.json", b"{}", "cannot be read"),
        ("proof.json", b"[" * 100_000, "cannot be read"),
        ("stamp-2-1.tsr", b"no stamp", "not a time stamp"),
    ):
        (out / name).unlink(missing_ok=True)
        if content is not None:
            (out / name).write_bytes(content)
        code, said = verified(out)
        assert (code, named in said) == (1, True), (name, said)
        assert said.splitlines()[-1] == "The proof does not hold."
        (out / name).unlink(missing_ok=True)
        if name in whole:
            (out / name).write_bytes(whole[name])
    assert verified(out)[0] == 0


async def test_what_cannot_be_proved_is_not_exported(store: Store, tmp_path: Path) -> None:
    records, out = tmp_path / "records", tmp_path / "out"
    told = ToldRun([told_call(0, 1.0), told_call(1, 1.0)])
    async with RecordsOffice.opened(store, records) as office:
        await delivered(office.incoming, told)
        await office.finishing.finish_ended()
    out.mkdir()

    async def refused(number: int, said: str) -> None:
        with pytest.raises(StoreError, match=said):
            await export_proof(store, records, told.uid(number), out)
        assert list(out.iterdir()) == []

    await refused(0, "in no closed day")
    await close_days(store, NOON + timedelta(days=1), TOKYO)
    order = RemovalCause("森", "asked for", datetime.now(UTC), "order-1")
    await remove(store, records, DataKind.CALL, [told.uid(0)], order)
    await refused(0, "only its leaf is left")
    async with store.read() as connection:
        assert await queries.leaf_of_call(connection, told.uid(0)) is not None
    next(records.rglob("peaks.bin")).write_bytes(b"other")
    await refused(1, "is not what was recorded")
