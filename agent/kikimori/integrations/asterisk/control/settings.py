"""Settings of Asterisk's control: `[pbx]` and `[asterisk]` put together, in Asterisk's form."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kikimori.control import pbx_settings
from kikimori.control.pbx_control import HoldTimes
from kikimori.integrations.asterisk.control.dialplan import Step

if TYPE_CHECKING:
    from kikimori.integrations.asterisk.control.customer import AsteriskCustomer

EXTENSION = re.compile(r"[0-9A-Za-z*#+._-]{1,64}(@[0-9A-Za-z_-]{1,64})?")


@dataclass(frozen=True, slots=True)
class AsteriskControlSettings(pbx_settings.ControlSettings):
    """`dial` is e.g. `Local/{extension}@from-internal`, `music` a class of musiconhold.conf."""

    sounds: str = "kikimori"
    """Folder of the announcement for superiors: whole, or below the folder of the language among Asterisk's sounds."""

    def dial_string(self, extension: str | None) -> str:
        """Return the dial string of an extension; empty for an unknown or invalid one.

        `204@office` names its context itself.
        """
        if not extension or not EXTENSION.fullmatch(extension):
            return ""
        return f"Local/{extension}" if "@" in extension else self.dial.replace("{extension}", extension)

    @property
    def hold_s(self) -> int:
        return math.ceil(self.longest_hold_s)

    @property
    def chain_s(self) -> int:
        """Return the seconds in which one superior after another is rung for a customer on hold."""
        return math.ceil(self.longest_chain_s)

    @property
    def ringing_s(self) -> int:
        return math.ceil(self.ring_s)

    def hold_times(self, customer: AsteriskCustomer, now: float) -> HoldTimes | None:
        """Return what the dialplan leaves of a customer's wait; None when they do not wait in it, or the begin is not known."""
        if not customer.held_by_us or customer.lost or not customer.timed:
            return None
        if customer.step in (Step.HOLD, Step.HAND):
            return HoldTimes(customer.step_at + self.hold_s - now)
        if customer.step is not Step.RING:
            return None
        ring_s = customer.step_at + self.ringing_s - now
        if not customer.targets:
            return HoldTimes(ring_s, ring_s)
        chain_s = (customer.step_at if customer.chain_at is None else customer.chain_at) + self.chain_s - now
        return HoldTimes(chain_s, min(ring_s, chain_s))
