"""Export of one call with its proof: its files, its rows, the way to the heads outside, and the verifier. It changes nothing."""

from __future__ import annotations

import asyncio
import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kikimori_records.calls.canonical import canonical_rows
from kikimori_records.calls.rows import PARTS
from kikimori_records.errors import StoreError
from kikimori_records.keeping.call_files import folder_of
from kikimori_records.proof import queries, verify_alone
from kikimori_records.proof.anchor import AnchorError
from kikimori_records.proof.call_check import STRIPPED, check_call
from kikimori_records.proof.checking import evidence_of
from kikimori_records.proof.merkle import path_to
from kikimori_records.proof.time_stamps import stamp_of

if TYPE_CHECKING:
    from kikimori_records.proof.call_check import CallEvidence
    from kikimori_records.proof.queries import KeptAnchor
    from kikimori_records.proof.trees import ClosedTree
    from kikimori_records.store import Store


async def export_proof(store: Store, records: Path, uid: str, target: Path) -> list[KeptAnchor]:
    """Write a call and its proof into an empty folder, and return where heads that confirm it were sent.

    Raises:
        StoreError: the call is in no closed day, is erased, or is not what it was.
        OSError: the folder cannot be written.
    """
    async with store.read() as connection:
        leaf = await queries.leaf_of_call(connection, uid)
        if leaf is None:
            raise StoreError.of("proof_not_closed", uid=uid)
        trees = await queries.trees(connection, after=leaf.number - 1)
        leaves = await queries.leaves(connection, leaf.number)
        kept = await queries.anchors(connection, after=leaf.number - 1)
        (evidence,) = await evidence_of(connection, [leaf], trees[0].day)
    if evidence.row is None or evidence.row["salt"] is None:
        raise StoreError.of("proof_erased", uid=uid)
    if findings := await asyncio.to_thread(check_call, evidence, records):
        first = findings[0]
        raise StoreError.of("proof_altered", uid=uid, what=first.what or "", code=first.code)
    path = path_to([bytes.fromhex(each.leaf) for each in leaves], leaf.position)
    await asyncio.to_thread(_write, evidence, records, target, trees, [each.hex() for each in path], kept)
    return kept


def _write(
    evidence: CallEvidence,
    records: Path,
    target: Path,
    trees: list[ClosedTree],
    path: list[str],
    kept: list[KeptAnchor],
) -> None:
    assert evidence.row is not None  # noqa: S101  (the caller has looked)
    source = folder_of(records, str(evidence.row["sound_path"]))
    manifest = json.loads((source / verify_alone.MANIFEST).read_bytes())
    left_out = []
    for name in (verify_alone.MANIFEST, *manifest["files"]):
        if (source / name).is_file():
            shutil.copyfile(source / name, target / name)
        else:
            left_out.append(name)
    for name in PARTS:
        if name in STRIPPED and {"words", "number"} & evidence.removed.keys():
            left_out.append(verify_alone.rows_file(name))
            continue
        (target / verify_alone.rows_file(name)).write_bytes(canonical_rows(evidence.parts.get(name, [])))
    proof: dict[str, Any] = {
        "format": verify_alone.FORMAT,
        "uid": evidence.leaf.uid,
        "salt": evidence.row["salt"],
        "leaf": evidence.leaf.leaf,
        "index": evidence.leaf.position,
        "path": path,
        "previous_head": trees[0].previous_head,
        "chain": [each.fields() for each in trees],
        "told": [
            {
                "number": each.number,
                "kind": each.kind,
                "target": each.target,
                "at": each.at.isoformat(timespec="seconds"),
            }
            for each in kept
        ],
        "stamps": list(_stamps(kept, target)),
        "left_out": left_out,
    }
    content = json.dumps(proof, ensure_ascii=False, indent=1)
    (target / verify_alone.PROOF).write_text(f"{content}\n", encoding="utf-8")
    shutil.copyfile(Path(verify_alone.__file__), target / verify_alone.VERIFIER)


def _stamps(kept: list[KeptAnchor], target: Path) -> list[dict[str, Any]]:
    """Write the time stamps as files, and return what the proof says of them."""
    made: list[dict[str, Any]] = []
    for each in kept:
        if each.kind != "timestamp":
            continue
        try:
            stamp = stamp_of(each.receipt)
        except AnchorError:
            continue
        name = f"stamp-{each.number}-{len(made) + 1}.tsr"
        (target / name).write_bytes(stamp)
        made.append({"number": each.number, "file": name, "target": each.target})
    return made
