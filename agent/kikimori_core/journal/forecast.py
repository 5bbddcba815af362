"""Forecast of the disk that recordings take."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kikimori_core.journal.settings import RecordingTable

BYTES_PER_CALL_S = 16_000
"""Bytes of a narrowband call a second: two legs of G.711 in the journal, about as much as FLAC with noise on the line."""
SECONDS_PER_HOUR = 3600


@dataclass(frozen=True, slots=True)
class DiskForecast:
    """Time for which a disk takes recordings, by `[recording] calls_at_once` and `hours_a_day`."""

    bytes_an_hour: float
    hours_a_day: float
    room_bytes: float
    """Bytes that recordings may take: the smaller of `max_gb` and what the disk has for them."""

    @property
    def bytes_a_day(self) -> float:
        return self.bytes_an_hour * self.hours_a_day

    @property
    def hours(self) -> float:
        """Return the hours of work that the room lasts."""
        return self.room_bytes / self.bytes_an_hour

    @property
    def days(self) -> float:
        """Return the days of work that the room lasts."""
        return self.room_bytes / self.bytes_a_day


def forecast(settings: RecordingTable, free_bytes: int, used_bytes: int = 0) -> DiskForecast:
    """Return how long the disk lasts. `used_bytes`: of recordings that are on it already."""
    return DiskForecast(
        settings.calls_at_once * BYTES_PER_CALL_S * SECONDS_PER_HOUR,
        settings.hours_a_day,
        min(settings.most_bytes, free_bytes + used_bytes),
    )
