"""The broker's certificate as a connection shows it, and the authority by which it is trusted."""

from __future__ import annotations

import asyncio
import ssl
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from kikimori.checks.diagnosis import WITHIN_S, CheckState, Diagnosis
from kikimori_core.certificates import ENOUGH_DAYS, moment
from kikimori_core.messages import both
from kikimori_core.wire.broker_problem import broker_problem
from kikimori_core.wire.connection import BrokerUnreachableError
from kikimori_core.wire.settings import is_loopback

if TYPE_CHECKING:
    from kikimori_core.wire.settings import BrokerSettings

NAME = "broker certificate"


async def look_at_broker_certificate(mqtt: BrokerSettings) -> list[Diagnosis]:
    """Check name, trust, dates and the authority's dates in a handshake without a login.

    Nothing is said where no connection is possible: the check of the broker says so.
    """
    where = f"{mqtt.host}:{mqtt.port}"
    try:
        context = mqtt.tls()
    except OSError:
        return []
    if context is None:
        plain = Diagnosis(NAME, CheckState.WARNING, *both("broker_plain", where=where))
        return [] if is_loopback(mqtt.host) else [plain]
    try:
        shown = await _shown(mqtt, context)
    except ssl.SSLCertVerificationError as error:
        told = broker_problem(BrokerUnreachableError(error), mqtt).texts()
        return [Diagnosis(NAME, CheckState.FAULT, *told)]
    except (OSError, TimeoutError):
        return []
    return [_of_broker(where, shown), *_of_authority(mqtt, context)]


async def _shown(mqtt: BrokerSettings, context: ssl.SSLContext) -> dict[str, Any]:
    """Return the certificate that the broker shows; raises ssl.SSLCertVerificationError, OSError, TimeoutError."""
    async with asyncio.timeout(WITHIN_S):
        _, writer = await asyncio.open_connection(mqtt.host, mqtt.port, ssl=context)
    found: dict[str, Any] = writer.get_extra_info("peercert") or {}
    writer.transport.abort()
    return found


def _of_broker(where: str, shown: dict[str, Any]) -> Diagnosis:
    days, ends_at = _end(shown)
    named = shown.get("subjectAltName", ())
    names = ", ".join(f"{kind.removesuffix(' Address')}:{value}" for kind, value in named)
    given = {"where": where, "names": names or "-", "days": days, "ends_at": ends_at}
    if days < ENOUGH_DAYS:
        return Diagnosis(NAME, CheckState.WARNING, *both("broker_certificate_ends", **given))
    return Diagnosis(NAME, CheckState.OK, *both("broker_certificate_good", **given))


def _of_authority(mqtt: BrokerSettings, context: ssl.SSLContext) -> list[Diagnosis]:
    if mqtt.ca_file is None:
        return []
    # None where the broker's certificate is trusted for itself: it is no authority's.
    ends = [_end(dict(each)) for each in context.get_ca_certs()]
    near = [end for end in ends if end[0] < ENOUGH_DAYS]
    if not near:
        return []
    days, ends_at = min(near)
    given = {"path": mqtt.ca_file, "days": days, "ends_at": ends_at}
    return [Diagnosis(NAME, CheckState.WARNING, *both("authority_ends", **given))]


def _end(shown: dict[str, Any]) -> tuple[int, str]:
    """Return the whole days that a certificate is still valid, and its last moment."""
    ends_at = datetime.fromtimestamp(ssl.cert_time_to_seconds(str(shown["notAfter"])), UTC)
    return (ends_at - datetime.now(UTC)).days, moment(ends_at)
