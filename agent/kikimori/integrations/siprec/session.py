"""Recorded call: its streams become legs, and keep them through hold and transfer."""

from __future__ import annotations

import secrets
from collections import Counter
from typing import TYPE_CHECKING

import structlog

from kikimori.integrations.siprec.stream import Stream
from kikimori.media.rtp.discarding_feed import DiscardingFeed
from kikimori.media.rtp.formats import leg_rate
from kikimori.media.rtp.ports import NoPortError, RtpPort, RtpPorts
from kikimori.media.rtp.receiver import RtpSession
from kikimori.media.sip.sdp import MediaAnswer, write_answer
from kikimori_core.model.call import CallInfo, EndReason, LegInfo, Role

if TYPE_CHECKING:
    from collections.abc import Callable

    from kikimori.integrations.siprec.metadata import RecordingMetadata
    from kikimori.integrations.siprec.offer import MediaDecision, Offer
    from kikimori.integrations.siprec.parties import CallParties, Parties
    from kikimori_core.model.feed import CallDesk

log = structlog.get_logger()

TAP = "siprec"

LONGEST_HOLD_S = 3600.0
"""Longest hold in s: nothing need be sent then, but the session of a lost SRC must end."""


class RecordingSession:
    """Takes offers, gives answers; opens and closes legs at the desk as they say."""

    def __init__(
        self,
        call_id: str,
        desk: CallDesk,
        ports: RtpPorts,
        parties: Parties,
        *,
        address: str,
        clock: Callable[[], float],
        not_heard: Counter[str] | None = None,
        note: Callable[[str, str], None] | None = None,
    ) -> None:
        """`call_id` is the call's name at the desk; `address` where RTP is to be sent, an IP address.

        `not_heard` counts by reason the calls that `[sides]` leaves out; `note` is told what people should know, and what
        it is about.
        """
        self.call_id = call_id
        self._desk = desk
        self._ports = ports
        self._parties = parties
        self._address = address
        self._clock = clock
        self._not_heard: Counter[str] = Counter() if not_heard is None else not_heard
        self._note = note
        self._told_unreadable = False
        self._log = log.bind(call_id=call_id)
        self._streams: dict[int, Stream] = {}
        self._choices: tuple[MediaDecision, ...] = ()
        self._metadata: RecordingMetadata | None = None
        self._session_id = secrets.randbits(48)
        self._version = 0
        self._written: bytes = b""
        self._on_hold = False
        self._unheard: str | None = None
        self._heard_at = clock()
        self._paused_at: float | None = None
        self._ended = False

    @property
    def roles(self) -> list[str]:
        return [str(each.voice[0]) for each in self._streams.values() if each.voice is not None]

    @property
    def packets(self) -> int:
        """RTP packets that came, in all streams that are open."""
        return sum(each.counters.packets for each in self._streams.values())

    @property
    def undeciphered(self) -> bool:
        """Return whether a stream brings audio that its keys do not open. Changes when `idle_s` is called."""
        return any(each.undeciphered for each in self._streams.values())

    @property
    def labels(self) -> list[str | None]:
        """Return the labels of the m-lines, in their order."""
        return [each.media.label for each in self._choices]

    def description(self) -> bytes:
        """Return the description that was answered last; also the offer when the SRC asks for one."""
        return self._written

    async def take(self, offer: Offer) -> None:
        """Take the offer; afterwards `description` is the answer.

        Raises:
            NoPortError: no port for a stream that is new; nothing has changed then.
        """
        choices = self._choices if offer.description is None else offer.choices
        opened = await self._open_ports(
            [at for at, each in enumerate(choices) if each.accepted and at not in self._streams]
        )
        if self._ended:
            for port in opened.values():
                port.close()
            return
        if offer.metadata is not None:
            known = self._metadata
            self._metadata = offer.metadata if known is None else known.updated(offer.metadata)
        self._tell_refusals(choices)
        self._choices = choices
        gone = [self._streams.pop(at) for at in list(self._streams) if not self._stays(at)]
        for at, each in enumerate(choices):
            if at in opened:
                self._streams[at] = stream = Stream(opened[at], each)
                stream.secure()
            elif at in self._streams:
                self._streams[at].change(each)
        self._streams = dict(sorted(self._streams.items()))
        self._listen()
        # The new voice first: a call whose last leg closes is over.
        for stream in gone:
            stream.close(EndReason.HUNG_UP)
            stream.port.close()
        self._note_hold()
        self._write()

    def idle_s(self, now: float) -> float:
        """Seconds without a packet in any stream; the first hour on hold does not count."""
        paused = self._on_hold or all(each.choice.paused for each in self._streams.values())
        if not paused:
            self._paused_at = None
        elif self._paused_at is None:
            self._paused_at = now
        fresh = self._paused_at is not None and now - self._paused_at < LONGEST_HOLD_S
        for stream in self._streams.values():
            fresh = stream.heard_lately() or fresh
        if fresh:
            self._heard_at = now
        self._tell_unreadable()
        return now - self._heard_at

    def end(self, reason: EndReason) -> None:
        """Close every leg and free the ports; once."""
        if self._ended:
            return
        self._ended = True
        for stream in self._streams.values():
            stream.close(reason)
            stream.port.close()
        self._streams.clear()

    # --- inside

    async def _open_ports(self, places: list[int]) -> dict[int, RtpPort]:
        opened: dict[int, RtpPort] = {}
        try:
            for at in places:
                opened[at] = await self._ports.open()
        except BaseException:
            for port in opened.values():
                port.close()
            raise
        return opened

    def _tell_refusals(self, choices: tuple[MediaDecision, ...]) -> None:
        refused = {each.refusal for each in choices if each.refusal}
        for reason in sorted(refused - {each.refusal for each in self._choices}):
            self._log.info("siprec_stream_refused", reason=reason)

    def _tell_unreadable(self) -> None:
        gates = (each.rtp.gate for each in self._streams.values() if each.rtp is not None)
        why = next((each.unreadable for each in gates if each.unreadable is not None), None)
        if why is not None and self._note is not None:
            self._note("audio_encrypted" if why.reason == "encrypted" else "audio_codec", why.codec)
        if why is not None and not self._told_unreadable:
            self._log.warning("siprec_no_audio", reason=why.reason, codec=why.codec or None)
        self._told_unreadable = why is not None

    def _stays(self, at: int) -> bool:
        return at < len(self._choices) and self._choices[at].accepted

    def _listen(self) -> None:
        """Give every stream its leg."""
        labels = [each.choice.media.label for each in self._streams.values()]
        parties = self._parties.at_present(labels, self._metadata)
        if parties.unheard != self._unheard:
            self._unheard = parties.unheard
            if parties.unheard is not None:
                self._log.info("siprec_not_heard", reason=str(parties.unheard))
                self._not_heard[str(parties.unheard)] += 1
        changes = []
        for at, stream in enumerate(self._streams.values()):
            voice = None if parties.unheard is not None else parties.voices[at]
            if stream.rtp is None or voice != stream.voice:
                changes.append((stream, voice))
        closing = [(stream.rtp, stream.feed) for stream, _ in changes]
        for stream, voice in changes:
            self._open(stream, voice, parties)
        for rtp, feed in closing:
            if rtp is not None:
                rtp.flush()
                feed.close(EndReason.HUNG_UP)

    def _open(self, stream: Stream, voice: tuple[Role, str] | None, parties: CallParties) -> None:
        rate = leg_rate(stream.formats) or 8000
        stream.voice = voice
        if voice is None:
            stream.feed = DiscardingFeed()
        else:
            call = CallInfo(self.call_id, TAP, caller=parties.customer, operator=parties.operator)
            stream.feed = self._desk.open_leg(LegInfo(call, voice[0], rate))
        self._ports.settle(stream.port)
        stream.attach(
            RtpSession(
                stream.feed, stream.formats, clock=self._clock, log=self._log, rate=rate, srtp=stream.srtp
            )
        )

    def _note_hold(self) -> None:
        for stream in self._streams.values():
            stream.carried = stream.carried or not stream.choice.paused
        on_hold = any(each.on_hold for each in self._streams.values())
        if on_hold != self._on_hold:
            self._on_hold = on_hold
            self._heard_at = self._clock()
            if self._unheard is None:
                self._desk.held(self.call_id, on_hold=on_hold)

    def _write(self) -> None:
        answers = [
            MediaAnswer(
                each.media,
                self._streams[at].port.number if at in self._streams else 0,
                each.answer_direction,
                each.codecs,
                self._streams[at].crypto if at in self._streams else None,
            )
            for at, each in enumerate(self._choices)
        ]
        written = write_answer(self._address, self._session_id, self._version, answers)
        if written != self._written:
            self._version += 1
            self._written = write_answer(self._address, self._session_id, self._version, answers)


__all__ = ["TAP", "NoPortError", "RecordingSession"]
