"""Settings of an agent's desk: what every call offers, from the configuration and the PBX under control."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kikimori.calls.settings import DeskSettings
from kikimori.control.pbx_control import ControlByHand, OperatorChoice

if TYPE_CHECKING:
    from kikimori.config import AgentConfig
    from kikimori.control.pbx_control import PbxControl
    from kikimori_core.wire.messages import Action


def desk_settings(
    config: AgentConfig, pbx: PbxControl, more: tuple[Action, ...], run: str, patience_s: float
) -> DeskSettings:
    """Return the settings; `more`: actions that need nothing from the PBX; `run`, `patience_s`: see `DeskSettings`."""
    return DeskSettings(
        site=config.site,
        agent_id=config.agent_id,
        escalate_code=config.judging.escalate_code,
        capabilities=(*pbx.capabilities, *more),
        announcements=pbx.announcements,
        keep_operator=pbx.keep_operator if isinstance(pbx, OperatorChoice) else None,
        keys=pbx.keys if isinstance(pbx, ControlByHand) else (),
        run=run,
        patience_s=patience_s,
    )
