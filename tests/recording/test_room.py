"""Room of the journals on the agent's disk."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kikimori.recording.room import JournalRoom

if TYPE_CHECKING:
    from pathlib import Path


async def test_half_full_is_told(tmp_path: Path) -> None:
    room = JournalRoom(tmp_path, 1000)
    await room.measure()
    assert (room.used, room.problems()) == (0, ())
    for run, size, codes in (
        ("r1", 499, []),
        ("r2", 1, ["journal_half_full"]),
        ("r3", 499, ["journal_half_full"]),
        ("r4", 1, []),  # the writer tells of it
    ):
        (tmp_path / run).mkdir()
        (tmp_path / run / "0000000000000000.kkj").write_bytes(bytes(size))
        await room.measure()
        assert [each.code for each in room.problems()] == codes
    (tmp_path / "r1" / "0000000000000000.kkj").unlink()
    await room.measure()
    assert [each.code for each in room.problems()] == ["journal_half_full"]
