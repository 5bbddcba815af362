"""Times in a call's state at which the PBX ends a hold, or stops ringing a superior."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from kikimori.control.pbx_control import HoldingControl
from kikimori_core.wire.messages import CallStatus

if TYPE_CHECKING:
    from kikimori.control.pbx_control import PbxControl
    from kikimori_core.model.call import CallInfo
    from kikimori_core.wire.messages import CallState


def with_hold_times(state: CallState, call: CallInfo | None, pbx: PbxControl) -> CallState:
    """Return a call's state with the end of its hold, where the PBX has one; `call` is None for one that is not heard."""
    if state.status is not CallStatus.ON_HOLD or call is None or not isinstance(pbx, HoldingControl):
        return state
    left = pbx.hold_times(call)
    if left is None:
        return state
    now = datetime.now(UTC)
    changed: dict[str, Any] = {"hold_ends_at": now + timedelta(seconds=max(left.hold_s, 0.0))}
    if left.ring_s is not None and state.ringing is not None:
        ends_at = now + timedelta(seconds=max(left.ring_s, 0.0))
        changed["ringing"] = state.ringing.model_copy(update={"ends_at": ends_at})
    return state.model_copy(update=changed)
