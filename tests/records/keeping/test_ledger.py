"""List of erasures and holds beside the sound."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kikimori_records.keeping.ledger import Ledger

if TYPE_CHECKING:
    from pathlib import Path


def test_a_line_that_was_torn_off_takes_no_other_with_it(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    assert ledger.lines() == []
    ledger.append([{"kind": "erasure", "id": "a"}, {"kind": "hold", "id": "b"}])
    whole = ledger.path.read_bytes()
    for cut in range(len(whole)):
        ledger.path.write_bytes(whole[:cut])
        Ledger(tmp_path).append([{"kind": "release", "id": "c"}])
        found = [each["id"] for each in ledger.lines()]
        assert found[-1] == "c"
        assert found[:-1] == ["a", "b"][: whole[:cut].count(b"\n") + (whole[cut : cut + 1] == b"\n")]
    assert ledger.path.stat().st_mode & 0o077 == 0


def test_what_is_no_line_is_left_out(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    ledger.path.write_bytes(b'\xff\n[1]\n{"kind": "erasure"}\n{"kind": "other", "id": "x"}\n\n')
    ledger.append([{"kind": "erasure", "id": "a"}])
    assert [each["id"] for each in ledger.lines()] == ["a"]
