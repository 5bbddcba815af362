"""Asterisk: a way in by ARI, and control by AMI.

`ari` and `ami` are the clients, shared by the way in (`tap`) and by `control`; `checkup` is what `doctor` asks.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from kikimori.integrations.asterisk.settings import AsteriskTable
from kikimori.integrations.pbx_integration import PbxIntegration
from kikimori_core.messages import text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from kikimori.checks.diagnosis import Diagnosis
    from kikimori.integrations.asterisk.control import AsteriskControl, AsteriskControlSettings
    from kikimori.integrations.asterisk.tap.tap import AsteriskTap
    from kikimori.integrations.integration import TapParts

__all__ = ["Asterisk", "AsteriskTable"]


class Asterisk(PbxIntegration[AsteriskTable]):
    """`[asterisk]`: calls by ARI, whose audio comes to AudioSocket; control by AMI."""

    title = "Asterisk's ARI"
    switch = "tap"
    place = 3
    needs_sides = True
    audio_by = "audiosocket"
    rings_superiors = True

    def tap(self, parts: TapParts) -> AsteriskTap:
        from kikimori.integrations.asterisk.tap.tap import AsteriskTap  # noqa: PLC0415  (see `Integration`)

        return AsteriskTap(
            parts.desk,
            parts.directory,
            self.config.sides,
            self.table,
            lambda: parts.address_of(self.audio_by),
        )

    def summary(self) -> str:
        return text("way_in_asterisk", ari_url=self.table.ari_url)

    def contents(self) -> Mapping[str, Callable[[], object]]:
        return {"[asterisk] ca_file": self.table.tls}

    def faults(self) -> Iterator[Diagnosis]:
        from kikimori.integrations.asterisk.checkup import audio_address_fault  # noqa: PLC0415  (see `Integration`)

        yield from audio_address_fault(self.table, self._audio_host())

    async def examine(self) -> list[Diagnosis]:
        from kikimori.integrations.asterisk.checkup import look_at_ari  # noqa: PLC0415  (see `Integration`)

        return await look_at_ari(self.table, self.config.sides, websocket=self._websocket())

    def audio_address(self) -> Iterator[Diagnosis]:
        from kikimori.integrations.asterisk.checkup import look_at_audio_address  # noqa: PLC0415  (see `Integration`)

        yield look_at_audio_address(self.table, self._audio_host())

    def control(self, superior: Callable[[], str | None]) -> AsteriskControl:
        from kikimori.integrations.asterisk.control import AsteriskControl  # noqa: PLC0415  (see `Integration`)

        return AsteriskControl(self.table, replace(self.control_settings(), listed_superior=superior))

    def control_settings(self) -> AsteriskControlSettings:
        """Put together what control of Asterisk needs."""
        from kikimori.integrations.asterisk.control import AsteriskControlSettings  # noqa: PLC0415  (see `Integration`)

        made = self.settings(AsteriskControlSettings, self.table.dial, self.table.music)
        return replace(made, sounds=self.table.sounds)

    async def examine_control(self) -> list[Diagnosis]:
        from kikimori.integrations.asterisk.checkup import look_at_ami  # noqa: PLC0415  (see `Integration`)

        return await look_at_ami(self.table, self.control_settings(), websocket=self._websocket())

    def _websocket(self) -> bool:
        """Return whether its WebSocket channels are awaited, which not every release has."""
        return self.config.integration("chan_websocket").is_on()

    def _audio_host(self) -> str:
        return self.config.integration(self.audio_by).ports()[0].host
