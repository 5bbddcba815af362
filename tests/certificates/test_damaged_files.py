"""Files of certificates and keys with every kind of damage: a fault, never an exception."""

from __future__ import annotations

import base64
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.issuing import Wish, root

from kikimori_core.certificates import examine_pair


@cache
def good() -> tuple[bytes, bytes, bytes]:
    """Return certificate (DER), key (PEM) and the authority's certificate (PEM)."""
    office = root()
    leaf = office.issue(Wish(names=("kikimori.office.example", "*.office.example"), addresses=("::1",)))
    with TemporaryDirectory() as folder:
        _, key = leaf.write(Path(folder))
        return leaf.made.public_bytes(Encoding.DER), key.read_bytes(), office.pem


def pem(content: bytes, kind: str = "CERTIFICATE") -> bytes:
    body = base64.encodebytes(content).decode()
    return f"-----BEGIN {kind}-----\n{body}-----END {kind}-----\n".encode()


@st.composite
def damaged(draw: st.DrawFn, content: bytes) -> bytes:
    """Give content with bytes changed, left out or put in, or without its end."""
    made = bytearray(content)
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(made)))
        left_out = draw(st.sampled_from([0, 1, 1, 4, len(made)]))
        made[at : at + left_out] = draw(st.binary(max_size=4))
    return bytes(made)


def codes(cert: bytes, key: bytes) -> list[str]:
    """Return the faults of a pair under its authority; each has a text and a next step."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        files = {"server.crt": cert, "server.key": key, "authority.crt": good()[2]}
        for each, content in files.items():
            (folder / each).write_bytes(content)
        (folder / "server.key").chmod(0o600)
        report = examine_pair(
            folder / "server.crt",
            folder / "server.key",
            asked=["kikimori.office.example"],
            authority=folder / "authority.crt",
            for_browsers=True,
        )
    assert all(each.detail and each.next_step for each in report.faults)
    return [each.code for each in report.faults]


def test_undamaged_they_are_good() -> None:
    certificate, key, _ = good()
    assert codes(pem(certificate), key) == []


@settings(max_examples=150)
@given(st.data())
def test_a_damaged_certificate(data: st.DataObject) -> None:
    certificate, key, _ = good()
    made = data.draw(damaged(certificate))
    assert codes(pem(made), key) or made == certificate


@settings(max_examples=100)
@given(st.data())
def test_a_damaged_key(data: st.DataObject) -> None:
    certificate, key, _ = good()
    codes(pem(certificate), data.draw(damaged(key)))


@settings(max_examples=100)
@given(st.data())
def test_a_damaged_file(data: st.DataObject) -> None:
    certificate, key, authority = good()
    codes(data.draw(damaged(pem(certificate) + authority)), key)


@settings(max_examples=100)
@given(st.binary(max_size=300))
def test_any_bytes(content: bytes) -> None:
    key = good()[1]
    for each in (content, pem(content), b"\x30" + content):
        assert codes(each, key)
        assert codes(pem(good()[0]), pem(content, "PRIVATE KEY"))
