"""The doctor's single checks, each against something real that is right and something real that is wrong."""

from __future__ import annotations

import asyncio
import errno
import os
import socket
import subprocess
from pathlib import Path

import pytest
from tests.support.certificates import Authority, self_signed
from tests.support.fake_sound import FakeSound
from tests.support.freeswitch.switch import Switch
from tests.support.small_disk import needs_root, small_disk

from kikimori.checks.certificate import look_at_authorities, look_at_certificate
from kikimori.checks.ports import admitted, tcp_port, udp_port, udp_range
from kikimori.config import AgentConfig
from kikimori.doctor.examination import examine
from kikimori.doctor.machine import look_at_state_folder
from kikimori.doctor.secrets import look_at_secrets
from kikimori.errors import KikimoriError, secret_next_step
from kikimori.integrations.asterisk.checkup import look_at_ari
from kikimori.integrations.asterisk.settings import AsteriskTable
from kikimori.integrations.freeswitch.settings import FreeSwitchTable
from kikimori.integrations.line_in.checkup import look_at_devices
from kikimori.integrations.line_in.settings import LineInTable
from kikimori.integrations.line_in.sound import Device
from kikimori.integrations.mirror.checkup import look_at_interface
from kikimori.integrations.siprec.settings import SiprecTable
from kikimori_dashboard import DashboardSettings


def test_a_certificate_that_is_good(tmp_path: Path) -> None:
    found = look_at_certificate("c", *self_signed(tmp_path, "good", days=90))
    assert found.state == "ok", found
    assert "good for 89 days" in found.detail or "good for 90 days" in found.detail


def test_whom_a_certificate_names(tmp_path: Path) -> None:
    """An SBC that checks names compares with the address or name that it is configured with."""
    cert, key = self_signed(tmp_path, "srs", days=90)
    fits = look_at_certificate("c", cert, key, address="127.0.0.1")
    assert (fits.state, fits.detail.rpartition(", ")[2]) == ("ok", "for IP:127.0.0.1")
    other = look_at_certificate("c", cert, key, address="192.0.2.20")
    assert other.state == "warning"
    assert "subjectAltName IP:192.0.2.20" in other.next_step
    ours = Authority(tmp_path, "office")
    named = look_at_certificate(
        "c", *ours.certificate("srs.example", "DNS:srs.example", days=90), address="192.0.2.20"
    )
    assert named.state == "ok", "whether the SBC is given the name, only the SBC can say"


def test_a_certificate_that_names_nobody(tmp_path: Path) -> None:
    cert, key = Authority(tmp_path, "office").certificate("old-style", None, days=90)
    found = look_at_certificate("c", cert, key)
    assert found.state == "warning"
    assert "subjectAltName" in found.detail


def test_a_key_with_a_passphrase_is_told_and_nobody_is_asked_for_it(tmp_path: Path) -> None:
    cert, key = self_signed(tmp_path, "srs")
    locked = tmp_path / "locked.pem"
    subprocess.run(
        ["openssl", "pkey", "-in", str(key), "-aes256", "-passout", "pass:x", "-out", str(locked)],
        check=True,
        capture_output=True,
    )
    found = look_at_certificate("c", cert, locked)
    assert found.state == "fault"
    assert "passphrase" in found.next_step


def test_the_authorities_of_peers(tmp_path: Path) -> None:
    good = look_at_authorities("c", Authority(tmp_path, "office").file)
    assert (good.state, "(1)" in good.detail) == ("ok", True)
    (tmp_path / "text").write_text("no certificate", encoding="utf-8")
    for wrong in (tmp_path / "text", tmp_path / "missing"):
        found = look_at_authorities("c", wrong)
        assert found.state == "fault"
        assert "PEM" in found.next_step


def test_a_certificate_that_soon_ends(tmp_path: Path) -> None:
    found = look_at_certificate("c", *self_signed(tmp_path, "old", days=7))
    assert found.state == "warning"
    assert "ends in" in found.detail


def test_a_certificate_that_is_over(tmp_path: Path) -> None:
    """Made by `openssl ca`, the only part of OpenSSL 3.0 that can date it back."""
    (tmp_path / "index").write_text("", encoding="utf-8")
    (tmp_path / "ca.conf").write_text(
        f"[ca]\ndefault_ca=x\n[x]\ndatabase={tmp_path}/index\nnew_certs_dir={tmp_path}\nrand_serial=yes\n"
        "default_md=sha256\npolicy=p\n[p]\ncommonName=supplied\n",
        encoding="utf-8",
    )
    key, request, cert = tmp_path / "key.pem", tmp_path / "request.pem", tmp_path / "over.pem"
    for command in (
        ["req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=srs.example",
         "-keyout", str(key), "-out", str(request)],
        ["ca", "-batch", "-selfsign", "-config", str(tmp_path / "ca.conf"), "-keyfile", str(key), "-in", str(request),
         "-startdate", "20200101000000Z", "-enddate", "20210101000000Z", "-notext", "-out", str(cert)],
    ):  # fmt: skip
        subprocess.run(["openssl", *command], check=True, capture_output=True)
    found = look_at_certificate("c", cert, key)
    assert found.state == "fault"
    assert "expired" in found.detail
    assert "openssl x509" in found.next_step


def test_a_key_of_another_certificate_and_a_file_that_is_none(tmp_path: Path) -> None:
    cert, _ = self_signed(tmp_path, "one")
    _, key = self_signed(tmp_path, "other")
    mixed = look_at_certificate("c", cert, key)
    assert mixed.state == "fault"
    assert "is not the key of" in mixed.detail
    (tmp_path / "text").write_text("no certificate", encoding="utf-8")
    for wrong in (tmp_path / "text", tmp_path / "missing"):
        found = look_at_certificate("c", wrong, key)
        assert found.state == "fault"
        assert "None" not in found.detail
        assert found.next_step
    assert "not PEM" in look_at_certificate("c", cert, cert).detail


def test_udp_ports_are_not_tcp_ports() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        with socket.socket() as free:
            # A number that nobody on this machine uses for TCP.
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
            taken.bind(("127.0.0.1", port))
        busy = udp_port("siprec udp", "127.0.0.1", port)
        assert busy.state == "warning"
        assert f"ss -lnpu 'sport = :{port}'" in busy.next_step
        assert tcp_port("siprec tcp", "127.0.0.1", port).state == "ok"
    assert udp_port("siprec udp", "127.0.0.1", port).state == "ok"


def test_a_range_of_ports() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        assert "in use" in udp_range("rtp", "127.0.0.1", port, port, 1).detail
        assert udp_range("rtp", "127.0.0.1", port, port + 9, 4).state == "ok"
    small = udp_range("rtp", "127.0.0.1", port, port + 9, 400)
    assert small.state == "warning"
    assert "max_sessions" in small.next_step
    assert udp_range("rtp", "192.0.2.1", port, port, 1).state == "fault"


@pytest.mark.parametrize(
    ("host", "allow", "state"),
    [
        ("127.0.0.1", ("127.0.0.0/8",), "ok"),
        ("0.0.0.0", ("127.0.0.0/8", "::1/128"), "fault"),
        ("0.0.0.0", ("0.0.0.0/0",), "warning"),
        ("0.0.0.0", ("192.168.1.0/24",), "ok"),
        ("0.0.0.0", ("192.168.1.10",), "ok"),
        ("0.0.0.0", ("192.168.1.10", "192.168.2.0"), "warning"),
        ("0.0.0.0", ("2001:db8::/64",), "ok"),
    ],
)
def test_who_is_admitted(host: str, allow: tuple[str, ...], state: str) -> None:
    assert admitted("peers", "audiosocket", host, allow).state == state


def test_a_network_without_its_length_is_named_with_what_to_write() -> None:
    """It is read as one address, so that every PBX of the network is refused."""
    said = admitted("peers", "siprec", "0.0.0.0", ("192.168.1.0",))
    assert "[siprec] allow" in said.next_step
    assert '"192.168.1.0/24"' in said.next_step


@needs_root
def test_a_full_disk_asks_for_room_and_for_no_other_folder(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", "64k", mode="700") as disk:
        with pytest.raises(OSError, match="No space left"):
            (disk / "fill").write_bytes(bytes(1 << 17))
        said = look_at_state_folder(disk)
    assert said.state == "fault"
    assert "free some space" in said.next_step
    assert f"df -h {disk}" in said.next_step


@pytest.mark.skipif(os.geteuid() != 0, reason="reading packets needs CAP_NET_RAW")
async def test_an_interface_where_packets_come() -> None:
    """Loopback, with somebody who talks."""

    async def talk() -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            while True:
                sender.sendto(b"x", ("127.0.0.1", 9))
                await asyncio.sleep(0.05)

    talking = asyncio.create_task(talk())
    found = await look_at_interface("mirror", "lo")
    talking.cancel()
    assert [each.state for each in found] == ["ok", "ok"]
    assert "packets a second" in found[1].detail


async def test_an_interface_that_is_not_there() -> None:
    (found,) = await look_at_interface("mirror", "nosuch0")
    assert found.state == "fault"
    assert "lo" in found.next_step


def ari(tmp_path: Path, port: int) -> AsteriskTable:
    (tmp_path / "password").write_text("secret\n", encoding="utf-8")
    return AsteriskTable(
        tap=True, ari_url=f"http://127.0.0.1:{port}/ari", ari_password_file=tmp_path / "password"
    )


async def test_no_asterisk_and_something_that_is_none(tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        (away,) = await look_at_ari(ari(tmp_path, port))
    assert away.state == "fault"
    assert "http.conf" in away.next_step

    async def web(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello")
        writer.close()

    async with await asyncio.start_server(web, "127.0.0.1", 0) as server:
        (other,) = await look_at_ari(ari(tmp_path, server.sockets[0].getsockname()[1]))
    assert other.state == "fault"
    assert "is it Asterisk?" in other.detail


async def test_a_password_that_cannot_be_read(tmp_path: Path) -> None:
    table = AsteriskTable(tap=True, ari_password_file=tmp_path / "missing")
    (found,) = await look_at_ari(table)
    assert found.state == "fault"
    assert "missing" in found.detail


async def examined(config: AgentConfig) -> dict[str, str]:
    return {
        each.check: str(each.state) async for each in examine(config, DashboardSettings(port=0)) if each.check
    }


async def test_every_way_in_that_is_on_is_looked_at(tmp_path: Path) -> None:
    cert, key = self_signed(tmp_path, "srs", days=365)
    config = AgentConfig.model_validate(
        {
            "state_dir": tmp_path,
            "speech": {"enabled": False},
            "mqtt": {"port": 1},
            "siprec": SiprecTable(
                enabled=True,
                port=0,
                tls_port=0,
                tls_cert=cert,
                tls_key=key,
                tls_client_ca=cert,
                max_sessions=10,
            ),
            "chan_websocket": {"enabled": True, "port": 0},
            "mirror": {"enabled": True, "interface": "nosuch0"},
            "sides": {"customer_endpoints": ["*@carrier.example"]},
        }
    )
    found = await examined(config)
    wanted = {
        "siprec udp", "siprec tcp", "siprec tls", "siprec certificate", "siprec client certificates", "siprec rtp", "siprec peers",
        "chan_websocket", "chan_websocket peers", "audiosocket", "mirror", "sides", "pbx control",
    }  # fmt: skip
    assert wanted <= found.keys()
    assert found["siprec certificate"] == "ok"
    assert found["mirror"] == "fault"


async def test_no_way_in_is_a_fault(tmp_path: Path) -> None:
    config = AgentConfig.model_validate(
        {"state_dir": tmp_path, "speech": {"enabled": False}, "audiosocket": {"enabled": False}}
    )
    assert (await examined(config))["ways in"] == "fault"


async def test_asterisk_cannot_send_to_every_address(tmp_path: Path) -> None:
    base = {"state_dir": tmp_path, "speech": {"enabled": False}, "asterisk": ari(tmp_path, 1)}
    config = AgentConfig.model_validate(
        {
            **base,
            "audiosocket": {"host": "0.0.0.0", "port": 0, "announce_port": 0, "allow": ["192.168.1.0/24"]},
        }
    )
    assert (await examined(config))["audiosocket address"] == "fault"


async def test_freeswitch_is_asked_once_for_tap_and_control(tmp_path: Path) -> None:
    switch = Switch("secret")
    switch.phones = {"200": "answers"}
    await switch.start()
    (tmp_path / "password").write_text("secret\n", encoding="utf-8")
    table = FreeSwitchTable(
        tap=True, esl_port=switch.port, esl_password_file=tmp_path / "password", media_port=0
    )
    base = {
        "state_dir": tmp_path,
        "speech": {"enabled": False},
        "audiosocket": {"enabled": False},
        "freeswitch": table,
    }
    try:
        for kind in ("freeswitch", "manual"):
            config = AgentConfig.model_validate({**base, "pbx": {"kind": kind}})
            checks = [each async for each in examine(config, DashboardSettings(port=0, state_dir=tmp_path))]
            assert [each.check for each in checks].count("freeswitch esl") == 1
            assert {each.check for each in checks if each.state == "fault"} == set()
        (tmp_path / "password").write_text("wrong\n", encoding="utf-8")
        assert (await examined(config))["freeswitch esl"] == "fault"
    finally:
        await switch.stop()


async def test_two_ways_in_on_one_port(tmp_path: Path) -> None:
    config = AgentConfig.model_validate(
        {
            "state_dir": tmp_path,
            "speech": {"enabled": False},
            "audiosocket": {"announce_port": 8767},
            "chan_websocket": {"enabled": True},
        }
    )
    assert (await examined(config))["ports"] == "fault"


def line_in(*devices: tuple[str, str, str]) -> LineInTable:
    return LineInTable.model_validate(
        {
            "enabled": True,
            "devices": [
                {"name": name, "device": device, "customer": customer} for name, device, customer in devices
            ],
        }
    )


async def test_sound_cards_that_are_there_and_that_are_not() -> None:
    sound = FakeSound(Device("USB recorder", 2, 48_000), Device("Headset", 1, 16_000))
    table = line_in(("a", "usb", "left"), ("b", "headset", "left"), ("c", "nosuch", "mixed"))
    found = await look_at_devices(table, lambda: sound)
    assert [str(each.state) for each in found] == ["ok", "fault", "fault"]
    assert "two voices need 2" in found[1].detail
    assert "kikimori tap devices" in found[2].next_step
    assert not sound.opened


async def test_no_sound_library() -> None:
    def missing() -> FakeSound:
        raise KikimoriError(
            "line-in needs the package sounddevice", next_step="pip install 'kikimori[line-in]'"
        )

    (found,) = await look_at_devices(line_in(("a", "usb", "left")), missing)
    assert found.state == "fault"
    assert "pip install" in found.next_step


def test_a_password_that_the_service_could_not_read_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Root reads everything; the service's user does not. A bare name is handed over by systemd."""
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    secret = tmp_path / "ari-password"
    secret.write_text("word", encoding="utf-8")
    secret.chmod(0o600)
    handed_over = AgentConfig(asterisk=AsteriskTable(ari_password_file=Path("ari-password")))
    assert look_at_secrets(handed_over) == []
    [by_path] = look_at_secrets(AgentConfig(asterisk=AsteriskTable(ari_password_file=secret)))
    assert "only root can read" in by_path.detail
    assert '"ari-password"' in by_path.next_step
    secret.chmod(0o644)
    [open_to_all] = look_at_secrets(handed_over)
    assert "everybody" in open_to_all.detail


def test_a_password_file_that_cannot_even_be_looked_at_ends_no_examination(tmp_path: Path) -> None:
    """As one in a folder that this user may not enter; root may enter all, but no name is so long."""
    beyond_reach = AsteriskTable(ari_password_file=tmp_path / ("x" * 300))
    assert look_at_secrets(AgentConfig(asterisk=beyond_reach)) == []


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (FileNotFoundError(errno.ENOENT, "no", "/etc/kikimori/ari-password"), "install -m 600"),
        (
            PermissionError(errno.EACCES, "no", "/etc/kikimori/ari-password"),
            'bare name in KEY: "ari-password"',
        ),
        (
            OSError(errno.ENODATA, "empty", "/run/credentials/k/ari-password"),
            "sudoedit /etc/kikimori/ari-pass",
        ),
        (ValueError("empty"), "first line"),
    ],
)
def test_each_fault_of_a_password_file_has_its_own_next_step(error: Exception, said: str) -> None:
    assert said in secret_next_step(error, "KEY")
