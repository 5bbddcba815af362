"""Segments of a journal that grows slowly."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from tests.recording.conftest import QUICK, RATE, recorded_office

from kikimori_core.journal.folder import segments_of

if TYPE_CHECKING:
    from pathlib import Path


async def test_a_segment_ends_by_its_age(tmp_path: Path) -> None:
    """Delivered records leave the agent's disk with their segment; an office with few calls fills none for a day."""
    sound = np.arange(3 * RATE, dtype=np.int16)
    async with recorded_office(tmp_path, pace=replace(QUICK, segment_s=0.0)) as office:
        leg = office.open()
        await office.say(leg, sound)
        await office.end(leg)
    # What opens the call, its sound and its end are written one after another.
    assert len(segments_of(office.recording.journal.folder)) >= 3
    assert np.array_equal(office.read().call("c1").sound(0, len(sound)), sound)
