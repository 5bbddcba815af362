"""Choice of the calls that an office does not record, by extension and queue."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kikimori_core.journal.settings import RecordingTable
    from kikimori_core.model.call import CallInfo

EXTENSION, QUEUE = "extension", "queue"


class Exclusion:
    """Extensions and queues whose calls are not recorded."""

    def __init__(self, settings: RecordingTable) -> None:
        self._extensions = settings.exclude_extensions
        self._queues = settings.exclude_queues

    def reason(self, info: CallInfo) -> str:
        """Return the reason for which a call is not recorded now; empty = it is."""
        if info.queue and any(fnmatchcase(info.queue, each) for each in self._queues):
            return QUEUE
        number = info.operator.number
        if number and any(fnmatchcase(number, each) for each in self._extensions):
            return EXTENSION
        return ""
