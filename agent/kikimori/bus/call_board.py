"""Retained state of calls: the state that the broker should hold, and the state already sent."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from typing import TYPE_CHECKING

from kikimori_core.wire.messages import CallState, CallStatus

if TYPE_CHECKING:
    from collections.abc import Iterable

ENDED_LIMIT = 1000
"""Last states of ended calls kept for a broker that is away. Beyond it only the clearing is kept, of those calls that
the broker was told of: a week of calls without a broker leaves nothing to clear."""


class CallBoard:
    """Latest state per call. An ended call is sent once and then cleared."""

    def __init__(self, to_clear: Iterable[str]) -> None:
        """`to_clear`: calls that an earlier run left on the broker."""
        self._live: dict[str, CallState] = {}
        self._untold: OrderedDict[str, None] = OrderedDict()
        self._ended: OrderedDict[str, CallState | None] = OrderedDict.fromkeys(to_clear)
        self._retained = set(self._ended)
        """Calls that the broker may hold."""
        self._states = 0
        """Number of kept states of ended calls."""
        self._untold.update(dict.fromkeys(self._ended))
        self._changed = asyncio.Event()
        self.states_dropped = 0

    def put(self, state: CallState) -> bool:
        """Take a state; True when the call was not on the board."""
        call_id = state.call_id
        new = call_id not in self._live
        if state.status is CallStatus.ENDED:
            self._live.pop(call_id, None)
            self._states += self._ended.get(call_id) is None
            self._ended[call_id] = state
        else:
            self._live[call_id] = state
        self._untold[call_id] = None
        self._changed.set()
        return new

    def shed(self) -> list[str]:
        """Drop the oldest states beyond the limit; return the calls that are forgotten, as nothing is to be cleared."""
        forgotten = []
        while self._states > ENDED_LIMIT:
            # What has no state any more stands at the end, so that the oldest state is found at once.
            call_id, state = self._ended.popitem(last=False)
            if state is not None:
                self._states -= 1
                self.states_dropped += 1
            if call_id in self._retained:
                self._ended[call_id] = None
            elif call_id not in self._live:
                self._untold.pop(call_id, None)
                forgotten.append(call_id)
        return forgotten

    def knows(self, call_id: str) -> bool:
        """Return whether the call is live, or ended and not yet cleared on the broker."""
        return call_id in self._live or call_id in self._ended

    def live(self) -> dict[str, int]:
        """Return the live calls with the `seq` of the last message about each."""
        return {call_id: state.seq or 0 for call_id, state in self._live.items()}

    def tell_all_again(self) -> None:
        """Mark everything as unsent on a new connection: the broker may have lost its state."""
        for call_id in self._live:
            self._untold[call_id] = None
        self._changed.set()

    @property
    def untold(self) -> int:
        return len(self._untold)

    def next_untold(self) -> str | None:
        return next(iter(self._untold), None)

    async def changed(self) -> None:
        """Wait until something is unsent."""
        while not self._untold:
            self._changed.clear()
            await self._changed.wait()

    def look(self, call_id: str) -> tuple[CallState | None, bool]:
        """Return the state to publish (None = only clear) and whether to clear the topic after it."""
        if call_id in self._live:
            self._retained.add(call_id)
            return self._live[call_id], False
        return self._ended.get(call_id), True

    def told(self, call_id: str, state: CallState | None, *, cleared: bool) -> None:
        """Note the broker's confirmation. A state that changed meanwhile stays unsent."""
        if cleared:
            self._states -= self._ended.pop(call_id, None) is not None
            self._retained.discard(call_id)
            if call_id not in self._live:
                self._untold.pop(call_id, None)
        elif self._live.get(call_id) is state:
            self._untold.pop(call_id, None)
