"""Bad certificates and keys: each fault has its own sentence and next step, in both languages."""

from __future__ import annotations

import os
import subprocess
import tempfile
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from tests.support.issuing import CLIENTS, Issued, Wish, alone, root

from kikimori_core.certificates import (
    CertificateError,
    FaultEffect,
    PairReport,
    examine_pair,
    load_pair,
)
from kikimori_core.messages import in_language

Pair = tuple[Path, Path]


@pytest.fixture(scope="module")
def office() -> Issued:
    return root()


@pytest.fixture
def pair(tmp_path: Path, office: Issued) -> Pair:
    """A good certificate of the office's authority, with its key."""
    return office.issue(Wish()).write(tmp_path, office)


def trusted(folder: Path, authority: Issued) -> Path:
    file = folder / "authority.crt"
    file.write_bytes(authority.pem)
    return file


def only(report: PairReport) -> tuple[str, FaultEffect]:
    """Return the one fault of a report, which has a text and a next step in both languages."""
    assert len(report.faults) == 1, report
    fault = report.faults[0]
    for words in (fault.detail, fault.next_step):
        japanese = in_language(words, "ja")
        assert japanese != words
        assert "…" not in japanese + words
    return fault.code, fault.effect


def test_a_good_pair(tmp_path: Path, pair: Pair, office: Issued) -> None:
    report = examine_pair(
        *pair,
        asked=["kikimori.office.example", "127.0.0.1", "Kikimori.Office.Example."],
        authority=trusted(tmp_path, office),
        for_browsers=True,
    )
    assert (report.faults, report.usable) == ((), True)
    found = report.certificate
    assert found is not None
    assert found.named == "DNS:kikimori.office.example, IP:127.0.0.1"
    assert found.days_left() == 89
    said = subprocess.run(
        ["openssl", "x509", "-in", pair[0], "-noout", "-fingerprint", "-sha256"],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    assert said.stdout.strip().lower() == f"sha256 fingerprint={found.fingerprint}".lower()
    assert load_pair(*pair)


@pytest.mark.parametrize(
    ("wish", "code"),
    [
        (Wish(begins_days=-100, ends_days=-2), "certificate_expired"),
        (Wish(begins_days=2, ends_days=100), "certificate_not_yet_valid"),
        (Wish(purposes=CLIENTS), "certificate_not_for_servers"),
        (Wish(names=("other.office.example",)), "certificate_other_names"),
        (Wish(addresses=()), "certificate_other_names"),
        (Wish(authority=True), "certificate_of_authority"),
    ],
    ids=lambda each: each if isinstance(each, str) else "",
)
def test_what_clients_refuse(tmp_path: Path, office: Issued, wish: Wish, code: str) -> None:
    files = office.issue(wish).write(tmp_path, office)
    asked = () if wish.authority else ("kikimori.office.example", "127.0.0.1")
    report = examine_pair(*files, asked=asked, authority=trusted(tmp_path, office), for_browsers=True)
    assert only(report) == (code, FaultEffect.REFUSED)
    assert report.usable
    assert load_pair(*files), "a server shows it all the same, rather than to be away"


def test_what_is_asked_is_named(pair: Pair) -> None:
    report = examine_pair(*pair, asked=["kikimori.office.example", "kikimori.example", "192.168.1.20"])
    assert report.worst is not None
    assert "DNS:kikimori.office.example, IP:127.0.0.1" in report.worst.detail
    assert "not for kikimori.example, 192.168.1.20" in report.worst.detail


@pytest.mark.parametrize(
    ("asked", "covered"),
    [
        ("a.office.example", True),
        ("A.OFFICE.EXAMPLE", True),
        ("office.example", False),
        ("a.b.office.example", False),
        ("office", False),
        ("::1", True),
        ("[::1]", True),
        ("127.0.0.1", False),
    ],
)
def test_a_wildcard_covers_one_label(tmp_path: Path, asked: str, covered: bool) -> None:
    files = alone(Wish(names=("*.office.example",), addresses=("::1",))).write(tmp_path)
    found = examine_pair(*files).certificate
    assert found is not None
    assert found.covers(asked) is covered


def test_names_beyond_ascii_are_asked_as_people_write_them(tmp_path: Path) -> None:
    files = alone(Wish(names=("xn--kpry57d.example",), addresses=())).write(tmp_path)
    found = examine_pair(*files).certificate
    assert found is not None
    assert found.covers("台灣.example")
    assert found.covers("台灣。example.")
    assert found.covers("XN--KPRY57D.example")
    assert found.missing(["台北.example", "\x00", "…"]) == ("台北.example", "\x00", "…")


@pytest.mark.parametrize(
    ("wish", "code"),
    [
        (Wish(ends_days=20), "certificate_ends"),
        (Wish(purposes=None), "certificate_without_purpose"),
        (Wish(ends_days=900), "certificate_lives_long"),
    ],
    ids=lambda each: each if isinstance(each, str) else "",
)
def test_what_works_for_some_or_for_now(tmp_path: Path, office: Issued, wish: Wish, code: str) -> None:
    files = office.issue(wish).write(tmp_path, office)
    report = examine_pair(*files, authority=trusted(tmp_path, office), for_browsers=True)
    assert only(report) == (code, FaultEffect.NOTICE)


def test_a_certificate_without_names_is_refused_by_browsers_alone(tmp_path: Path) -> None:
    files = alone(Wish(names=(), addresses=())).write(tmp_path)
    assert only(examine_pair(*files)) == ("certificate_without_names", FaultEffect.NOTICE)
    assert only(examine_pair(*files, for_browsers=True))[1] is FaultEffect.REFUSED


@pytest.mark.parametrize("bits", [1024, 2048])
def test_a_short_rsa_key(tmp_path: Path, office: Issued, bits: int) -> None:
    key = rsa.generate_private_key(65537, bits)
    report = examine_pair(*office.issue(Wish(key=key)).write(tmp_path))
    if bits == 2048:
        assert report.faults == ()
        return
    assert only(report)[0] == "certificate_weak_key"
    assert report.worst is not None
    assert "RSA with 1024 bits" in report.worst.detail


def test_a_curve_of_the_past(tmp_path: Path, office: Issued) -> None:
    report = examine_pair(*office.issue(Wish(key=ec.generate_private_key(ec.SECP192R1()))).write(tmp_path))
    assert only(report)[0] == "certificate_weak_key"


def test_a_signature_with_sha_1(tmp_path: Path, office: Issued) -> None:
    authority = tmp_path / "root"
    authority.mkdir()
    issuer, issuer_key = office.write(authority)
    cert, key = office.issue(Wish()).write(tmp_path)
    for command in (
        ["req", "-new", "-key", key, "-subj", "/CN=old", "-out", tmp_path / "asked"],
        ["x509", "-req", "-sha1", "-in", tmp_path / "asked", "-CA", issuer, "-CAkey", issuer_key, "-days", "90", "-out", cert],
    ):  # fmt: skip
        subprocess.run(["openssl", *map(str, command)], check=True, capture_output=True)
    report = examine_pair(cert, key, authority=issuer)
    assert "certificate_weak_signature" in {each.code for each in report.faults}
    assert report.worst is not None
    assert "SHA1" in report.worst.detail


def test_an_intermediate_with_a_fault_is_told_too(tmp_path: Path, office: Issued) -> None:
    between = office.issue(
        Wish("Office issuing", (), (), begins_days=-9, ends_days=-2, authority=True, purposes=None)
    )
    files = between.issue(Wish()).write(tmp_path, between)
    report = examine_pair(*files, authority=trusted(tmp_path, office))
    assert only(report) == ("certificate_expired", FaultEffect.REFUSED)
    assert report.worst is not None
    assert "Office issuing" in report.worst.detail


def test_a_chain_without_what_is_between(tmp_path: Path, office: Issued) -> None:
    between = office.issue(Wish("Office issuing", (), (), authority=True, purposes=None))
    leaf = between.issue(Wish())
    authority = trusted(tmp_path, office)
    missing = examine_pair(*leaf.write(tmp_path), authority=authority, for_browsers=True)
    assert only(missing) == ("certificate_chain_missing", FaultEffect.REFUSED)
    assert missing.worst is not None
    assert "issued by Office issuing" in missing.worst.detail
    assert examine_pair(*leaf.write(tmp_path, between), authority=authority).faults == ()
    assert examine_pair(*leaf.write(tmp_path, office, between), authority=authority).faults == ()
    unknown = examine_pair(*leaf.write(tmp_path), for_browsers=True)
    assert only(unknown) == ("certificate_chain_unknown", FaultEffect.NOTICE)
    assert examine_pair(*leaf.write(tmp_path)).faults == (), "peers by telephone are given what they need"


@pytest.mark.parametrize("name", ["Office root", "Another root"])
def test_another_authority(tmp_path: Path, office: Issued, name: str) -> None:
    """Also one of the same name, as it is when an office made its authority a second time."""
    other = root(name)
    files = office.issue(Wish()).write(tmp_path, office)
    report = examine_pair(*files, authority=trusted(tmp_path, other))
    assert only(report) == ("certificate_other_authority", FaultEffect.REFUSED)


def test_the_key_of_another_certificate(tmp_path: Path, pair: Pair) -> None:
    cert, key = pair
    other = tmp_path / "other"
    other.mkdir()
    _, strange = alone(Wish()).write(other)
    assert only(examine_pair(cert, strange)) == ("key_of_other_certificate", FaultEffect.UNUSABLE)
    with pytest.raises(CertificateError, match="is not the key of") as fault:
        load_pair(cert, strange)
    assert fault.value.next_step
    assert examine_pair(cert, key).usable


def test_the_authority_before_the_server(tmp_path: Path, office: Issued) -> None:
    leaf = office.issue(Wish())
    cert, key = leaf.write(tmp_path)
    cert.write_bytes(office.pem + leaf.pem)
    report = examine_pair(cert, key)
    assert [each.code for each in report.faults] == ["certificate_not_first", "certificate_of_authority"]


def test_an_encrypted_key(tmp_path: Path, pair: Pair) -> None:
    for number, form in enumerate((["pkey"], ["ec"])):  # PKCS #8, and the traditional form
        locked = tmp_path / f"locked-{number}"
        subprocess.run(
            ["openssl", *form, "-in", pair[1], "-aes256", "-passout", "pass:x", "-out", locked],
            check=True, capture_output=True,
        )  # fmt: skip
        assert only(examine_pair(pair[0], locked)) == ("certificate_key_encrypted", FaultEffect.UNUSABLE)


def test_other_forms_than_pem(tmp_path: Path, pair: Pair) -> None:
    """DER and PKCS #12, as Windows exports them."""
    der, pfx = tmp_path / "server.cer", tmp_path / "server.pfx"
    for command in (
        ["x509", "-in", pair[0], "-outform", "DER", "-out", der],
        ["pkcs12", "-export", "-in", pair[0], "-inkey", pair[1], "-passout", "pass:x", "-out", pfx],
    ):
        subprocess.run(["openssl", *map(str, command)], check=True, capture_output=True)
    assert only(examine_pair(der, pair[1]))[0] == "certificate_der"
    assert only(examine_pair(pfx, pair[1]))[0] == "certificate_pkcs12"
    assert only(examine_pair(pair[0], der))[0] == "certificate_der"
    assert [each.code for each in examine_pair(pair[1], pair[0]).faults] == [
        "certificate_not_pem",
        "certificate_no_key",
    ], "both files confused"


def test_files_that_cannot_be_read(tmp_path: Path, pair: Pair) -> None:
    cert, key = pair
    fifo, long = tmp_path / "fifo", tmp_path / "long"
    os.mkfifo(fifo)
    long.write_bytes(cert.read_bytes() + b"\n" * 10_000_000)
    for wrong, code in (
        (tmp_path / "none", "certificate_file_unreadable"),
        (tmp_path, "certificate_file_unreadable"),
        (fifo, "certificate_file_unreadable"),
        (Path("/dev/zero"), "certificate_file_unreadable"),
        (long, "certificate_file_too_long"),
    ):
        assert only(examine_pair(wrong, key)) == (code, FaultEffect.UNUSABLE)
        assert only(examine_pair(cert, wrong)) == (code, FaultEffect.UNUSABLE)


def test_a_key_without_the_right_to_read_it(office: Issued) -> None:
    with tempfile.TemporaryDirectory() as name:  # pytest's own folders are closed to others
        folder = Path(name)
        folder.chmod(0o755)
        cert, key = office.issue(Wish()).write(folder)
        cert.chmod(0o644)
        key.chmod(0)
        as_root = os.geteuid() == 0  # and root reads everything
        if as_root:
            os.seteuid(65534)
        try:
            report = examine_pair(cert, key)
        finally:
            if as_root:
                os.seteuid(0)
    assert only(report)[0] == "certificate_key_no_right"
    assert report.worst is not None
    assert f"chgrp kikimori {key}" in report.worst.next_step


def test_a_key_that_everybody_can_read(tmp_path: Path, pair: Pair, office: Issued) -> None:
    cert, key = pair
    key.chmod(0o644)
    report = examine_pair(cert, key, authority=trusted(tmp_path, office), for_browsers=True)
    assert only(report) == ("certificate_key_open", FaultEffect.NOTICE)
    key.chmod(0o640)
    assert examine_pair(cert, key).faults == ()


def test_the_clock_of_the_machine_is_named(pair: Pair) -> None:
    """A computer whose battery is empty begins in 1970 or 2000."""
    then = datetime(2000, 1, 1, tzinfo=UTC)
    report = examine_pair(*pair, now=then)
    assert only(report)[0] == "certificate_not_yet_valid"
    assert report.worst is not None
    assert "clock says 2000-01-01 00:00 UTC" in report.worst.detail
    assert "timedatectl" in report.worst.next_step
    later = examine_pair(*pair, now=datetime.now(UTC) + timedelta(days=4000))
    assert only(later)[0] == "certificate_expired"


def test_several_faults_come_with_the_worst_first(tmp_path: Path, office: Issued) -> None:
    wish = replace(Wish(), ends_days=20, purposes=CLIENTS)
    report = examine_pair(*office.issue(wish).write(tmp_path), asked=["x.example"], for_browsers=True)
    assert [each.effect for each in report.faults] == sorted(
        (each.effect for each in report.faults), key=list(FaultEffect).index
    )
    assert {"certificate_not_for_servers", "certificate_other_names", "certificate_ends"} <= {
        each.code for each in report.faults
    }
