"""Servers' certificates of an office's own authority: made, and made anew before they end."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from kikimori_core.certificates.authority import SERVER_DAYS, LocalAuthority
from kikimori_core.certificates.examination import examine_pair
from kikimori_core.certificates.fault import CertificateError, FaultEffect
from kikimori_core.certificates.files import read_certificates
from kikimori_core.certificates.names import host_address
from kikimori_core.errors import KikimoriError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kikimori_core.certificates.folder import CertificateFolder, PairFiles
    from kikimori_core.certificates.names import Address
    from kikimori_core.certificates.server_certificate import ServerCertificate

SHARE_LEFT = 0.3
"""Share of its life from which on a certificate is made anew: 119 days of 397."""


class Need(StrEnum):
    RENEW = "renew"
    """Its end is near, or clients refuse it."""
    NOTHING = "nothing"
    FOREIGN = "foreign"
    """Another authority signed it: it is not ours to renew."""
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class ServerStanding:
    """One server's certificate and the need for another one."""

    files: PairFiles
    certificate: ServerCertificate | None
    need: Need
    fault: CertificateError | None = None


def standings(folder: CertificateFolder, now: datetime | None = None) -> list[ServerStanding]:
    """Return how the certificate of each server stands; raises KikimoriError without an authority."""
    now = now or datetime.now(UTC)
    authority = folder.authority.certificate
    if not authority.exists():
        raise KikimoriError.of("certificate_authority_missing", folder=folder.path)
    issuer = read_certificates(authority)[0].subject
    found = []
    for files in folder.servers():
        try:
            made = read_certificates(files.certificate)[0]
        except CertificateError as error:
            found.append(ServerStanding(files, None, Need.UNREADABLE, error))
            continue
        report = examine_pair(files.certificate, files.key, authority=authority, now=now)
        certificate = report.certificate
        if made.issuer != issuer or certificate is None:
            found.append(ServerStanding(files, certificate, Need.FOREIGN))
            continue
        left = certificate.not_after - now
        near = left < SHARE_LEFT * (certificate.not_after - certificate.not_before)
        refused = any(each.effect is not FaultEffect.NOTICE for each in report.faults)
        need = Need.RENEW if near or refused else Need.NOTHING
        found.append(ServerStanding(files, certificate, need))
    return found


def read_authority(folder: CertificateFolder) -> LocalAuthority:
    """Read the authority with its key; raises KikimoriError that says what to do when one is not there."""
    files = folder.authority
    if not files.certificate.exists():
        raise KikimoriError.of("certificate_authority_missing", folder=folder.path)
    if not files.key.exists():
        raise KikimoriError.of("certificate_authority_key_away", file=files.key)
    return LocalAuthority.read(files.certificate, files.key)


def issue_server(
    folder: CertificateFolder,
    authority: LocalAuthority,
    files: PairFiles,
    names: Sequence[str],
    addresses: Sequence[Address],
    days: int = SERVER_DAYS,
) -> None:
    """Make a server's certificate and write it; raises KikimoriError, OSError."""
    title = names[0] if names else files.name
    folder.write_server(files, authority.issue(title, names, addresses, days))


def renew_server(folder: CertificateFolder, authority: LocalAuthority, standing: ServerStanding) -> None:
    """Replace a server's certificate and key by new ones of the same names and length of life."""
    old = standing.certificate
    if old is None:
        raise ValueError("only a certificate that can be read is renewed")
    addresses = [host_address(each) for each in old.addresses]
    # It ends a second before the last day is over.
    days = (old.not_after - old.not_before).days + 1
    issue_server(folder, authority, standing.files, old.names, addresses, days)
