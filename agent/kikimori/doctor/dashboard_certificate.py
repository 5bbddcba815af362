"""Checks of the certificate of the dashboard's pages, and of the authority that it gives to everybody."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from kikimori.checks.certificate import diagnosed
from kikimori.checks.diagnosis import CheckState, Diagnosis
from kikimori_core.certificates import examine_pair
from kikimori_core.certificates.fault import CertificateError
from kikimori_core.certificates.files import read_certificates
from kikimori_core.messages import both

if TYPE_CHECKING:
    from pathlib import Path

    from kikimori_core.certificates import ServerCertificate
    from kikimori_dashboard import DashboardSettings

CERTIFICATE, KEY, AUTHORITY = (
    f"[dashboard] {each}" for each in ("certificate", "certificate_key", "authority")
)


def look_at_pages_certificate(dashboard: DashboardSettings) -> list[Diagnosis]:
    """Return the worst fault of the pair, or for how long and which names it is good; nothing without one."""
    authority = dashboard.authority_file()
    found = [] if dashboard.authority is None else _authority_faults(dashboard.authority)
    certificate = dashboard.certificate
    if certificate is None:
        return found
    key = dashboard.certificate_key or certificate
    report = examine_pair(
        certificate,
        key,
        authority=authority
        if not found and authority is not None and os.access(authority, os.R_OK)
        else None,
        for_browsers=True,
    )
    found += _other_names(dashboard, certificate, report.certificate)
    of_key = report.worst is not None and report.worst.file == dashboard.certificate_key
    return [*found, diagnosed(KEY if of_key else CERTIFICATE, certificate, report)]


def _other_names(
    dashboard: DashboardSettings, file: Path, certificate: ServerCertificate | None
) -> list[Diagnosis]:
    """Return a warning for names of the configuration that it does not cover: plain HTTP leads on from them, HTTPS cannot."""
    if certificate is None:
        return []
    public = () if dashboard.public_host is None else (dashboard.public_host,)
    missing = certificate.missing((*dashboard.host_names, *public))
    if not missing:
        return []
    given = {"file": file, "names": certificate.named or "-", "asked": ", ".join(missing)}
    return [Diagnosis(CERTIFICATE, CheckState.WARNING, *both("certificate_other_names", **given))]


def _authority_faults(file: Path) -> list[Diagnosis]:
    try:
        read_certificates(file)
    except CertificateError as error:
        return [Diagnosis(AUTHORITY, CheckState.FAULT, error.message, error.next_step)]
    return []
