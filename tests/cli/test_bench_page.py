"""`kikimori bench page`, with few calls and for a moment: it measures a real browser and says against what."""

from __future__ import annotations

import json

from tests.support.program import kikimori


async def test_it_measures_a_page() -> None:
    ended = await kikimori("bench", "page", "--calls", "15", "--seconds", "2", "--json")
    assert ended.code == 0, ended.out
    figures = json.loads(ended.out)
    assert figures["calls"] == 15
    assert figures["messages"] > 0
    assert figures["ms_per_message"] > 0
    assert figures["vs_reference"] > 0
    assert figures["behind_ms_p50"] <= figures["behind_ms_max"]
