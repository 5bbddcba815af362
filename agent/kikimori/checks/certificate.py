"""Check of our TLS certificate as a peer sees it, see `kikimori_core.certificates`."""

from __future__ import annotations

import ssl
import time
from typing import TYPE_CHECKING

from kikimori.checks.diagnosis import CheckState, Diagnosis
from kikimori_core.certificates import FaultEffect, PairReport, ServerCertificate, examine_pair, moment
from kikimori_core.messages import both

if TYPE_CHECKING:
    from pathlib import Path


def look_at_certificate(name: str, cert: Path, key: Path, *, address: str | None = None) -> Diagnosis:
    """Check whether a certificate and its key fit, how long the certificate is valid, and for which names.

    `address` is this machine's as its peers know it, an IP address; None = not known.
    """
    report = examine_pair(cert, key)
    found = report.certificate
    # A peer may be configured with any of its DNS names; an address is compared with addresses alone.
    compared = None if found is None or found.names or report.worst is not None else found
    if compared is not None and address is not None and not compared.covers(address):
        given = {"file": cert, "address": address, **_good(compared)}
        return Diagnosis(name, CheckState.WARNING, *both("certificate_other_name", **given))
    return diagnosed(name, cert, report)


def diagnosed(name: str, cert: Path, report: PairReport) -> Diagnosis:
    """Return the worst fault of a pair, or how long and for which names it is good."""
    if report.worst is not None:
        state = CheckState.WARNING if report.worst.effect is FaultEffect.NOTICE else CheckState.FAULT
        return Diagnosis(name, state, report.worst.detail, report.worst.next_step)
    found = report.certificate
    if found is None:
        raise ValueError("a report without a certificate has a fault")
    return Diagnosis(name, CheckState.OK, *both("certificate_good", file=cert, **_good(found)))


def look_at_authorities(name: str, path: Path) -> Diagnosis:
    """Check the file of authorities whose certificates peers must show."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        context.load_verify_locations(path)
    except OSError as error:  # also ssl.SSLError
        reason = (error.reason or "not PEM") if isinstance(error, ssl.SSLError) else error.strerror
        return Diagnosis(name, CheckState.FAULT, *both("authority_unreadable", path=path, reason=reason))
    over = [
        each
        for each in context.get_ca_certs()
        if ssl.cert_time_to_seconds(str(each["notAfter"])) < time.time()
    ]
    if over:
        return Diagnosis(name, CheckState.FAULT, *both("authority_over", path=path, count=len(over)))
    count = context.cert_store_stats()["x509"]
    return Diagnosis(name, CheckState.OK, *both("peers_by_certificate", path=path, count=count))


def _good(found: ServerCertificate) -> dict[str, object]:
    return {"days": found.days_left(), "ends_at": moment(found.not_after), "names": found.named}
