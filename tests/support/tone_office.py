"""Common part of offices on real PBXs: everybody says a tone, and is known by it to everybody else."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Generic, TypeVar

from tests.support.deadline import WITHIN_S
from tests.support.sip_phone import Phone

from kikimori.control.pbx_control import PbxAnswer, PbxControl, PbxRequest
from kikimori_core.model.call import CallInfo
from kikimori_core.wire.messages import Action, CallStatus

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

CUSTOMER_HZ, OPERATOR_HZ, SUPERIOR_HZ, SUPERVISOR_HZ, SOUND_HZ = 440, 1000, 1700, 1240, 2300

Control = TypeVar("Control", bound=PbxControl)


@dataclass(kw_only=True)
class ToneOffice(Generic[Control]):
    """One call of `customer` with `operator`, and control that is under test."""

    phones: Mapping[str, Phone]
    """By extension; the customer's by `customer_name`."""
    customer_name: str
    control: Control
    told: list[CallStatus] = field(default_factory=list)
    call: CallInfo = field(default_factory=lambda: CallInfo("c1", "test"))

    @property
    def customer(self) -> Phone:
        return self.phones[self.customer_name]

    @property
    def operator(self) -> Phone:
        return self.phones["204"]

    @property
    def superior(self) -> Phone:
        return self.phones["200"]

    @property
    def supervisor(self) -> Phone:
        return self.phones["205"]

    async def until(self, condition: Callable[[], object], within_s: float = WITHIN_S) -> None:
        async with asyncio.timeout(within_s):
            while not condition():  # noqa: ASYNC110  (sound of several telephones sets no event)
                await asyncio.sleep(0.02)

    async def heard(self, **phones: set[int] | None) -> None:
        """Wait until each phone (`customer`, `operator`, `superior`, `supervisor`) hears these tones; None = is out."""

        def now() -> dict[str, set[int] | None]:
            return {
                name: phone.hears() if (phone := getattr(self, name)).in_call else None for name in phones
            }

        try:
            await self.until(lambda: now() == phones)
        except TimeoutError:
            raise AssertionError(f"wanted {phones}, heard {now()}, told {self.told}") from None

    async def press(
        self,
        action: Action,
        target: str = "200",
        *,
        keep: bool | None = None,
        announcement: str | None = None,
        call: CallInfo | None = None,
    ) -> PbxAnswer:
        request = PbxRequest(action, call or self.call, target, keep, announcement)
        return await self.control.carry_out(request, self.told.append)

    async def take_back(self) -> PbxAnswer:
        """Press until it is taken, as a person does: a telephone rings before the PBX has told so."""
        async with asyncio.timeout(WITHIN_S):
            while (answer := await self.press(Action.TAKE_BACK)).reason == "call_busy":  # noqa: ASYNC110  (it is asked)
                await asyncio.sleep(0.05)
        return answer
