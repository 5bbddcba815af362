"""Receiver of one leg's RTP: datagrams in, sound in media time out. No sockets and no timers."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

from kikimori.media.pace import Pace
from kikimori.media.rtp.dtmf import KeyEvents
from kikimori.media.rtp.formats import COMFORT_NOISE, G722, PCMA, PCMU, PayloadKind, leg_rate
from kikimori.media.rtp.gate import Arrival, Gate
from kikimori.media.rtp.jitter import JitterBuffer
from kikimori.media.rtp.leg_audio import LegAudio
from kikimori.media.rtp.packet import NotRtpError, parse
from kikimori.media.rtp.source import VoiceSource
from kikimori.media.rtp.srtp import NOT_AUTHENTIC, REPLAYED
from kikimori.media.rtp.timeline import Timeline

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from structlog.typing import FilteringBoundLogger

    from kikimori.media.rtp.formats import Format
    from kikimori.media.rtp.packet import Packet
    from kikimori.media.rtp.source import Source
    from kikimori.media.rtp.srtp import Unprotector
    from kikimori_core.model.feed import LegFeed

_UNTOLD = ("rtcp",)
"""Reasons too common on a port for a log line."""


@dataclass(slots=True)
class RtpCounters:
    """Counts since the session began, or of many sessions together."""

    packets: int = 0
    """RTP packets of the believed source."""
    lost: int = 0
    late: int = 0
    """Number of packets that came after their place was given up or told as a gap."""
    duplicates: int = 0
    refused: int = 0
    """Datagrams that are no RTP, of an unknown payload type, or of another source."""
    not_authentic: int = 0
    """SRTP packets that the agreed keys do not prove; they are among `refused`."""
    flooded: int = 0
    """Number of packets beyond those that the elapsed time allows."""
    gap_ms: int = 0
    """Milliseconds of sound that never came: loss beyond what is concealed, and pauses of the sender."""

    def by_name(self) -> dict[str, int]:
        return {each.name: getattr(self, each.name) for each in fields(self)}

    def __iadd__(self, other: RtpCounters) -> RtpCounters:  # noqa: PYI034  (final in spirit; Self adds nothing)
        for each in fields(self):
            setattr(self, each.name, getattr(self, each.name) + getattr(other, each.name))
        return self


class RtpSession:
    """Receives one voice. Give it every datagram of its port, and the time every 20 to 50 ms."""

    def __init__(
        self,
        feed: LegFeed,
        formats: Mapping[int, Format],
        *,
        clock: Callable[[], float],
        log: FilteringBoundLogger,
        rate: int | None = None,
        srtp: Unprotector | None = None,
        names: Mapping[int, str] | None = None,
    ) -> None:
        """Begin at position 0, now.

        Args:
            feed: The leg. Its owner closes it, after `flush`.
            formats: By payload type, as signalling agreed; in its order.
            clock: Seconds that never run backwards; of the capture, where a file is read.
            log: Bound to the call.
            rate: The leg's, as it was opened; None = `leg_rate(formats)`. Other rates are resampled to it.
            srtp: Of the stream, whose other owner changes its keys; None = plain RTP.
            names: Codecs by payload type, also those that cannot be read.

        Raises:
            ValueError: no format carries voice and no rate is given.
        """
        rate = rate or leg_rate(formats)
        if rate is None:
            raise ValueError("no format of these carries voice")
        self.srtp = srtp
        """Set when signalling begins or ends protection of the stream."""
        self._feed = feed
        self._formats = _with_static(formats)
        self.gate = Gate(names)
        self._clock = clock
        self._log = log
        self._rate = rate
        self._order = JitterBuffer()
        self._believed = VoiceSource()
        self._timeline = Timeline(rate, clock())
        self._pace = Pace(clock())
        self._voice = LegAudio(feed, rate)
        self._keys = KeyEvents()
        self._counters = RtpCounters()
        self._told: set[str] = set()
        self._sequence: int | None = None
        self._late = 0
        self._replayed = 0
        self._quiet = False
        self._fresh = True
        self._anew = False

    @property
    def source(self) -> Source | None:
        """Return the source that is believed to speak; None until one is."""
        return self._believed.source

    def receive(self, data: bytes, source: Source) -> None:
        """Take one datagram. Nothing is raised, whatever it holds; refused ones are counted."""
        srtp = self.srtp
        try:
            packet = parse(data if srtp is None else srtp.unprotect(data))
        except NotRtpError as error:
            self.gate.other(data)
            self._refuse(error.reason)
            return
        form = self._formats.get(packet.payload_type)
        now = self._clock()
        known = self._believed.source
        gate = self.gate
        if gate.free and form is not None and source == known:
            gate.free -= 1
            self._accept(packet, source, now, known_format=True)
            return
        own = known is None or source == known
        if form is None:
            self._refuse("unknown_payload_type")
            if own:
                self.gate.unknown(packet)
        elif own and form.carries_voice:
            for each in gate.voice(Arrival(packet, source, now)):
                self._accept(*each, known_format=True)
            if self.gate.unreadable is not None:
                self._refuse("encrypted")
            return
        self._accept(packet, source, now, known_format=form is not None)

    def _accept(self, packet: Packet, source: Source, now: float, *, known_format: bool) -> None:
        believed = self._believed
        if packet.ssrc == believed.ssrc and source == believed.source:
            believed.heard(now)
            self._counters.packets += 1
            for each in self._order.put(packet, now):
                self._play(each, now)
            return
        if not known_format:
            return
        known = believed.source
        packets = believed.stranger(source, packet, now)
        if not packets:
            if source != known:
                self._refuse("source_not_believed")
            return
        if known is not None:
            self._log.info("rtp_stream_changed", source_changed=source != known)
            self._begin_stream(now)
        self._counters.packets += len(packets)
        for one in packets:
            self._play_all(self._order.put(one, now), now)

    def advance(self, now: float) -> None:
        """Give the packets that have waited long enough, and a gap for a silent stream."""
        for each in self.gate.overdue(now):
            self._accept(*each, known_format=True)
        if self.gate.holds:
            return
        self._play_all(self._order.release(now), now)
        owed = self._timeline.overdue(now)
        if owed > 0:
            self._fill(owed)
            self._timeline.filled(owed)

    def change(self, formats: Mapping[int, Format], names: Mapping[int, str] | None = None) -> None:
        """Take formats on which signalling agreed anew, perhaps with another source. The leg's rate stays."""
        self._play_all(self._order.drain(), self._clock())
        self._formats = _with_static(formats)
        self.gate.agreed(names)
        self._believed.reconsider()
        self._fresh = True

    def hold(self, on: bool) -> None:
        """Note that signalling stopped or resumed the stream: its timestamps may have stood still."""
        if not on:
            self._fresh = True

    def flush(self) -> None:
        """Give all that is held back. Call it before the leg is closed."""
        for each in self.gate.overdue():
            self._accept(*each, known_format=True)
        self._play_all(self._order.drain(), self._clock())
        self._voice.flush()

    @property
    def counters(self) -> RtpCounters:
        self._counters.late = self._order.late + self._late
        self._counters.duplicates = self._order.duplicates + self._replayed
        return self._counters

    def _play_all(self, packets: Iterable[Packet], now: float) -> None:
        for packet in packets:
            self._play(packet, now)

    def _play(self, packet: Packet, now: float) -> None:
        lost = self._lost_before(packet.sequence)
        if lost:
            self._counters.lost += lost
        form = self._formats.get(packet.payload_type)
        if form is None:
            # Refused and counted; it had its place in the sequence, so that nothing seems lost.
            return
        if form.kind is PayloadKind.DTMF:
            digit = self._keys.feed(packet.payload, packet.timestamp, marker=packet.marker)
            if digit is not None:
                self._feed.dtmf(digit)
            return
        timeline = self._timeline
        if timeline.floods(now):
            self._counters.flooded += 1
            self._tell("audio_flood")
            return
        voice = self._voice
        if form.kind is PayloadKind.COMFORT_NOISE:
            pcm = b""
        else:
            voice.use(form, anew=self._anew)
            self._anew = False
            pcm = voice.decode(packet.payload)
        length = voice.length(pcm)
        fresh = self._fresh or packet.marker
        missing = timeline.place(packet.timestamp, form.clock_rate, length, now, fresh=fresh)
        if missing is None:
            self._late += 1
            return
        self._fresh = False
        if missing > 0:
            self._bridge(missing, lost)
            timeline.given(missing)
            missing = 0
        # It is quiet from here on until somebody speaks again.
        self._quiet = form.kind is PayloadKind.COMFORT_NOISE
        if length:
            cut = min(length, self._leave_out(pcm, length + missing, now) - missing)
            voice.give(pcm, cut=cut)
            timeline.given(length - cut)

    def _leave_out(self, pcm: bytes, samples: int, now: float) -> int:
        """Return the samples to leave out for a sender's fast clock; fill in silence for a slow one."""
        timeline = self._timeline
        ahead_s = timeline.ahead_s(now) + samples / self._rate
        correction = round(self._pace.correction_s(ahead_s, now, pcm) * self._rate)
        if correction < 0:
            self._fill(-correction)
            timeline.given(-correction)
            timeline.shift(-correction)
            return 0
        leave_out = min(samples, correction)
        timeline.shift(-leave_out)
        return leave_out

    def _lost_before(self, sequence: int) -> int:
        before, self._sequence = self._sequence, sequence
        return 0 if before is None else (sequence - before - 1) & 0xFFFF

    def _bridge(self, missing: int, lost: int) -> None:
        if lost and not self._quiet:
            missing_from = self._timeline.position
            covered = self._voice.cover(missing)
            if covered >= missing:
                return
            self._gap_until(missing_from + missing, missing - covered)
        else:
            self._fill(missing)

    def _fill(self, samples: int) -> None:
        self._gap_until(self._timeline.position + samples, samples)

    def _gap_until(self, position: int, samples: int) -> None:
        if not self._quiet:
            self._counters.gap_ms += samples * 1000 // self._rate
        self._voice.gap(position, quiet=self._quiet)

    def _begin_stream(self, now: float) -> None:
        self._play_all(self._order.drain(), now)
        self._order.restart()
        self._timeline.restart()
        self._keys.forget()
        self._sequence = None
        self._anew = True
        self._fresh = True
        self._quiet = False

    def _refuse(self, reason: str) -> None:
        if reason == REPLAYED:
            # Networks double packets too.
            self._replayed += 1
            return
        self._counters.refused += 1
        if reason == NOT_AUTHENTIC:
            self._counters.not_authentic += 1
        self._tell(reason)

    def _tell(self, reason: str) -> None:
        # Once for each reason: a flood of packets must not become a flood of lines.
        if reason not in self._told and reason not in _UNTOLD:
            self._told.add(reason)
            self._log.warning("rtp_refused", reason=reason)


def _with_static(formats: Mapping[int, Format]) -> dict[int, Format]:
    """Telephones send these under their static types also where nobody agreed on them: G.711, G.722, comfort noise."""
    return {0: PCMU, 8: PCMA, 9: G722, 13: COMFORT_NOISE, **formats}
