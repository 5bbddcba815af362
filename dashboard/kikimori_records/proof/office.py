"""Office whose calls are recorded, as texts and days need it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kikimori_core.wire.directory import zone_of

if TYPE_CHECKING:
    from datetime import tzinfo

    from kikimori_core.messages import Language


@dataclass(frozen=True, slots=True)
class RecordedOffice:
    """An office. Its days end at midnight of its time zone."""

    site: str = "main"
    """Name in mails and on printed pages."""
    language: Language = "ja"
    time_zone: str = "Asia/Tokyo"

    @property
    def zone(self) -> tzinfo:
        return zone_of(self.time_zone)
