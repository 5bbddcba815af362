"""Faults before the first SIP message over TLS, as the people at both ends learn of them."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import subprocess
import warnings
from typing import TYPE_CHECKING

import pytest
import structlog
import uvloop
from tests.support.certificates import self_signed
from tests.support.deadline import WITHIN_S
from tests.support.recorder import Recorder
from tests.support.src import Recording, SipSocket

from kikimori.errors import KikimoriError
from kikimori.integrations.siprec.certificates import tls_context
from kikimori.integrations.siprec.settings import SiprecTable
from kikimori.integrations.siprec.tap import SiprecTap
from kikimori.taps.sides import SidesTable

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


PLAIN = b"OPTIONS sip:srs@127.0.0.1 SIP/2.0\r\n\r\n"


class Files:
    """Certificates of both sides; each is its own authority."""

    def __init__(self, folder: Path) -> None:
        self.srs, self.srs_key = self_signed(folder, "srs")
        self.sbc, self.sbc_key = self_signed(folder, "sbc")
        self.other, self.other_key = self_signed(folder, "other")

    def table(self, **settings: object) -> SiprecTable:
        return SiprecTable.model_validate(
            {
                "enabled": True,
                "udp": False,
                "tcp": False,
                "tls_port": 0,
                "tls_cert": self.srs,
                "tls_key": self.srs_key,
                **settings,
            }
        )


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path)


@contextlib.asynccontextmanager
async def running(table: SiprecTable) -> AsyncIterator[SiprecTap]:
    tap = SiprecTap(Recorder(), table, SidesTable())
    await tap.listen()
    try:
        yield tap
    finally:
        await tap.close()


async def refused(tap: SiprecTap, context: ssl.SSLContext | None, first: bytes = b"") -> dict[str, object]:
    """Connect, wait until the server has closed, and return what it logged."""
    with structlog.testing.capture_logs() as logs:
        async with asyncio.timeout(WITHIN_S):
            with contextlib.suppress(OSError, ssl.SSLError):
                reader, writer = await asyncio.open_connection(*tap.addresses["siprec_tls"], ssl=context)
                try:
                    writer.write(first)
                    while await reader.read(1000):
                        pass
                finally:
                    writer.close()
            while not logs:  # noqa: ASYNC110  (logs set no asyncio.Event)
                await asyncio.sleep(0.01)
    (told,) = logs
    return dict(told)


@pytest.mark.parametrize(
    ("shown", "trusted", "asks", "reason"),
    [
        ("sbc", "srs", None, None),
        ("sbc", "srs", "sbc", None),
        (None, "srs", "sbc", "tls_no_client_certificate"),
        ("other", "srs", "sbc", "tls_client_certificate_refused"),
    ],
)
@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
async def test_certificates(
    files: Files,
    no_task_left: None,  # noqa: ARG001
    *,
    shown: str | None,
    trusted: str,
    asks: str | None,
    reason: str | None,
    version: ssl.TLSVersion,
) -> None:
    context = ssl.create_default_context(cafile=str(getattr(files, trusted)))
    context.maximum_version = version
    if shown is not None:
        context.load_cert_chain(getattr(files, shown), getattr(files, f"{shown}_key"))
    async with running(files.table(tls_client_ca=asks and getattr(files, asks))) as tap:
        if reason is None:
            line = await SipSocket.tcp(tap.addresses["siprec_tls"], context)
            assert (await Recording(line).ask("OPTIONS")).status == 200
            await line.close()
            assert tap.problems() == ()
            return
        told = await refused(tap, context)
        assert (told["event"], told["reason"], told["peer"]) == ("sip_malformed", reason, "127.0.0.1")
        assert told["detail"]
        (problem,) = tap.problems()
        assert problem.code == f"siprec_{reason}"
        assert problem.remedy
        assert tap.counters()["siprec_malformed"] == 1


class Client:
    """An SBC's TLS, byte by byte: Python's own does not say why it hangs up, as OpenSSL's other users do."""

    def __init__(self, authority: Path) -> None:
        self.come, self.gone = ssl.MemoryBIO(), ssl.MemoryBIO()
        context = ssl.create_default_context(cafile=str(authority))
        self.tls = context.wrap_bio(self.come, self.gone, server_hostname="127.0.0.1")
        self.reader: asyncio.StreamReader
        self.writer: asyncio.StreamWriter

    async def shake(self, tap: SiprecTap) -> None:
        self.reader, self.writer = await asyncio.open_connection(*tap.addresses["siprec_tls"])
        while True:
            try:
                self.tls.do_handshake()
            except ssl.SSLWantReadError:
                self.writer.write(self.gone.read())
                self.come.write(await self.reader.read(65536))
            else:
                return


async def test_an_sbc_that_does_not_trust_our_certificate_says_so(files: Files) -> None:
    client = Client(files.other)
    async with running(files.table()) as tap, asyncio.timeout(WITHIN_S):
        with structlog.testing.capture_logs() as logs:
            with pytest.raises(ssl.SSLCertVerificationError):
                await client.shake(tap)
            client.writer.write(client.gone.read())
            while not logs:  # noqa: ASYNC110  (logs set no asyncio.Event)
                await asyncio.sleep(0.01)
        client.writer.close()
        assert (logs[0]["event"], logs[0]["reason"]) == ("sip_malformed", "tls_own_certificate_refused")
        assert [problem.code for problem in tap.problems()] == ["siprec_tls_own_certificate_refused"]


async def test_plain_sip_on_the_port_of_tls(files: Files) -> None:
    async with running(files.table()) as tap:
        told = await refused(tap, None, PLAIN)
        assert told["reason"] == "tls_not_tls"
        assert [problem.code for problem in tap.problems()] == ["siprec_tls_not_tls"]


async def test_an_old_tls(files: Files) -> None:
    context = ssl.create_default_context(cafile=str(files.srs))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    context.set_ciphers("DEFAULT@SECLEVEL=0")
    async with running(files.table()) as tap:
        assert (await refused(tap, context))["reason"] == "tls_nothing_in_common"


async def test_a_test_of_the_port_is_no_trouble(files: Files, no_task_left: None) -> None:  # noqa: ARG001
    """Monitors connect and hang up, every few seconds."""
    async with running(files.table()) as tap:
        for _ in range(3):
            _, writer = await asyncio.open_connection(*tap.addresses["siprec_tls"])
            writer.close()
        line = await SipSocket.tcp(
            tap.addresses["siprec_tls"], ssl.create_default_context(cafile=str(files.srs))
        )
        assert (await Recording(line).ask("OPTIONS")).status == 200
        await line.close()
        assert tap.problems() == ()


async def test_a_request_may_come_with_the_end_of_the_handshake(files: Files) -> None:
    """In one segment with the client's last message of it, as TLS 1.3 allows."""
    client = Client(files.srs)
    async with running(files.table()) as tap, asyncio.timeout(WITHIN_S):
        await client.shake(tap)
        line = SipSocket()
        line.transport = "TLS"
        line.local = client.writer.get_extra_info("sockname")[:2]
        client.tls.write(Recording(line).message("OPTIONS").encode())
        client.writer.write(client.gone.read())
        answer = b""
        while b"\r\n\r\n" not in answer:
            client.come.write(await client.reader.read(65536))
            with contextlib.suppress(ssl.SSLWantReadError):
                answer += client.tls.read(65536)
        assert answer.startswith(b"SIP/2.0 200 ")
        client.writer.close()


def test_the_event_loop_of_the_program_does_the_same(files: Files) -> None:
    """`kikimori up` runs on uvloop, whose TLS is another than that of asyncio."""

    async def both_ends() -> None:
        context = ssl.create_default_context(cafile=str(files.srs))
        async with running(files.table(tls_client_ca=files.sbc)) as tap:
            assert (await refused(tap, None, PLAIN))["reason"] == "tls_not_tls"
            assert (await refused(tap, context))["reason"] == "tls_no_client_certificate"
            context.load_cert_chain(files.sbc, files.sbc_key)
            line = await SipSocket.tcp(tap.addresses["siprec_tls"], context)
            assert (await Recording(line).ask("OPTIONS")).status == 200
            await line.close()

    uvloop.run(both_ends())


# --- files


@pytest.mark.parametrize("name", ["tls_cert", "tls_key", "tls_client_ca"])
def test_a_file_that_is_missing_is_named_with_its_setting(files: Files, tmp_path: Path, name: str) -> None:
    with pytest.raises(KikimoriError) as fault:
        tls_context(files.table(**{name: tmp_path / "none.pem"}))
    assert name in fault.value.message
    assert "none.pem" in fault.value.message
    assert name in fault.value.next_step


def test_a_key_of_another_certificate(files: Files) -> None:
    with pytest.raises(KikimoriError, match="is not the key of"):
        tls_context(files.table(tls_key=files.sbc_key))


def test_a_key_file_without_a_key(files: Files) -> None:
    with pytest.raises(KikimoriError, match=r"tls_key: .*holds no private key"):
        tls_context(files.table(tls_key=files.srs))


def test_a_key_with_a_passphrase_is_refused_and_nobody_is_asked_for_it(files: Files, tmp_path: Path) -> None:
    locked = tmp_path / "locked.pem"
    subprocess.run(
        ["openssl", "pkey", "-in", str(files.srs_key), "-aes256", "-passout", "pass:x", "-out", str(locked)],
        check=True,
        capture_output=True,
    )
    with pytest.raises(KikimoriError) as fault:
        tls_context(files.table(tls_key=locked))
    assert "passphrase" in fault.value.next_step


def test_a_client_authority_that_is_no_certificate(files: Files, tmp_path: Path) -> None:
    nothing = tmp_path / "ca.pem"
    nothing.write_text("hello\n")
    with pytest.raises(KikimoriError, match="holds no certificate"):
        tls_context(files.table(tls_client_ca=nothing))
