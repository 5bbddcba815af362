"""A short run of `kikimori bench chaos`: parts killed at random lose no alert, leave nothing over, show nothing twice."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from tests.support.program import kikimori

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.timeout(600)
async def test_a_few_kills_of_each_part(tmp_path: Path) -> None:
    ended = await kikimori(
        "bench", "chaos", "--kills", "2", "--overlapping", "3", "--lines", "3", "--seed", "4", "--json",
        "--folder", tmp_path / "logs", within_s=540,
    )  # fmt: skip
    assert ended.out, ended.err
    report = json.loads(ended.out)
    assert (report["unseen"], report["stale"], report["doubled"]) == ([], [], [])
    assert report["raised"] > 0
    assert report["kills"] == {"broker": 2, "agent": 2, "dashboard": 2}
    assert ended.code == 0
