"""AMI and ARI over TLS towards servers whose TLS is wrong in one way each."""

from __future__ import annotations

import asyncio
import ssl
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest
from tests.support.certificates import Authority

from kikimori.integrations.asterisk.ami import AmiConnection
from kikimori.integrations.asterisk.ami_away import AmiAwayReason, AmiError, why_away
from kikimori.integrations.asterisk.ari import AriAwayError, AriClient
from kikimori.integrations.asterisk.settings import AsteriskTable
from kikimori.integrations.asterisk.tls import AMI, TlsFault, tls_remedy

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path, "office")


@asynccontextmanager
async def serving(certificate: tuple[Path, Path] | None, says: bytes = b"") -> AsyncIterator[int]:
    """Serve with this certificate, or none, and begin with these bytes."""
    context = None
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*certificate)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(says)
        await reader.read()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


async def fault_of_ami(table: AsteriskTable) -> tuple[AmiAwayReason, str]:
    try:
        await AmiConnection.connect(table, lambda _: None)
    except (AmiError, OSError) as error:
        return why_away(error)
    raise AssertionError("connected")


async def fault_of_ari(table: AsteriskTable) -> tuple[TlsFault | None, str]:
    client = AriClient(table)
    try:
        with pytest.raises(AriAwayError) as caught:
            await client.get("/channels")
        with pytest.raises(AriAwayError) as of_events:
            async with client.events("x"):
                pass
    finally:
        await client.close()
    assert caught.value.tls == of_events.value.tls
    return caught.value.tls, caught.value.message


def to(port: int, **changes: object) -> AsteriskTable:
    return AsteriskTable.model_validate(
        {"ami_tls": True, "ami_port": port, "ari_url": f"https://127.0.0.1:{port}/ari", **changes}
    )


@pytest.mark.parametrize(
    ("alternative", "days", "fault", "words"),
    [
        ("IP:127.0.0.1", -1, TlsFault.DATES, "expired"),
        ("DNS:pbx.example", 2, TlsFault.NAME, "127.0.0.1"),
        (None, 2, TlsFault.NAME, "127.0.0.1"),
    ],
)
async def test_a_certificate_that_does_not_fit(
    authority: Authority, alternative: str | None, days: int, fault: TlsFault, words: str
) -> None:
    async with serving(authority.certificate("pbx.example", alternative, days)) as port:
        table = to(port, ca_file=authority.file)
        away, because = await fault_of_ami(table)
        assert (away, words in because) == (f"pbx_{fault}", True), because
        found, message = await fault_of_ari(table)
        assert (found, words in message) == (fault, True), message


async def test_a_certificate_of_nobody_we_know(tmp_path: Path, authority: Authority) -> None:
    other = Authority(tmp_path, "other")
    async with serving(authority.certificate("pbx", "IP:127.0.0.1")) as port:
        for ca_file in (other.file, None):
            assert (await fault_of_ami(to(port, ca_file=ca_file)))[0] is AmiAwayReason.CERTIFICATE_UNKNOWN
            assert (await fault_of_ari(to(port, ca_file=ca_file)))[0] is TlsFault.UNKNOWN


@pytest.mark.parametrize("alternative", ["DNS:pbx.example", None])
async def test_the_certificate_has_a_name_that_is_told(authority: Authority, alternative: str | None) -> None:
    """Also where it stands in the subject only: Asterisk's `ast_tls_cert` makes no other."""
    async with serving(authority.certificate("pbx.example", alternative), b"no\r\n\r\n") as port:
        table = to(port, ca_file=authority.file, tls_name="pbx.example")
        connection = await AmiConnection.connect(table, lambda _: None)
        connection.close()
        assert (await fault_of_ari(table))[0] is None  # trusted, though it is no ARI
        wrong = to(port, ca_file=authority.file, tls_name="fax.example")
        assert (await fault_of_ami(wrong))[0] is AmiAwayReason.CERTIFICATE_NAME
        assert (await fault_of_ari(wrong))[0] is TlsFault.NAME


async def test_asterisks_own_certificate_stands_for_its_authority(authority: Authority) -> None:
    certificate = authority.certificate("pbx", "IP:127.0.0.1")
    async with serving(certificate) as port:
        connection = await AmiConnection.connect(to(port, ca_file=certificate[0]), lambda _: None)
        connection.close()


@pytest.mark.parametrize("says", [b"Asterisk Call Manager/9.0.0\r\n", b"HTTP/1.1 400 Bad Request\r\n\r\n"])
async def test_a_port_without_tls(authority: Authority, says: bytes) -> None:
    async with serving(None, says) as port:
        assert (await fault_of_ami(to(port, ca_file=authority.file)))[0] is AmiAwayReason.NOT_TLS
        assert (await fault_of_ari(to(port, ca_file=authority.file)))[0] is TlsFault.PLAIN


@pytest.mark.parametrize(
    "content", [None, "", "-----BEGIN CERTIFICATE-----\nnone\n-----END CERTIFICATE-----\n"]
)
async def test_a_ca_file_that_cannot_be_used_is_named(tmp_path: Path, content: str | None) -> None:
    ca_file = tmp_path / "ca.pem"
    if content is not None:
        ca_file.write_text(content, encoding="utf-8")
    away, because = await fault_of_ami(to(1, ca_file=ca_file))
    assert away is AmiAwayReason.CA_FILE
    assert str(ca_file) in because
    with pytest.raises(OSError, match=r"ca\.pem"):
        AriClient(to(1, ca_file=ca_file))


async def test_a_host_that_is_no_name() -> None:
    away, because = await fault_of_ami(AsteriskTable(ami_host="pbx..example"))
    assert away is AmiAwayReason.UNREACHABLE
    assert "pbx..example" in because


def test_every_fault_has_a_next_step_of_its_own() -> None:
    assert len({tls_remedy(fault, AMI) for fault in TlsFault}) == len(TlsFault)
