"""`kikimori certificate trust`: taken over after a comparison; whatever is no authority alone is refused with a next step."""

from __future__ import annotations

import asyncio
import io
import json
import re
import socket
import ssl
import subprocess
import sys
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from aiohttp import web
from tests.support.browser import dashboard, dashboard_settings
from tests.support.certificates import Authority, self_signed
from tests.support.https import OfficeCertificate
from tests.support.ports import free_port

from kikimori.authority import source
from kikimori.cli.main import main
from kikimori.errors import KikimoriError
from kikimori.security_log import record
from kikimori_core.certificates.authority_content import read_office_authority
from kikimori_core.messages import CodedText
from kikimori_core.wire.settings import BrokerSettings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

AUTHORITY = ("basicConstraints=critical,CA:TRUE", "keyUsage=critical,keyCertSign,cRLSign")


@pytest.fixture(autouse=True)
def _english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "C")


def made(folder: Path, name: str, *extensions: str, key: str = "ec") -> Path:
    """Make a certificate that signed itself."""
    kind = ["ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"] if key == "ec" else [key]
    file = folder / f"{name}.crt"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", *kind, "-nodes", "-keyout", folder / f"{name}.key", "-out", file,
         "-days", "2", "-subj", f"/CN={name}", *(word for each in extensions for word in ("-addext", each))],
        check=True, capture_output=True,
    )  # fmt: skip
    return file


def office(folder: Path) -> Path:
    return made(folder, "office", *AUTHORITY)


def fingerprint(file: Path) -> str:
    command = ["openssl", "x509", "-in", str(file), "-noout", "-fingerprint", "-sha256"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.split("=")[1].strip()


def trust(*words: str | Path) -> int:
    return main(["certificate", "trust", *map(str, words)])


def test_a_file_is_trusted_by_its_fingerprint(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file, folder = office(tmp_path), tmp_path / "etc"
    assert trust(file, "--fingerprint", fingerprint(file), "--folder", folder) == 0
    said = capsys.readouterr()
    assert (folder / "authority.crt").read_text() == file.read_text()
    assert (folder / "authority.crt").stat().st_mode & 0o777 == 0o644
    assert f'ca_file = "{folder}/authority.crt"' in said.out
    assert '"authority_trusted"' in said.err
    groups = [each.split() for each in said.err.splitlines() if re.fullmatch(r"([0-9a-f]{4} ?){8}", each)]
    assert "".join(each for line in groups for each in line) == fingerprint(file).replace(":", "").lower()
    assert trust(file, "--fingerprint", fingerprint(file), "--folder", folder) == 0
    assert "already" in capsys.readouterr().out


def test_another_fingerprint_changes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file, folder = office(tmp_path), tmp_path / "etc"
    other = "00" + fingerprint(file)[2:]
    assert trust(file, "--fingerprint", other, "--folder", folder) == 1
    assert not folder.exists()
    assert "another fingerprint" in capsys.readouterr().err


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("answer", "code"), [("yes\n", 0), ("はい\n", 0), ("no\n", 1), ("\n", 1), ("", 1)])
def test_a_person_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: str, code: int) -> None:
    file, folder = office(tmp_path), tmp_path / "etc"
    monkeypatch.setattr(sys, "stdin", Terminal(answer))
    assert trust(file, "--folder", folder) == code
    assert folder.exists() == (code == 0)


def test_without_a_terminal_nothing_is_trusted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("yes\n"))
    assert trust(office(tmp_path), "--folder", tmp_path / "etc") == 1
    assert "--fingerprint" in capsys.readouterr().err


def wrong(folder: Path, kind: str) -> Path:
    """Make a file that must not be trusted."""
    file = folder / "authority.crt"
    match kind:
        case "key":
            good = office(folder)
            file.write_bytes(good.read_bytes() + (folder / "office.key").read_bytes())
        case "two":
            file.write_bytes(office(folder).read_bytes() + made(folder, "second", *AUTHORITY).read_bytes())
        case "extra":
            file.write_bytes(b"our authority\n" + office(folder).read_bytes())
        case "server":
            file = Authority(folder, "above").certificate("server", "DNS:server.example")[0]
        case "self-signed server":
            file = made(
                folder, "server", "basicConstraints=critical,CA:FALSE", "subjectAltName=DNS:server.example"
            )
        case "may not sign":
            file = made(folder, "office", AUTHORITY[0], "keyUsage=critical,digitalSignature")
        case "weak":
            file = made(folder, "office", *AUTHORITY, key="rsa:1024")
        case "long":
            file.write_bytes(b"a" * 100_000)
        case "damaged":
            content = office(folder).read_text().splitlines()
            file.write_text("\n".join([*content[:2], *content[3:]]), encoding="utf-8")
        case "of version 5":
            der = ssl.PEM_cert_to_DER_cert(office(folder).read_text())
            file.write_bytes(der.replace(b"\xa0\x03\x02\x01\x02", b"\xa0\x03\x02\x01\x04", 1))
        case _:
            file.write_text("<html>", encoding="utf-8")
    return file


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("key", "private key"), ("two", "more than one"), ("extra", "something beside"), ("server", "of a server"),
        ("self-signed server", "of a server"), ("may not sign", "of a server"), ("weak", "1024"), ("long", "longer than"), ("damaged", "no certificate"), ("of version 5", "no certificate"), ("page", "no certificate"),
    ],
)  # fmt: skip
def test_what_is_no_authority_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], kind: str, words: str
) -> None:
    folder = tmp_path / "etc"
    assert trust(wrong(tmp_path, kind), "--folder", folder, "--fingerprint", "00") == 1
    said = capsys.readouterr().err
    assert words in said
    assert "next:" in said
    assert not folder.exists()


@pytest.mark.parametrize(("days", "code"), [(3, "trust_expired"), (-1, "trust_not_yet")])
def test_the_clock_is_compared_with_its_dates(tmp_path: Path, days: int, code: str) -> None:
    file = office(tmp_path)
    then = datetime.now(UTC) + timedelta(days=days)
    with pytest.raises(KikimoriError) as caught:
        read_office_authority(file.read_bytes(), file, then)
    assert isinstance(caught.value.message, CodedText)
    assert caught.value.message.code == code
    assert caught.value.next_step


def test_an_authority_under_another_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = office(tmp_path)
    asked, file, extensions = (tmp_path / each for each in ("asked", "between.crt", "extensions"))
    extensions.write_text("\n".join(AUTHORITY), encoding="utf-8")
    key = tmp_path / "office.key"
    for command in (
        ["req", "-new", "-key", key, "-subj", "/CN=between", "-out", asked],
        ["x509", "-req", "-in", asked, "-CA", root, "-CAkey", key, "-CAcreateserial", "-extfile", extensions, "-out", file],
    ):  # fmt: skip
        subprocess.run(["openssl", *map(str, command)], check=True, capture_output=True)
    assert trust(file, "--folder", tmp_path / "etc", "--fingerprint", fingerprint(file)) == 1
    assert "topmost authority, office" in capsys.readouterr().err


def test_another_authority_is_replaced_only_when_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, first, second = tmp_path / "etc", office(tmp_path), made(tmp_path, "second", *AUTHORITY)
    trust(first, "--folder", folder, "--fingerprint", fingerprint(first))
    asked = (second, "--folder", folder, "--fingerprint", fingerprint(second))
    assert trust(*asked) == 1
    assert "--replace" in capsys.readouterr().err
    assert trust(*asked, "--replace") == 0
    assert (folder / "authority.crt").read_text() == second.read_text()
    (folder / "authority.key").write_text("its key", encoding="utf-8")
    assert trust(first, "--folder", folder, "--fingerprint", fingerprint(first), "--replace") == 1
    assert "must not be replaced" in capsys.readouterr().err


@asynccontextmanager
async def server(folder: Path) -> AsyncIterator[str]:
    """Run an HTTPS server whose certificate nobody trusts."""
    content = office(folder).read_bytes()

    async def slow(request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse()
        await answer.prepare(request)
        with suppress(ConnectionError):
            while True:
                await answer.write(b" ")
                await asyncio.sleep(0.02)
        return answer

    async def give(_request: web.Request) -> web.Response:
        return web.Response(body=content, content_type="application/x-x509-ca-cert")

    async def elsewhere(_request: web.Request) -> web.Response:
        raise web.HTTPFound("/authority.crt")

    async def long(_request: web.Request) -> web.Response:
        return web.Response(body=bytes(1_000_000))

    app = web.Application()
    for path, handler in (
        ("/authority.crt", give), ("/slow", slow), ("/long", long), ("/elsewhere", elsewhere),
    ):  # fmt: skip
        app.router.add_get(path, handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*self_signed(folder, "stranger"))
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    port = free_port()
    await web.TCPSite(runner, "127.0.0.1", port, ssl_context=context).start()
    try:
        yield f"https://127.0.0.1:{port}"
    finally:
        await runner.cleanup()


async def test_it_is_fetched_from_a_server_that_is_not_trusted_yet(tmp_path: Path) -> None:
    folder = tmp_path / "etc"
    async with server(tmp_path) as url:
        print_of = fingerprint(tmp_path / "office.crt")
        code = await asyncio.to_thread(trust, url, "--fingerprint", print_of, "--folder", folder)
    assert code == 0
    assert (folder / "authority.crt").read_bytes() == (tmp_path / "office.crt").read_bytes()


@pytest.mark.parametrize("scheme", ["https", "http"])
async def test_a_dashboard_gives_its_authority_on_both_ports(tmp_path: Path, scheme: str) -> None:
    pair, folder = OfficeCertificate(tmp_path), tmp_path / "etc"
    ports = {"https": free_port(), "http": free_port()}
    settings = dashboard_settings(
        BrokerSettings(port=free_port()), **pair.settings(port=ports["http"], https_port=ports["https"])
    )
    async with dashboard(settings):
        url, expected = f"{scheme}://127.0.0.1:{ports[scheme]}", fingerprint(pair.authority.file)
        code = await asyncio.to_thread(trust, url, "--fingerprint", expected, "--folder", folder)
    assert code == 0
    assert (folder / "authority.crt").read_bytes() == pair.authority.file.read_bytes()


@pytest.mark.parametrize(
    ("path", "words"),
    [("/slow", "in time"), ("/long", "longer than"), ("/elsewhere", "HTTP 302"), ("/none", "HTTP 404")],
)
async def test_a_server_that_gives_no_authority(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, path: str, words: str
) -> None:
    monkeypatch.setattr(source, "WITHIN_S", 1.0 if path == "/slow" else 60.0)
    async with server(tmp_path) as url:
        code = await asyncio.to_thread(trust, url + path, "--folder", tmp_path / "etc")
    said = capsys.readouterr().err
    assert code == 1
    assert words in said
    assert "next:" in said
    assert not (tmp_path / "etc").exists()


@pytest.mark.parametrize(
    "address",
    ["ftp://office.example", "https://", "https://user@office.example", "https://a:b:c", "https://a?b"],
)
def test_a_wrong_address_is_said(capsys: pytest.CaptureFixture[str], address: str) -> None:
    assert trust(address) == 1
    assert "no address of a dashboard" in capsys.readouterr().err


def test_nothing_listens(capsys: pytest.CaptureFixture[str]) -> None:
    assert trust(f"https://127.0.0.1:{free_port()}") == 1
    assert "cannot be fetched" in capsys.readouterr().err


def test_the_system_log_has_what_was_done(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A line break in what somebody gave begins no line of its own."""
    place = tmp_path / "log"
    monkeypatch.setenv("SUDO_USER", "tanaka")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as journal:
        journal.bind(str(place))
        record("authority_trusted", system_log=place, source="a\nb")
        line = journal.recv(4096).decode().rstrip("\0")
    assert line.startswith("<86>kikimori: ")
    told = json.loads(line.partition(": ")[2])
    assert told == {"event": "authority_trusted", "by": "tanaka", "source": "a\nb"}
    assert "\n" not in line
