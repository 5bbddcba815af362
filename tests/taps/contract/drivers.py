"""Every tap that must keep the contract, by name. A new tap adds its driver here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.taps.contract.audiosocket import AudioSocketDriver

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.taps.contract.driver import Driver

DRIVERS: dict[str, Callable[[], Driver]] = {
    "audiosocket": AudioSocketDriver,
}
