"""A telephone with the keys of a desk phone: hold, transfer (RFC 3515, 3891) and digits (RFC 4733)."""

from __future__ import annotations

import secrets
import struct
from typing import TYPE_CHECKING
from urllib.parse import quote

from tests.support.sip_phone import Phone

if TYPE_CHECKING:
    from collections.abc import Mapping

TELEPHONE_EVENT = 101
KEYS = "0123456789*#ABCD"


class DeskPhone(Phone):
    """Two of the same `name` are two lines of one telephone."""

    _direction = "sendrecv"

    def hold(self) -> None:
        self._direction = "sendonly"
        self._again()

    def resume(self) -> None:
        self._direction = "sendrecv"
        self._again()

    def transfer(self, extension: str) -> None:
        """Hand the call over without asking (REFER)."""
        self._ask("REFER", {"Refer-To": f"<sip:{extension}@127.0.0.1:{self._pbx[1]}>"})

    def join(self, line: DeskPhone, extension: str) -> None:
        """Hand the call over to the party of the other call (REFER with Replaces)."""
        dialog = line._dialog
        tags = [dialog[side].partition("tag=")[2].partition(";")[0] for side in ("remote", "local")]
        replaces = quote(f"{dialog['call_id']};to-tag={tags[0]};from-tag={tags[1]}", safe="")
        self._ask("REFER", {"Refer-To": f"<sip:{extension}@127.0.0.1:{self._pbx[1]}?Replaces={replaces}>"})

    def press(self, key: str) -> None:
        """Press a key for 100 ms: its beginning and, three times, its end."""
        if self._remote_rtp is None:
            return
        source, stamp = secrets.token_bytes(4), secrets.randbits(31)
        for number in range(8):
            ends = number >= 5
            event = struct.pack("!BBH", KEYS.index(key), 0x8A if ends else 0x0A, min(number + 1, 6) * 160)
            marker = 0x80 if number == 0 else 0
            head = struct.pack("!BBHI", 0x80, TELEPHONE_EVENT | marker, number + 1, stamp) + source
            self._rtp.sendto(head + event, self._remote_rtp)

    # --- inside

    def _again(self) -> None:
        self._cseq += 1
        self._request("INVITE", self._sdp())

    def _ask(self, method: str, more: Mapping[str, str]) -> None:
        self._cseq += 1
        dialog = self._dialog
        self._send(
            f"{method} {dialog['target']} SIP/2.0",
            {
                "Via": f"SIP/2.0/UDP 127.0.0.1:{self.port};branch=z9hG4bK{secrets.token_hex(6)}",
                "From": dialog["local"],
                "To": dialog["remote"],
                "CSeq": f"{self._cseq} {method}",
                "Call-ID": dialog["call_id"],
                "Max-Forwards": "70",
                **more,
            },
            "",
        )

    def _asked(self, method: str, headers: dict[str, str], body: str) -> None:
        if method in ("NOTIFY", "UPDATE"):
            self._respond(headers, "200 OK")
            return
        super()._asked(method, headers, body)

    def _sdp(self) -> str:
        return (
            super()
            ._sdp()
            .replace("RTP/AVP 0", f"RTP/AVP 0 {TELEPHONE_EVENT}")
            .replace("a=sendrecv", f"a=rtpmap:{TELEPHONE_EVENT} telephone-event/8000\r\na={self._direction}")
        )
