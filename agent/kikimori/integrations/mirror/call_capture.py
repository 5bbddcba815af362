"""Calls from captured frames, the same for a live interface and for a file."""

from __future__ import annotations

from collections import Counter
from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING

from kikimori.integrations.mirror.calls import Calls
from kikimori.integrations.mirror.content import begins_sip
from kikimori.integrations.mirror.dialogs import Dialogs
from kikimori.integrations.mirror.fragments import Fragments
from kikimori.integrations.mirror.link import ip_offset
from kikimori.integrations.mirror.packets import UNREAD, BrokenPacketError, Datagram, TcpSegment, read
from kikimori.integrations.mirror.routes import VoiceRoutes
from kikimori.integrations.mirror.strays import Strays
from kikimori.integrations.mirror.tcp import TcpStreams
from kikimori.media.sip.message import SipError, parse_datagram

if TYPE_CHECKING:
    from kikimori.integrations.mirror.settings import MirrorTable
    from kikimori.taps.sides import SidesTable
    from kikimori_core.model.call import EndReason
    from kikimori_core.model.feed import CallDesk

_RTP = frozenset(bytes([each]) for each in range(0x80, 0xC0))
"""First bytes of packets of RTP version 2."""

_EXPIRE_EVERY_S = 5.0
_KEEP_ALIVE_BYTES = 16
"""Largest datagram on the SIP port that is a telephone's keep-alive for its NAT."""

_MOST_PORTS = 32
_MOST_ADDRESSES = 10_000


class CallCapture:
    """Calls read from captured frames, which are given in order of time. `now` never runs backwards."""

    def __init__(self, desk: CallDesk, table: MirrorTable, sides: SidesTable) -> None:
        self.now = 0.0
        self._routes = VoiceRoutes()
        self.calls = Calls(desk, table, sides, self._routes, self._clock)
        self.dialogs = Dialogs(self.calls, most=4 * table.max_calls)
        self._fragments = Fragments()
        self._streams = TcpStreams()
        self._sip_ports = frozenset(table.sip_ports)
        self._tls_ports = frozenset(table.tls_ports)
        self._networks = [ip_network(each) for each in table.networks]
        self._ignored = [ip_network(each) for each in table.ignore_networks]
        self._wanted: dict[bytes, tuple[bool, bool]] = {}
        self._idle_s = table.idle_s
        self._expired_at = 0.0
        self.frames = 0
        self.sip = 0
        self.rtp = 0
        self.broken = 0
        self.truncated = 0
        self.opened: Counter[str] = Counter()
        """Packets by the tunnel that was removed; `unread`: those whose tunnel was not understood."""
        self.other_ports: Counter[int] = Counter()
        """SIP messages recognised by their content, by port."""
        self._strays = Strays(self.dialogs.table.ends)
        self.tls = 0
        """Packets of SIP over TLS."""

    def frame(self, link_type: int, frame: bytes, now: float) -> None:
        """Take one captured frame. Nothing is raised, whatever it holds; unreadable frames are counted."""
        self.frames += 1
        self.now = max(self.now, now)
        at = ip_offset(link_type, frame)
        if at is None:
            return
        try:
            packet = read(frame, at, self._fragments, self.now, self.opened)
        except BrokenPacketError as error:
            if error.reason == "truncated":
                self.truncated += 1
            else:
                self.broken += 1
            return
        if packet.__class__ is Datagram:
            self._datagram(packet)
        elif packet.__class__ is TcpSegment:
            self._segment(packet)

    def advance(self, now: float) -> None:
        """Advance the time; call it every 20 to 50 ms."""
        self.now = now = max(self.now, now)
        self.calls.advance(now)
        if now - self._expired_at >= _EXPIRE_EVERY_S:
            self._expired_at = now
            for dialog in self.dialogs.expire(now, self._idle_s):
                self.dialogs.end(dialog)
            self._strays.expire(now)

    def close(self, reason: EndReason) -> None:
        self.calls.close(reason)

    def counters(self) -> dict[str, int]:
        rtp = self.calls.counters()
        return {
            "frames": self.frames,
            "sip_messages": self.sip,
            "sip_unreadable": self.dialogs.unreadable,
            "sip_tls_packets": self.tls,
            "rtp_packets": self.rtp,
            "rtp_without_call": self._strays.seen,
            "rtp_lost": rtp.lost,
            "rtp_late": rtp.late,
            "broken_packets": self.broken,
            "truncated_packets": self.truncated,
            "tunnelled_packets": self.opened.total() - self.opened[UNREAD],
            "tunnels_unread": self.opened[UNREAD],
            "fragments_lost": self._fragments.lost,
            "tcp_holes": self._streams.lost,
            "calls": self.calls.heard,
            "calls_not_heard": self.calls.unheard,
            "calls_encrypted": self.calls.encrypted,
            "calls_unreadable_codec": self.calls.unreadable,
            "calls_shed": self.calls.shed + self.dialogs.shed,
        }

    def strays(self) -> int:
        """Return how many streams of RTP run now to which no call belongs."""
        return self._strays.now()

    def _clock(self) -> float:
        return self.now

    def _datagram(self, packet: Datagram) -> None:
        source, target, payload = packet
        if source[1] in self._sip_ports or target[1] in self._sip_ports:
            if len(payload) > _KEEP_ALIVE_BYTES:
                self._sip(packet)
            return
        voice = self._routes.find(source, target)
        if voice is None:
            self._unclaimed(packet)
        else:
            self.rtp += 1
            self.calls.receive(voice, payload, source)
            # RTP or RTCP of whoever is believed to speak; what else uses the port is no sign of life of this call, whose
            # end may not have been seen.
            if payload[:1] in _RTP and voice.session.source in (None, source):
                voice.dialog.heard_at = self.now

    def _sip(self, packet: Datagram) -> None:
        source, target, payload = packet
        if not self._is_wanted(source[0], target[0]):
            return
        self.sip += 1
        self._strays.host(source[0])
        self._strays.host(target[0])
        try:
            message = parse_datagram(payload)
        except SipError:
            self.dialogs.unreadable += 1
            return
        self.dialogs.message(message, source[0], target[0], self.now)

    def _unclaimed(self, packet: Datagram) -> None:
        """Take a datagram outside any call: RTP of a missed call, or SIP on a port of its own."""
        source, target, payload = packet
        if payload[:1] in _RTP:
            if self._is_wanted(source[0], target[0]):
                self._strays.packet(source, target, payload, self.now)
        elif len(payload) > _KEEP_ALIVE_BYTES and begins_sip(payload):
            self._note_port(payload, source[1], target[1])
            self._sip(packet)

    def _note_port(self, payload: bytes, source: int, target: int) -> None:
        """Count SIP on a port outside `sip_ports`: a request's target port."""
        port = source if payload[:4].upper() == b"SIP/" else target
        if port in self.other_ports or len(self.other_ports) < _MOST_PORTS:
            self.other_ports[port] += 1

    def _segment(self, segment: TcpSegment) -> None:
        ports = (segment.source[1], segment.target[1])
        listed = not self._sip_ports.isdisjoint(ports)
        if not listed and not self._tls_ports.intersection(ports) and begins_sip(segment.payload):
            self._note_port(segment.payload, *ports)
        if listed or not self.other_ports.keys().isdisjoint(ports):
            if self._is_wanted(segment.source[0], segment.target[0]):
                self._strays.host(segment.source[0])
                self._strays.host(segment.target[0])
                for message in self._streams.feed(segment):
                    self.sip += 1
                    self.dialogs.message(message, segment.source[0], segment.target[0], self.now)
        elif not self._tls_ports.isdisjoint(ports) and segment.payload[1:2] == b"\x03":
            self.tls += 1

    def _is_wanted(self, source: bytes, target: bytes) -> bool:
        inside, ignored = self._place_of(source)
        inside_too, ignored_too = self._place_of(target)
        return (inside or inside_too) and not (ignored or ignored_too)

    def _place_of(self, address: bytes) -> tuple[bool, bool]:
        """Return whether an address is in the networks that are looked at, and in those that are ignored."""
        known = self._wanted.get(address)
        if known is None:
            ip = ip_address(address)
            inside = not self._networks or any(
                ip in each for each in self._networks if each.version == ip.version
            )
            known = inside, any(ip in each for each in self._ignored if each.version == ip.version)
            if len(self._wanted) >= _MOST_ADDRESSES:
                self._wanted.clear()
            self._wanted[address] = known
        return known
