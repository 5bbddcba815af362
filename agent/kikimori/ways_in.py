"""Taps and control for the configuration, made and wired. Part of the composition root."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kikimori.integrations.integration import TapParts
from kikimori.integrations.pbx_integration import PbxIntegration

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from kikimori.config import AgentConfig
    from kikimori.control.pbx_control import PbxControl
    from kikimori.taps.announced.directory import LegDirectory
    from kikimori.taps.tap import Address, Tap
    from kikimori_core.model.feed import CallDesk


def make_taps(config: AgentConfig, desk: CallDesk, directory: LegDirectory) -> list[Tap]:
    """Make every tap that is switched on; nothing is opened yet."""
    taps: dict[str, Tap] = {}

    def address_of(name: str) -> Address:
        return taps[name].addresses[name]

    parts = TapParts(desk, directory, address_of)
    for each in config.integrations():
        if each.is_on():
            taps[each.name] = each.tap(parts)
    return list(taps.values())


def make_control(config: AgentConfig, superior: Callable[[], str | None] = lambda: None) -> PbxControl:
    """Make the control of the configured PBX; nothing is connected yet.

    `superior` returns the number of the directory's superior at the moment; None = that of `[pbx]`.
    """
    return controlling(config).control(superior)


def controlling(config: AgentConfig) -> PbxIntegration[Any]:
    """Return the integration that `[pbx] kind` names."""
    found = config.integration(config.pbx.kind)
    if not isinstance(found, PbxIntegration):
        raise TypeError(found.name)
    return found
