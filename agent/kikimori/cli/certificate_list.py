"""`kikimori certificate show`: names, ends, fingerprints and faults of the certificates of a folder."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

from kikimori.cli.terminal import show, worded
from kikimori.errors import KikimoriError
from kikimori_core.certificates.authority import permitted
from kikimori_core.certificates.authority_content import in_groups
from kikimori_core.certificates.content import moment
from kikimori_core.certificates.examination import PairReport, examine_pair
from kikimori_core.certificates.files import read_certificates
from kikimori_core.certificates.folder import CertificateFolder
from kikimori_core.certificates.server_certificate import ServerCertificate
from kikimori_core.messages import text

if TYPE_CHECKING:
    import argparse
    from pathlib import Path


def run(args: argparse.Namespace) -> int:
    """Print the authority and all servers of the folder; exit code 0 also where something is wrong."""
    folder = CertificateFolder(args.folder)
    authority = folder.authority.certificate if folder.authority.certificate.exists() else None
    reports = {
        # A user who may not read the key sees the certificate all the same.
        each.certificate: examine_pair(
            each.certificate,
            each.key if os.access(each.key, os.R_OK) or not os.access(args.folder, os.X_OK) else None,
            authority=authority,
            for_browsers=True,
        )
        for each in folder.servers()
    }
    if authority is None and not reports:
        raise KikimoriError.of("certificate_authority_missing", folder=args.folder)
    if args.json:
        print(json.dumps(_figures(args.folder, authority, reports), ensure_ascii=False))
        return 0
    if authority is not None:
        made = read_certificates(authority)[0]
        found = ServerCertificate.of(made)
        domains, networks = permitted(made)
        names = ", ".join([*domains, *map(str, networks)]) or "-"
        _show("certificate_shown_authority", authority, found, names)
        for line in in_groups(found.fingerprint):
            show(f"          {line}")
    for file, report in reports.items():
        if report.certificate is not None:
            _show("certificate_made", file, report.certificate, report.certificate.named)
        for fault in report.faults:
            show(f"  ! {worded(fault.detail)}")
            show(f"    {worded(text('said_next', next_step=fault.next_step))}")
    return 0


def _show(code: str, file: Path, found: ServerCertificate, names: str) -> None:
    given = {"names": names, "ends_at": moment(found.not_after), "days": found.days_left()}
    show(text(code, file=file, **given))
    show(f"  SHA-256 {found.fingerprint}")


def _figures(folder: Path, authority: Path | None, reports: dict[Path, PairReport]) -> dict[str, Any]:
    own = None if authority is None else ServerCertificate.of(read_certificates(authority)[0])
    return {
        "folder": str(folder),
        "authority": None if own is None else {"file": str(authority), **_plain(own)},
        "certificates": [
            {
                "file": str(file),
                **({} if report.certificate is None else _plain(report.certificate)),
                "faults": [
                    {
                        "code": each.code,
                        "effect": str(each.effect),
                        "detail": each.detail,
                        "next_step": each.next_step,
                    }
                    for each in report.faults
                ],
            }
            for file, report in reports.items()
        ],
    }


def _plain(found: ServerCertificate) -> dict[str, Any]:
    return {
        "subject": found.subject,
        "issuer": found.issuer,
        "names": list(found.names),
        "addresses": list(found.addresses),
        "begins_at": found.not_before.isoformat(),
        "ends_at": found.not_after.isoformat(),
        "days_left": found.days_left(),
        "fingerprint": found.fingerprint,
    }
