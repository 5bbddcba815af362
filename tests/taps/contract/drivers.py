"""Every tap that must keep the contract, by name. A new tap adds its driver here."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from tests.taps.contract.asterisk import AsteriskDriver
from tests.taps.contract.audiosocket import AudioSocketDriver
from tests.taps.contract.chan_websocket import ChanWebSocketDriver
from tests.taps.contract.freeswitch import FreeSwitchDriver
from tests.taps.contract.line_in import LineInDriver
from tests.taps.contract.mirror import MirrorDriver
from tests.taps.contract.siprec import SiprecDriver

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.taps.contract.driver import Driver

DRIVERS: dict[str, Callable[[], Driver]] = {
    "asterisk": AsteriskDriver,
    "audiosocket": AudioSocketDriver,
    "siprec": SiprecDriver,
    "mirror": MirrorDriver,
    "chan_websocket": ChanWebSocketDriver,
    "chan_websocket-json": partial(ChanWebSocketDriver, as_json=True),
    "freeswitch": FreeSwitchDriver,
    "freeswitch-mono": lambda: FreeSwitchDriver("mono", "audio_stream"),
    "line_in": LineInDriver,
}
