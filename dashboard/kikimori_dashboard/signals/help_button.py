"""Presses of buttons at seats: each asks for help in the calls of its extension, as the operator's page does."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import structlog

from kikimori_core.messages import Language, in_language, text
from kikimori_core.wire.messages import Action
from kikimori_dashboard.access.who import Principal
from kikimori_dashboard.actions.commands import CommandRequest, RefusedError

if TYPE_CHECKING:
    from kikimori_dashboard.access.audit_trail import AuditTrail
    from kikimori_dashboard.actions.commands import CommandSender, Publisher
    from kikimori_dashboard.site.state import SiteState

log = structlog.get_logger()

MOST_AT_ONCE = 50


class HelpButtons:
    """Sends `escalate` for presses of buttons, and notes them in the audit."""

    def __init__(
        self,
        state: SiteState,
        commands: CommandSender,
        publisher: Publisher,
        trail: AuditTrail,
        language: Language,
    ) -> None:
        self._state = state
        self._commands = commands
        self._publisher = publisher
        self._trail = trail
        self._language: Language = language
        self._sending: set[asyncio.Task[None]] = set()

    def pressed(self, extension: str) -> None:
        """Take a press at a seat; must be called on the event loop."""
        calls = [
            call_id
            for call_id, entry in self._state.calls.items()
            if entry.state.operator.number == extension
        ]
        if not calls:
            log.info("button_without_call")
        for call_id in calls[: MOST_AT_ONCE - len(self._sending)]:
            task = asyncio.create_task(self._ask(call_id, extension))
            self._sending.add(task)
            task.add_done_callback(self._sending.discard)

    async def aclose(self) -> None:
        """Give up presses that wait for their answers."""
        for task in self._sending:
            task.cancel()
        await asyncio.gather(*self._sending, return_exceptions=True)

    async def _ask(self, call_id: str, extension: str) -> None:
        name = in_language(text("signals_button_name", extension=extension), self._language)
        request = CommandRequest(Action.ESCALATE)
        try:
            result = await self._commands.press(
                self._publisher, call_id, request, "operator", Principal(name)
            )
            outcome, reason = str(result.outcome), result.reason
        except RefusedError as error:
            outcome, reason = "refused", error.reason
        log.info("button_pressed", call_id=call_id, outcome=outcome, reason=reason)
        self._trail.note(
            None,
            f"command.{Action.ESCALATE}",
            outcome=outcome,
            about=("call", call_id),
            extension=extension,
            by="button",
            reason=reason,
        )
