"""Voices of the parties in the captured calls; every 20 ms is like no other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def voice(who: str, rate: int, seconds: float = 2) -> NDArray[np.int16]:
    """A tone of 440 Hz (customer) or 1000 Hz (operator), whose level and pitch wander."""
    t = np.arange(round(seconds * rate)) / rate
    pitch = {"customer": 440.0, "operator": 1000.0}[who]
    wander = 1 + 0.1 * t
    return (8000 * (0.6 + 0.4 * np.sin(2 * np.pi * 1.7 * t)) * np.sin(2 * np.pi * pitch * wander * t)).astype(
        "<i2"
    )
