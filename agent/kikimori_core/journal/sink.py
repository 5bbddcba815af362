"""Receiver of journals: the records service as an agent sees it, in the same process or behind HTTPS.

Records of one run of an agent are numbered 0, 1, 2, … A receiver is asked for its position, the number of the next
record that it wants, and is given frames (see `framing`) from there. What it has acknowledged the agent may delete.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Protocol

MAX_DELIVERY = 8 * 1024 * 1024
"""Most bytes of frames in one delivery."""
MOST_ERASED = 1000
"""Most calls of a run that are named as erased."""


class RefusalCode(StrEnum):
    """Stable code for the reason of a refused delivery."""

    GAP = "journal_gap"
    """Records are missing before the first one; `wanted` is the number to begin with."""
    DAMAGED = "journal_damaged"
    """The frames are no whole records: cut, a wrong checksum, a number out of order."""
    TOO_LARGE = "journal_too_large"
    """More than `MAX_DELIVERY` bytes, or a record above the limit of the format."""
    OTHER_RUN = "journal_other_run"
    """Another journal is kept under this agent and run."""
    DISK_FULL = "records_disk_full"
    """The receiver has no room; the sender keeps everything and tries again."""
    DISK_FAILED = "records_disk_failed"
    """The receiver cannot write, likewise."""
    NOT_READY = "records_not_ready"
    """The receiver starts, stops or has too much to do, likewise."""

    KEY_UNKNOWN = "records_key_unknown"
    """The key with which the request is signed is not trusted."""
    KEY_REVOKED = "records_key_revoked"
    KEY_OTHER_AGENT = "records_key_other_agent"
    """The key is trusted as that of another agent."""
    SIGNATURE_WRONG = "records_signature_wrong"
    TIME_WRONG = "records_time_wrong"
    """The clocks of sender and receiver differ by more than `signing.MOST_APART_S`."""
    BODY_ALTERED = "records_body_altered"
    """The body is not the one that was signed."""
    REQUEST_WRONG = "records_request_wrong"
    """The request is none that the receiver knows."""


class SinkAwayError(Exception):
    """The receiver cannot be reached, or its answer did not come; whether it kept the frames is not known."""


class SinkRefusal(Exception):  # noqa: N818 - the receiver is not at fault
    """A delivery that was not taken. Nothing of it is on the receiver's disk."""

    def __init__(self, code: RefusalCode, *, wanted: int | None = None, detail: str = "") -> None:
        """`wanted`: number of the next record, for `GAP`; `detail`: English, for the log, without personal data."""
        super().__init__(f"{code}: {detail}" if detail else str(code))
        self.code = code
        self.wanted = wanted
        self.detail = detail


class JournalSink(Protocol):
    """Receiver of journals."""

    async def position(self, agent_id: str, run: str) -> int:
        """Return the number of the next record wanted of a run; 0 for one that it does not know.

        An agent asks for its runs in their order: the earlier ones are then over.

        Raises:
            SinkRefusal: it does not say, and why.
            SinkAwayError: it cannot be reached.
        """
        ...

    async def deliver(self, agent_id: str, run: str, first: int, frames: bytes) -> int:
        """Keep whole frames, the first of which is record `first`, and return the number of the next record wanted.

        When it returns, every record before that number is durable on the receiver's disk. Records that it has already
        are skipped without a comparison, as the agent may have erased a call from them since.

        Raises:
            SinkRefusal: nothing was kept, and why.
            SinkAwayError: it cannot be reached; the same frames may be delivered again.
        """
        ...

    async def erased(self, agent_id: str, run: str) -> tuple[int, ...]:
        """Return the keys of a run's calls that are erased at the receiver, and are to be erased here too.

        The newest `MOST_ERASED` of them. An agent that runs asks at least every minute, also when it has nothing to
        deliver.

        Raises:
            SinkRefusal: it does not say, and why.
            SinkAwayError: it cannot be reached.
        """
        ...
