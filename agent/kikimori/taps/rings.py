"""Callers and the telephones that ring for them, as a tap follows them by its PBX's names of channels. Plain state."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kikimori_core.model.call import CallInfo
    from kikimori_core.model.feed import CallDesk


@dataclass(frozen=True, slots=True)
class RingingPhones:
    """Telephones at which a caller rings now; `answered`: the one that has answered. None ring any more where `over`."""

    call: CallInfo
    phones: tuple[str, ...] = ()
    answered: bool = False
    over: bool = False


@dataclass(slots=True)
class _Caller:
    call: CallInfo
    ringing: dict[str, str] = field(default_factory=dict)
    """Extension by the channel that rings."""
    answered: str | None = None
    """Extension that has answered, until the next telephone rings."""


class Rings:
    """Callers for whom a telephone rang, until they are gone."""

    def __init__(self) -> None:
        self._callers: dict[str, _Caller] = {}
        """Callers by channel."""
        self._rung_for: dict[str, str] = {}
        """Caller's channel, by the channel that rings."""
        self._changed: dict[str, None] = {}
        self._over: list[CallInfo] = []

    def channels(self) -> set[str]:
        """Return the callers' channels and those that ring."""
        return {*self._callers, *self._rung_for}

    def begin(self, caller: str, call: CallInfo, channel: str, phone: str) -> None:
        """Note that `phone` rings on `channel` for the caller of a channel."""
        known = self._callers.setdefault(caller, _Caller(call))
        known.call, known.answered = call, None
        known.ringing[channel] = phone
        self._rung_for[channel] = caller
        self._changed[caller] = None

    def end(self, channel: str, *, answered: bool = False) -> None:
        """Note that a channel rings no more; one that does not ring is ignored."""
        name = self._rung_for.pop(channel, "")
        caller = self._callers.get(name)
        if caller is not None:
            phone = caller.ringing.pop(channel)
            caller.answered = phone if answered else caller.answered
            self._changed[name] = None

    def gone(self, channel: str) -> None:
        """Note that a channel is gone, a caller's or a telephone's."""
        caller = self._callers.pop(channel, None)
        if caller is not None:
            self._over.append(caller.call)
            for each in caller.ringing:
                self._rung_for.pop(each, None)
        self.end(channel)

    def tell_again(self) -> None:
        """Have everything told again, after a new connection."""
        self._changed |= dict.fromkeys(self._callers)

    def take(self) -> list[RingingPhones]:
        """Return what changed since it was last taken."""
        news = [RingingPhones(call, over=True) for call in self._over]
        for channel in self._changed:
            caller = self._callers.get(channel)
            if caller is None:
                continue
            answered = caller.answered is not None
            phones = (
                (caller.answered,) if caller.answered is not None else dict.fromkeys(caller.ringing.values())
            )
            news.append(RingingPhones(caller.call, tuple(phones), answered=answered))
        self._changed, self._over = {}, []
        return news

    def tell(self, desk: CallDesk) -> None:
        """Tell a desk what changed."""
        for each in self.take():
            if each.over:
                desk.ring_over(each.call.call_id)
            else:
                desk.ring(each.call, each.phones, answered=each.answered)

    def hush(self, desk: CallDesk) -> None:
        """Tell a desk that nothing rings, as far as is known: the PBX is away."""
        for call in self.known():
            desk.ring(call, ())

    def known(self) -> list[CallInfo]:
        """Return the callers for whom a telephone rang and who are still there."""
        return [each.call for each in self._callers.values()]
