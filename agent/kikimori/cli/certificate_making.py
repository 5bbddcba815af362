"""`kikimori certificate create|issue|renew`: certificates of the office's own authority, made and made anew."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from kikimori.cli.terminal import say, say_next, show, warn
from kikimori.errors import ConfigError, KikimoriError
from kikimori_core.certificates.authority import (
    MOST_SERVER_DAYS,
    SERVER_DAYS,
    LocalAuthority,
)
from kikimori_core.certificates.content import moment
from kikimori_core.certificates.examination import examine_pair
from kikimori_core.certificates.files import read_certificates
from kikimori_core.certificates.folder import FIRST, CertificateFolder, PairFiles
from kikimori_core.certificates.names import host_address, host_name
from kikimori_core.certificates.renewal import (
    Need,
    ServerStanding,
    issue_server,
    read_authority,
    renew_server,
    standings,
)
from kikimori_core.certificates.server_certificate import ServerCertificate
from kikimori_core.messages import both, remedy, text

if TYPE_CHECKING:
    import argparse

    from kikimori_core.certificates.names import Address


def create(args: argparse.Namespace) -> int:
    """Make an authority and the dashboard's certificate, and anew those that the former authority had signed."""
    names, addresses, days = _wanted(args)
    if not names:
        raise ConfigError.of("certificate_name_missing")
    permit = [host_name(each) for each in args.permit]
    folder = CertificateFolder(args.folder, args.authority_key)
    first = folder.server(FIRST)
    signed = []
    if args.force:
        signed = _signed_by_former(folder)
    else:
        folder.refuse_existing("certificate_exists", folder.authority, first)
    others = [each.certificate for each in signed if each.certificate is not None]
    authority = LocalAuthority.make(
        list(dict.fromkeys([*names, *(name for each in others for name in each.names)])),
        [*addresses, *(host_address(address) for each in others for address in each.addresses)],
        permit,
    )
    pair = authority.issue(names[0], names, addresses, days)
    folder.write_authority(authority.pair())
    folder.write_server(first, pair)
    made = ServerCertificate.of(authority.certificate)
    show(
        text("certificate_made_authority", file=folder.authority.certificate, ends_at=moment(made.not_after))
    )
    show(f"  SHA-256 {made.fingerprint}")
    _show_made(first)
    for each in signed:
        renew_server(folder, authority, each)
        _show_made(each.files)
    shown = {"cert": first.certificate, "key": first.key, "authority": folder.authority.certificate}
    _warn_of_group(first)
    say_next(remedy("certificate_made_steps", authority_key=folder.authority.key, **shown))
    return 0


def issue(args: argparse.Namespace) -> int:
    """Make a certificate of the same authority for another server."""
    names, addresses, days = _wanted(args)
    if not names and args.file_name is None:
        raise ConfigError.of("certificate_name_missing")
    folder = CertificateFolder(args.folder, args.authority_key)
    files = folder.server(args.file_name or names[0].partition(".")[0])
    if not args.force:
        folder.refuse_existing("certificate_server_exists", files)
    issue_server(folder, read_authority(folder), files, names, addresses, days)
    _show_made(files)
    _warn_of_group(files)
    return 0


def renew(args: argparse.Namespace) -> int:
    """Replace certificates whose end is near; exit code 1 when one could not be."""
    folder = CertificateFolder(args.folder, args.authority_key)
    found = standings(folder)
    for each in found:
        if each.need is Need.FOREIGN:
            say(text("certificate_foreign", file=each.files.certificate))
    due = [each for each in found if each.need is Need.RENEW or (args.all and each.need is Need.NOTHING)]
    failed: list[KikimoriError] = [each.fault for each in found if each.fault is not None]
    if due:
        authority = read_authority(folder)
        for each in due:
            try:
                renew_server(folder, authority, each)
            except KikimoriError as error:
                failed.append(error)
            else:
                _show_made(each.files)
    elif not failed:
        show(text("certificate_nothing_to_do", count=len(found)))
    _warn_of_authority(folder)
    for other in failed[1:]:
        warn(other.message, other.next_step)
    if failed:
        raise failed[0]
    return 0


def _wanted(args: argparse.Namespace) -> tuple[list[str], list[Address], int]:
    """Return names, addresses and days of the command line; raises KikimoriError."""
    names = list(dict.fromkeys(host_name(each) for each in args.name))
    addresses = list(dict.fromkeys(host_address(each) for each in args.address))
    if not names and not addresses:
        raise ConfigError.of("certificate_name_missing")
    days = SERVER_DAYS if args.days is None else args.days
    if not 1 <= days <= MOST_SERVER_DAYS:
        raise ConfigError.of("certificate_days_wrong", most=MOST_SERVER_DAYS)
    return names, addresses, days


def _signed_by_former(folder: CertificateFolder) -> list[ServerStanding]:
    """Return the certificates of the authority that is replaced, without the dashboard's."""
    if not folder.authority.certificate.exists():
        return []
    return [
        each
        for each in standings(folder)
        if each.files.name != FIRST and each.need in (Need.RENEW, Need.NOTHING)
    ]


def _warn_of_authority(folder: CertificateFolder) -> None:
    """Warn when the authority ends before another certificate of full length could."""
    found = ServerCertificate.of(read_certificates(folder.authority.certificate)[0])
    if (days := found.days_left()) < SERVER_DAYS:
        given = {"file": folder.authority.certificate, "days": days, "ends_at": moment(found.not_after)}
        warn(*both("certificate_authority_ends", **given))


def _show_made(files: PairFiles) -> None:
    found = examine_pair(files.certificate, files.key).certificate
    if found is not None:
        given = {"names": found.named, "ends_at": moment(found.not_after), "days": found.days_left()}
        show(text("certificate_made", file=files.certificate, **given))


def _warn_of_group(files: PairFiles) -> None:
    """Warn when root alone may read a key: servers run as other users."""
    if os.geteuid() == 0 and not files.key.stat().st_mode & 0o040:
        warn(*both("certificate_key_of_root", key=files.key))
