"""Taps and control for the configuration, made and wired. Part of the composition root."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from kikimori.pbx.asterisk import AsteriskControl
from kikimori.pbx.asterisk import ControlSettings as AsteriskControlSettings
from kikimori.pbx.freeswitch.control import FreeSwitchControl
from kikimori.pbx.manual import ManualControl
from kikimori.pbx.settings import ControlSettings, Sound
from kikimori.taps.asterisk.tap import AsteriskTap
from kikimori.taps.audiosocket.tap import AudioSocketTap
from kikimori.taps.chan_websocket.tap import ChanWebSocketTap
from kikimori.taps.door import Limits
from kikimori.taps.freeswitch.tap import FreeSwitchTap
from kikimori.taps.line_in.tap import LineInTap
from kikimori.taps.mirror.tap import MirrorTap
from kikimori.taps.siprec.tap import SiprecTap
from kikimori_core.wire.peers import AllowedPeers

if TYPE_CHECKING:
    from collections.abc import Callable

    from kikimori.config import AgentConfig
    from kikimori.pbx.control import PbxControl
    from kikimori.taps.announced.directory import LegDirectory
    from kikimori.taps.tap import Tap
    from kikimori_core.model.feed import CallDesk

_Settings = TypeVar("_Settings", bound=ControlSettings)


def make_taps(config: AgentConfig, desk: CallDesk, directory: LegDirectory) -> list[Tap]:
    """Make every tap that is switched on; nothing is opened yet."""
    taps: list[Tap] = []
    if config.audiosocket.enabled:
        table = config.audiosocket
        audiosocket = AudioSocketTap(
            desk,
            directory,
            AllowedPeers(table.allow),
            Limits(connections=table.max_connections, idle_s=table.idle_s),
            host=table.host,
            port=table.port,
            announce_port=table.announce_port,
        )
        taps.append(audiosocket)
        if config.asterisk.tap:
            # After AudioSocket: Asterisk is told the port on which that listens.
            taps.append(
                AsteriskTap(
                    desk, directory, config.sides, config.asterisk, lambda: audiosocket.server.address
                )
            )
    if config.siprec.enabled:
        taps.append(SiprecTap(desk, config.siprec, config.sides))
    if config.chan_websocket.enabled:
        taps.append(ChanWebSocketTap(desk, directory, config.chan_websocket))
    if config.line_in.enabled:
        taps.append(LineInTap(desk, config.line_in))
    if config.mirror.enabled:
        taps.append(MirrorTap(desk, config.mirror, config.sides))
    if config.freeswitch.tap:
        taps.append(FreeSwitchTap(desk, config.freeswitch, config.sides))
    return taps


def make_control(config: AgentConfig, superior: Callable[[], str | None] = lambda: None) -> PbxControl:
    """Make the control of the configured PBX; nothing is connected yet.

    `superior` returns the number of the directory's superior at the moment; None = that of `[pbx]`.
    """
    if config.pbx.kind == "asterisk":
        settings = replace(asterisk_control_settings(config), listed_superior=superior)
        return AsteriskControl(config.asterisk, settings)
    if config.pbx.kind == "freeswitch":
        table = config.freeswitch
        made = _settings(ControlSettings, config, table.dial, table.music)
        return FreeSwitchControl(table, replace(made, listed_superior=superior))
    return ManualControl(config.pbx.instructions)


def asterisk_control_settings(config: AgentConfig) -> AsteriskControlSettings:
    """Put together what control of Asterisk needs; also for the doctor's `kikimori.pbx.asterisk.examine`."""
    return _settings(AsteriskControlSettings, config, config.asterisk.dial, config.asterisk.music)


def _settings(kind: type[_Settings], config: AgentConfig, dial: str, music: str) -> _Settings:
    pbx = config.pbx
    # Nobody presses after a hold, so the house's own rule is asked here.
    may_ring = config.targets().is_internal(pbx.superior)
    return kind(
        superior=pbx.superior,
        ring_s=pbx.ring_s,
        longest_hold_s=pbx.longest_hold_s,
        after_hold=pbx.after_hold if may_ring else "operator",
        keep_operator=pbx.keep_operator,
        announcements=tuple(Sound(each.name, each.title, each.file) for each in pbx.announcements),
        dial=dial,
        music=music,
        book=config.state_path() / f"held-{config.agent_id}.json",
    )
