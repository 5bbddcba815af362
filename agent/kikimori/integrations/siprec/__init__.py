"""SIPREC (RFC 7866): an SBC or IP-PBX records its calls to us.

The words of the standard (metadata: RFC 7865): the SRC (session recording client) is the PBX's side, the SRS (session
recording server) is this program. `multipart` and `metadata` read what an SRC sends, `parties` decides whose voice a
stream is, `offer` what of an offer is accepted, `keys` which keys of SRTP. `dialog` is the SIP side of one session,
`session` its legs, `stream` one of them, `entries` all of them with their timers. `server` takes requests, after
`policy`; `changes` carries them out, `answers` answers, `troubles` tells people. `tap` is the way in, `certificates` its
TLS, `checkup` what `doctor` asks. The SIP itself is in `kikimori.media.sip`, the audio in `kikimori.media.rtp`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kikimori.integrations.integration import Integration, PortSetting
from kikimori.integrations.siprec.settings import SiprecTable
from kikimori_core.messages import text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from kikimori.checks.diagnosis import Diagnosis
    from kikimori.integrations.integration import TapParts
    from kikimori.integrations.siprec.tap import SiprecTap

__all__ = ["Siprec", "SiprecTable"]


class Siprec(Integration[SiprecTable]):
    """`[siprec]`: a recording server for SIP over UDP, TCP and TLS."""

    title = "SIPREC"
    place = 5
    needs_sides = True
    from_answer_on = True
    advice = {  # noqa: RUF012  (read only)
        "too_many_sessions": "advice_siprec_sessions",
        "no_rtp_port": "advice_siprec_rtp_ports",
        "no_known_codec": "advice_siprec_codec",
    }

    def tap(self, parts: TapParts) -> SiprecTap:
        from kikimori.integrations.siprec.tap import SiprecTap  # noqa: PLC0415  (see `Integration`)

        return SiprecTap(parts.desk, self.table, self.config.sides)

    def summary(self) -> str:
        table = self.table
        ports = [
            *([f"UDP {table.port}"] if table.udp else []),
            *([f"TCP {table.port}"] if table.tcp else []),
            *([f"TLS {table.tls_port}"] if table.tls_port is not None else []),
        ]
        return text(
            "way_in_siprec",
            host=table.host,
            ports=", ".join(ports),
            first=table.first_rtp_port,
            last=table.last_rtp_port,
        )

    def ports(self) -> tuple[PortSetting, ...]:
        table = self.table
        plain = (PortSetting("[siprec] port", table.host, table.port),) if table.tcp else ()
        if table.tls_port is None:
            return plain
        return (*plain, PortSetting("[siprec] tls_port", table.host, table.tls_port))

    def contents(self) -> Mapping[str, Callable[[], object]]:
        from kikimori.integrations.siprec.certificates import tls_context  # noqa: PLC0415  (see `Integration`)

        return {"[siprec] tls_cert": lambda: tls_context(self.table)}

    async def examine(self) -> list[Diagnosis]:
        from kikimori.integrations.siprec.checkup import look_at_siprec  # noqa: PLC0415  (see `Integration`)

        return await look_at_siprec(self.table)
