"""Signature of requests to the records service, of agents and dashboards: Ed25519 over method, path, time and the body's hash.

The hash travels in a header of its own, so that a request is refused before its body is read.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from kikimori_core.journal.sink import RefusalCode
from kikimori_core.wire.key_store import KeyTrust
from kikimori_core.wire.keys import is_signed_by

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kikimori_core.wire.key_store import TrustStore
    from kikimori_core.wire.keys import SigningKey

KEY = "Kikimori-Key"
"""Header with the public key: see `kikimori_core.wire.keys`."""
TIME = "Kikimori-Time"
"""Header with the time of the request: whole seconds since 1970 (UTC)."""
BODY = "Kikimori-Body"
"""Header with the SHA-256 of the body in hexadecimal; of a request without one that of no bytes."""
SIGNATURE = "Kikimori-Signature"

MOST_APART_S = 300
"""Seconds by which a request's time may differ from the receiver's clock."""
MOST_DIGITS = 12


def body_hash(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def signed_headers(key: SigningKey, method: str, path: str, body: bytes, now: datetime) -> dict[str, str]:
    """Return the headers of a request. `path`: as in its first line, without a query."""
    time, digest = str(int(now.timestamp())), body_hash(body)
    return {
        KEY: key.public,
        TIME: time,
        BODY: digest,
        SIGNATURE: key.sign(_signed(method, path, time, digest)),
    }


def check_head(
    headers: Mapping[str, str],
    method: str,
    path: str,
    agent_id: str | None,
    trust: TrustStore,
    now: datetime,
) -> RefusalCode | None:
    """Check key, signature and time of a request of `agent_id`, None = of anybody who is trusted; return what is wrong.

    None = nothing is.

    Its body must then have the hash in the header `BODY`.
    """
    key, time, digest, signature = (headers.get(each, "") for each in (KEY, TIME, BODY, SIGNATURE))
    match trust.standing(key):
        case KeyTrust.REVOKED:
            return RefusalCode.KEY_REVOKED
        case KeyTrust.UNKNOWN:
            return RefusalCode.KEY_UNKNOWN
        case KeyTrust.TRUSTED if trust.standing(key, agent_id) is not KeyTrust.TRUSTED:
            return RefusalCode.KEY_OTHER_AGENT
        case KeyTrust.TRUSTED:
            pass
    if not is_signed_by(key, signature, _signed(method, path, time, digest)):
        return RefusalCode.SIGNATURE_WRONG
    plain = time.isascii() and time.isdigit() and len(time) <= MOST_DIGITS
    if not plain or abs(int(time) - now.timestamp()) > MOST_APART_S:
        return RefusalCode.TIME_WRONG
    return None


def utc_now() -> datetime:
    return datetime.now(UTC)


def _signed(method: str, path: str, time: str, digest: str) -> bytes:
    return f"{method}\n{path}\n{time}\n{digest}".encode()
