"""Interface by which a call tells of itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from kikimori_core.wire.messages import Alert, CallState, TranscriptLine


class CallObserver(Protocol):
    """Receiver of a call's news. Called on the event loop; must return at once and never raise."""

    def call_changed(self, state: CallState) -> None: ...

    def alert_changed(self, alert: Alert) -> None: ...

    def line(self, line: TranscriptLine) -> None: ...
