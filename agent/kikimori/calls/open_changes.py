"""Open alerts of a call, as they were last published; kept beside the judge, which may fail."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from kikimori_core.model.alert import AlertState, ClosedBecause
from kikimori_core.wire.values import HELP_KIND

if TYPE_CHECKING:
    from kikimori_core.model.alert import AlertChange


class OpenChanges:
    """Last change of each open alert of one call."""

    def __init__(self) -> None:
        self._open: dict[tuple[str, int], AlertChange] = {}

    def note(self, change: AlertChange) -> None:
        """Note a change that is published."""
        if change.state is AlertState.CLOSED:
            self._open.pop((change.rule, change.ordinal), None)
        else:
            self._open[change.rule, change.ordinal] = change

    @property
    def help_called(self) -> bool:
        """Return whether a request for help of the operator's button is open."""
        return any(change.rule_kind == HELP_KIND for change in self._open.values())

    def closed_by_fault(self, now_s: float, *, keep_button: bool) -> list[AlertChange]:
        """Return changes that close all of them, or all but the operator's button: a press needs no judging."""
        return [
            replace(
                change,
                state=AlertState.CLOSED,
                revision=change.revision + 1,
                updated_s=max(now_s, change.updated_s),
                suggestion=None,
                closed_because=ClosedBecause.FAULT,
            )
            for change in self._open.values()
            if not (keep_button and change.rule_kind == HELP_KIND)
        ]
