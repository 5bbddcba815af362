"""Random walks through a real office: nobody is left on hold, nobody is cut off, and the page says what is.

`KIKIMORI_WALKS=200 pytest tests/system/test_asterisk_walks.py` walks more; `KIKIMORI_WALK=SEED` walks one again.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from tests.support.asterisk.walked import walked_asterisk
from tests.support.real_asterisk import needs_asterisk
from tests.support.walk import walk

if TYPE_CHECKING:
    from pathlib import Path

STEPS = 20
SEEDS = (
    [int(os.environ["KIKIMORI_WALK"])]
    if "KIKIMORI_WALK" in os.environ
    else range(int(os.environ.get("KIKIMORI_WALKS", "3")))
)

pytestmark = needs_asterisk


@pytest.mark.parametrize("seed", SEEDS)
async def test_walk(tmp_path: Path, seed: int) -> None:
    async with walked_asterisk(tmp_path) as pbx:
        await walk(pbx, tmp_path, seed, STEPS)
