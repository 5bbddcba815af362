"""Recognition of a payload by its bytes: SIP uses other ports than 5060 too (FreePBX 5160, carriers' own)."""

from __future__ import annotations

import re

_BEGINS = re.compile(rb"(?:SIP/2\.0 [1-6][0-9]{2}|[A-Z]{2,16} (?:sips?|tel|urn):\S+ SIP/2\.0)", re.IGNORECASE)

FIRST_WORDS = (
    b"SIP/", b"INVI", b"ACK ", b"BYE ", b"CANC", b"OPTI", b"REGI", b"INFO", b"PRAC", b"UPDA", b"SUBS", b"NOTI", b"REFE",
    b"MESS", b"PUBL",
)  # fmt: skip
"""First four bytes of a message, for a filter."""


def begins_sip(payload: bytes) -> bool:
    """Return whether a SIP message begins here, after any line ends that keep a connection open."""
    return _BEGINS.match(payload if payload[:1].isalpha() else payload.lstrip(b"\r\n")) is not None
