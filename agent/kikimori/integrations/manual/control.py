"""Control of a PBX without an interface: the operator is told which keys to press."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kikimori.control.pbx_control import PbxAnswer, not_supported
from kikimori_core.wire.messages import Action, KeysToPress, Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from kikimori.control.pbx_control import PbxRequest
    from kikimori_core.wire.messages import Announcement, CallStatus, Problem

DEFAULT_INSTRUCTIONS: Mapping[Action, str] = {
    Action.HOLD: "電話機の保留ボタンを押してください。",
    Action.UNHOLD: "電話機の保留ボタンをもう一度押して、通話に戻ってください。",
    Action.TRANSFER: "転送ボタンを押し、内線 {target} を押して、受話器を置いてください。",
    Action.HOLD_TRANSFER: "お客様に断らず保留ボタンを押してください。次に転送ボタン、内線 {target} を押し、上席が出たら受話器を置いてください。",
    Action.HANG_UP: "終える理由をお客様に伝え、受話器を置いてください。",
}
"""Instructions for actions that `[pbx.instructions]` in the configuration leaves out."""


class ManualControl:
    """Control without access to the telephone: tells a person what to do."""

    def __init__(self, instructions: Mapping[Action, str] | None = None) -> None:
        """`instructions` replace the default ones; `{target}` stands for the extension."""
        self._instructions = {**DEFAULT_INSTRUCTIONS, **(instructions or {})}

    @property
    def kind(self) -> str:
        return "manual"

    @property
    def capabilities(self) -> tuple[Action, ...]:
        return tuple(self._instructions)

    @property
    def keys(self) -> tuple[KeysToPress, ...]:
        return tuple(
            KeysToPress(action=action.value, text=text) for action, text in self._instructions.items()
        )

    @property
    def announcements(self) -> tuple[Announcement, ...]:
        return ()

    async def run(self) -> None:
        return

    def problems(self) -> tuple[Problem, ...]:
        return ()

    async def carry_out(self, request: PbxRequest, changed: Callable[[CallStatus], None]) -> PbxAnswer:
        del changed  # what the operator then does on the telephone, nobody tells us
        text = self._instructions.get(request.action)
        if text is None:
            return not_supported(request.action)
        return PbxAnswer(Outcome.INSTRUCTED, detail=text.replace("{target}", request.target))
