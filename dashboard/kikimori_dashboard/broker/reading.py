"""Reading of the broker's retained messages at the start of a connection, between markers to ourselves."""

from __future__ import annotations

import asyncio
import json
import uuid


class RetainedReading:
    """Markers of one connection.

    A broker whose queue for us is full drops what comes then, an end marker too. So several are sent: if the first does
    not come back, something of what is retained may be missing as well.
    """

    def __init__(self) -> None:
        self._name = uuid.uuid4().hex
        self.begin = self._marker("begin")
        self.begun = asyncio.Event()
        """True once the begin marker has come."""
        self.over = False
        """True once an end marker has come."""
        self.complete = True
        """True = the end marker that came was the first one."""
        self._ends: list[bytes] = []

    def next_end(self) -> bytes:
        """Return another end marker."""
        self._ends.append(self._marker(f"end-{len(self._ends)}"))
        return self._ends[-1]

    def ends_with(self, payload: bytes) -> bool:
        """Return whether the reading ends with this payload; not again for a later marker."""
        if self.over or payload not in self._ends:
            return False
        self.over = True
        self.complete = payload == self._ends[0]
        return True

    def _marker(self, what: str) -> bytes:
        return json.dumps({"marker": self._name, "what": what}).encode()
