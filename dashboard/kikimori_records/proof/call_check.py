"""Check of one recorded call: its leaf, its files and its rows against the manifest. It reads files: run it in a thread."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from kikimori_records.calls.canonical import digest_of_rows
from kikimori_records.calls.rows import PARTS
from kikimori_records.columns import time_text
from kikimori_records.errors import StoreError
from kikimori_records.keeping.call_files import OF_SOUND, folder_of
from kikimori_records.proof.closing import leaf_of
from kikimori_records.proof.findings import RecordFault, RecordFinding
from kikimori_records.proof.verify_alone import MANIFEST, file_hash
from kikimori_records.schema import recorded_calls

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from kikimori_records.proof.queries import Leaf

STRIPPED = ("lines", "alerts", "events")
"""Parts that lose words or numbers by a removal."""


@dataclass(slots=True)
class CallEvidence:
    """Rows of a call, and what was removed of it."""

    leaf: Leaf
    day: str
    row: Mapping[str, Any] | None
    removed: Mapping[str, str | None]
    """Kinds of data that were removed, with the order of it; None = for its age."""
    parts: Mapping[str, list[dict[str, Any]]] = field(default_factory=dict)


def check_call(evidence: CallEvidence, records: Path) -> list[RecordFinding]:
    """Return what was changed of a call; nothing for what a removal took."""
    return list(_CallCheck(evidence, records).findings())


@dataclass(slots=True)
class _CallCheck:
    evidence: CallEvidence
    records: Path
    found: list[RecordFinding] = field(default_factory=list)

    def findings(self) -> list[RecordFinding]:
        row, removed = self.evidence.row, self.evidence.removed
        if row is None:
            if "call" not in removed:
                self._note(RecordFault.CALL_MISSING)
            return self.found
        leaf = self._leaf(row)
        kept_alone = row["salt"] is None and not {"call", "number"} & removed.keys()
        if leaf != self.evidence.leaf.leaf or kept_alone:
            self._note(RecordFault.LEAF_DIFFERS)
        elif row["salt"] is not None:
            self._files(row)
        return self.found

    def _leaf(self, row: Mapping[str, Any]) -> str | None:
        try:
            made = leaf_of(row["salt"], row["manifest_hash"], row["leaf"])
        except ValueError:
            return None
        return None if made is None else made.hex()

    def _files(self, row: Mapping[str, Any]) -> None:
        path = str(row["sound_path"])
        try:
            folder = folder_of(self.records, path)
        except StoreError:
            self._note(RecordFault.FILE_MISSING, path)
            return
        manifest = self._manifest(folder, path, str(row["manifest_hash"]))
        if manifest is None:
            return
        names = {MANIFEST}
        for name, expected in manifest["files"].items():
            names.add(name)
            if not (folder / name).is_file():
                if name not in OF_SOUND or "sound" not in self.evidence.removed:
                    self._note(RecordFault.FILE_MISSING, f"{path}/{name}")
            elif self._hash(folder / name, f"{path}/{name}") not in (None, expected["sha256"]):
                self._note(RecordFault.FILE_ALTERED, f"{path}/{name}")
        for each in sorted(folder.iterdir()):
            if each.name not in names:
                self._note(RecordFault.FILE_ADDED, f"{path}/{each.name}")
        self._rows(row, manifest)

    def _manifest(self, folder: Path, path: str, expected: str) -> dict[str, Any] | None:
        """Return the manifest, which is what it was when it was written; None where it is not."""
        name = f"{path}/{MANIFEST}"
        try:
            content = (folder / MANIFEST).read_bytes()
        except FileNotFoundError:
            self._note(RecordFault.FILE_MISSING, name)
            return None
        except OSError:
            self._note(RecordFault.FILE_UNREADABLE, name)
            return None
        if hashlib.sha256(content).hexdigest() != expected:
            self._note(RecordFault.FILE_ALTERED, name)
            return None
        read: dict[str, Any] = json.loads(content)
        return read

    def _hash(self, path: Path, name: str) -> str | None:
        try:
            return file_hash(path).hex()
        except OSError:
            self._note(RecordFault.FILE_UNREADABLE, name)
            return None

    def _rows(self, row: Mapping[str, Any], manifest: Mapping[str, Any]) -> None:
        removed = self.evidence.removed.keys()
        changed = {"sound"} if "sound" in removed else set()
        columns = (manifest.keys() & recorded_calls.c.keys()) - changed - {"sound_lost_s"}
        if any(_plain(row[name]) != manifest[name] for name in columns):
            self._note(RecordFault.ROWS_ALTERED, "call")
        for name in PARTS:
            if name in STRIPPED and {"words", "number"} & removed:
                continue
            if digest_of_rows(self.evidence.parts.get(name, [])) != manifest["rows"][name]["sha256"]:
                self._note(RecordFault.ROWS_ALTERED, name)

    def _note(self, code: RecordFault, what: str | None = None) -> None:
        leaf = self.evidence.leaf
        self.found.append(RecordFinding(code, self.evidence.day, leaf.number, leaf.uid, what))


def _plain(value: Any) -> Any:
    return time_text(value) if isinstance(value, datetime) else value
