"""Times of one second hearing, by the monotonic clock in s: what a delay is made of."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class FinalTimes:
    """Stages of one utterance on its way to its second final; each begins where the one before ended."""

    sound_s: float
    """Length of the utterance."""
    spoken: float
    """End of the last sound."""
    fed: float
    """The sound that showed the end was there."""
    given: float
    """The streaming recogniser had heard it too, and the utterance was queued."""
    begun: float = 0.0
    heard: float = 0.0
    told: float = 0.0
    """Delivered; later than `heard` where it was heard before its end was sure."""

    def stages(self) -> dict[str, float]:
        """Return the length of each stage in s, and the whole."""
        return {
            "silence": self.fed - self.spoken,
            "stream": self.given - self.fed,
            "queue": self.begun - self.given,
            "hearing": self.heard - self.begun,
            "end": self.told - self.heard,
            "whole": self.told - self.spoken,
        }
