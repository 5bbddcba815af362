"""Time stamps of heads by RFC 3161: asked of an authority, and verified without it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from tests.support.recorded import tokyo
from tests.support.tsa import TimeStampAuthority

from kikimori_records.proof.anchor import AnchorError
from kikimori_records.proof.time_stamps import TimeStampAnchor, stamp_of, stamped_at
from kikimori_records.proof.trees import ClosedTree

if TYPE_CHECKING:
    from pathlib import Path

pytest.importorskip("rfc3161_client")

FIRST = ClosedTree.after(None, "2026-11-10", 0, [], tokyo(11, 1))
SECOND = ClosedTree.after(FIRST, "2026-11-11", 0, [], tokyo(12, 1))


async def test_the_last_head_is_stamped_and_verified_without_the_authority(tmp_path: Path) -> None:
    authority, other = TimeStampAuthority(tmp_path / "tsa"), TimeStampAuthority(tmp_path / "other")
    async with authority.serving() as settings:
        (kept,) = await TimeStampAnchor(settings).keep([FIRST, SECOND])
    assert (kept.number, kept.kind, kept.target, len(authority.requests)) == (2, "timestamp", settings.url, 1)
    stamp, head = stamp_of(kept.receipt), bytes.fromhex(SECOND.head)
    assert abs(stamped_at(stamp, head, authority.file) - datetime.now(UTC)) < timedelta(hours=1)
    flipped = bytearray(stamp)
    flipped[-5] ^= 1
    for wrong, its, file, cause in (
        (stamp, bytes.fromhex(FIRST.head), authority.file, "stamp_wrong"),
        (stamp, head, other.file, "stamp_wrong"),
        (bytes(flipped), head, authority.file, "stamp_wrong"),
        (stamp[:-30], head, authority.file, "stamp_unreadable"),
        (b"", head, authority.file, "stamp_unreadable"),
        (stamp, head, tmp_path / "gone", "authority_unreadable"),
    ):
        with pytest.raises(AnchorError) as caught:
            stamped_at(wrong, its, file)
        assert caught.value.cause == cause
    with pytest.raises(AnchorError):
        stamp_of("no base64!")


async def test_an_answer_to_another_question_is_refused(tmp_path: Path) -> None:
    authority = TimeStampAuthority(tmp_path / "tsa")
    async with authority.serving() as settings:
        anchor = TimeStampAnchor(settings)
        await anchor.keep([SECOND])
        # The answer to an earlier request for the same head: its nonce is another.
        for answer, cause in (
            (authority.stamp(authority.requests[0]), "stamp_wrong"),
            (b"not a stamp", "stamp_unreadable"),
            (bytes(100_000), "stamp_too_long"),
        ):
            authority.answer = answer
            with pytest.raises(AnchorError) as caught:
                await anchor.keep([SECOND])
            assert caught.value.cause == cause
    with pytest.raises(AnchorError) as caught:
        await anchor.keep([SECOND])
    assert caught.value.cause == "unreachable"
