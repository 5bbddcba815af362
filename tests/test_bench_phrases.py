"""Cost of looking for phrases: what the processor does for one utterance, however busy the machine is."""

from __future__ import annotations

import time

from kikimori_lab.bench.phrases import _timed

WAITED_S = 0.2


def test_a_wait_costs_nothing() -> None:
    assert _timed(time.sleep, WAITED_S) < WAITED_S / 2
