"""Room of the journals on the agent's disk."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kikimori.recording.room import JournalRoom

if TYPE_CHECKING:
    from pathlib import Path


async def test_half_full_is_told_and_full_leaves_no_room_for_sound(tmp_path: Path) -> None:
    room = JournalRoom(tmp_path, 1000)
    await room.measure()
    assert (room.used, room.has_room, room.problems()) == (0, True, ())
    (tmp_path / "r1").mkdir()
    (tmp_path / "r1" / "0000000000000000.kkj").write_bytes(bytes(499))
    await room.measure()
    assert room.problems() == ()
    room.wrote(1)
    assert [each.code for each in room.problems()] == ["journal_half_full"]
    (tmp_path / "r2").mkdir()
    (tmp_path / "r2" / "0000000000000000.kkj").write_bytes(bytes(501))
    await room.measure()
    assert (room.used, room.has_room) == (1000, False)
    assert [each.code for each in room.problems()] == ["journal_full"]
    (tmp_path / "r2" / "0000000000000000.kkj").unlink()
    await room.measure()
    assert room.has_room
