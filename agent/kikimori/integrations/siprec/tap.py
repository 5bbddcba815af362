"""SIPREC as a way in."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import TYPE_CHECKING

from kikimori.errors import KikimoriError
from kikimori.integrations.siprec.certificates import tls_context
from kikimori.integrations.siprec.delayed import built_in_bridge
from kikimori.integrations.siprec.parties import Parties
from kikimori.integrations.siprec.server import RecordingServer
from kikimori.integrations.siprec.session import TAP, RecordingSession
from kikimori.media.rtp.ports import RtpPorts
from kikimori.media.sip.transport import SipLimits, SipTransport
from kikimori.ports.refusals import together
from kikimori_core.model.call import Role, call_id_from
from kikimori_core.wire.peers import AllowedPeers

if TYPE_CHECKING:
    from kikimori.integrations.siprec.settings import SiprecTable
    from kikimori.media.sip.message import Request
    from kikimori.media.sip.transaction import Flow
    from kikimori.taps.sides import SidesTable
    from kikimori.taps.tap import Address
    from kikimori_core.model.feed import CallDesk
    from kikimori_core.wire.messages import Problem

_ADVANCE_EVERY_S = 1.0


class SiprecTap:
    """A `kikimori.taps.tap.Tap` for calls that an SBC or IP-PBX records to us."""

    def __init__(self, desk: CallDesk, table: SiprecTable, sides: SidesTable) -> None:
        self._desk = desk
        self._table = table
        self._sides = sides
        self._not_heard: Counter[str] = Counter()
        loop = asyncio.get_running_loop()
        self._clock = loop.time
        peers = AllowedPeers(table.allow)
        self._ports = RtpPorts(table.host, table.first_rtp_port, table.last_rtp_port, peers)
        self.server = RecordingServer(
            self._session,
            max_sessions=table.max_sessions,
            session_expires_s=table.session_expires_s,
            rtp_idle_s=table.rtp_idle_s,
            srtp_needs_tls=table.srtp_needs_tls,
            clock=loop.time,
        )
        self._transport = SipTransport(
            self.server,
            peers,
            SipLimits(connections=table.max_connections),
            advertise=table.advertise,
            note=self.server.troubles.note,
        )
        self.server.reach(self._transport)

    @property
    def name(self) -> str:
        return TAP

    @property
    def addresses(self) -> dict[str, Address]:
        return {f"{TAP}_{name}": address for name, address in self._transport.addresses.items()}

    async def listen(self) -> None:
        table = self._table
        tls = tls_context(table)
        port = table.port
        try:
            if table.udp:
                await self._transport.listen_udp(table.host, port)
            if table.tcp:
                await self._transport.listen_tcp(table.host, port)
            if tls is not None and table.tls_port is not None:
                port = table.tls_port
                self._transport.listen_tls(table.host, port, tls)
        except OSError as error:
            raise KikimoriError.of(
                "siprec_not_listening", host=table.host, port=port, reason=error.strerror or error
            ) from error

    async def run(self) -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.server.run())
            tasks.create_task(self._ports.run())
            while True:
                await asyncio.sleep(_ADVANCE_EVERY_S)
                self._transport.advance(self._clock())

    async def close(self) -> None:
        await self.server.close()
        await self._transport.close()
        self._ports.close()

    def problems(self) -> tuple[Problem, ...]:
        return self.server.troubles.problems()

    def refusals(self) -> dict[str, int]:
        return together(self.server.refusals, self._transport.limiter.refusals)

    def counters(self) -> dict[str, int]:
        return {
            "siprec_sessions": self.server.begun,
            "siprec_refused": sum(self.refusals().values()),
            "siprec_malformed": self._transport.limiter.faults,
            "siprec_retransmitted": self.server.retransmitted,
            **{f"siprec_rtp_{name}": value for name, value in self._ports.counters().items()},
            **{f"siprec_not_heard_{why}": count for why, count in self._not_heard.items()},
        }

    def _session(self, invite: Request, flow: Flow) -> RecordingSession:
        bridge = built_in_bridge(invite.headers)
        return RecordingSession(
            call_id_from(invite.headers.first("call-id") or "") if bridge is None else bridge.call_id,
            self._desk,
            self._ports,
            Parties(self._sides, Role(self._table.first_stream)),
            address=flow.local[0],
            clock=self._clock,
            not_heard=self._not_heard,
            note=self.server.troubles.note,
        )
