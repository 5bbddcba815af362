"""The program with a certificate: a bad pair is named at the start, an office of before starts as it did."""

from __future__ import annotations

import signal
import subprocess
from typing import TYPE_CHECKING

import aiohttp
import pytest
from tests.support.certificates import self_signed
from tests.support.https import secure_client
from tests.support.ports import free_port
from tests.support.program import dashboard_process, kikimori

from kikimori_core.errors import ConfigError
from kikimori_core.messages import in_language
from kikimori_dashboard import read_settings
from kikimori_dashboard.https.certificate_keeper import CertificateKeeper

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.support.https import OfficeCertificate

WITHIN_S = 60


def configuration(folder: Path, dashboard: str, language: str = "en") -> Path:
    """Write a configuration in a folder that also holds `certificates`."""
    file = folder / "kikimori.toml"
    text = f'language = "{language}"\n[mqtt]\nport = {free_port()}\n[dashboard]\nstate_dir = "state"\n{dashboard}'
    file.write_text(text, encoding="utf-8")
    return file


PAIR = 'certificate = "certificates/kikimori.crt"\ncertificate_key = "certificates/kikimori.key"\n'


def key_of_another(pair: OfficeCertificate) -> None:
    _, key = self_signed(pair.folder, "another")
    pair.key.write_bytes(key.read_bytes())


def weak_key(pair: OfficeCertificate) -> None:
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:1024", "-nodes", "-keyout", pair.key, "-out", pair.file, "-days", "90",
         "-subj", "/CN=weak", "-addext", "subjectAltName=IP:127.0.0.1"],
        check=True, capture_output=True,
    )  # fmt: skip


def no_key(pair: OfficeCertificate) -> None:
    pair.key.unlink()


def no_certificate(pair: OfficeCertificate) -> None:
    pair.file.write_text("PEM?\n", encoding="utf-8")


@pytest.mark.parametrize("spoil", [key_of_another, no_key, no_certificate, weak_key])
async def test_a_bad_pair_is_named_with_the_next_step(
    tmp_path: Path, pair: OfficeCertificate, spoil: Callable[[OfficeCertificate], None]
) -> None:
    """In both languages; with exit code 2 systemd does not try again."""
    spoil(pair)
    with pytest.raises(ConfigError) as caught:
        await CertificateKeeper.open(read_settings(configuration(tmp_path, PAIR)))
    assert caught.value.exit_code == 2
    assert str(pair.folder) in caught.value.message
    for words in (caught.value.message, caught.value.next_step):
        assert in_language(words, "en").isascii()
        assert not in_language(words, "ja").isascii()


async def test_a_bad_pair_ends_the_start(tmp_path: Path, pair: OfficeCertificate) -> None:
    key_of_another(pair)
    config = configuration(tmp_path, f"port = 0\nhttps_port = 0\n{PAIR}", "ja")
    ended = await kikimori("dashboard", "--config", config, within_s=WITHIN_S, env={"LC_ALL": "ja_JP.UTF-8"})
    assert ended.code == 2, ended.err
    assert "Traceback" not in ended.err
    (told,) = [each for each in ended.err.splitlines() if str(pair.key) in each and str(pair.file) in each]
    assert not told.isascii()


async def test_the_services_reload_brings_the_new_certificate(
    tmp_path: Path, pair: OfficeCertificate
) -> None:
    """`systemctl reload` is a SIGHUP; without a certificate it ends nothing either, in a unit."""
    port, https_port = free_port(), free_port()
    config = configuration(tmp_path, f"port = {port}\nhttps_port = {https_port}\n{PAIR}")
    async with dashboard_process(config) as serving:
        assert serving.url == f"https://127.0.0.1:{https_port}/"
        pair.renew()
        serving.process.send_signal(signal.SIGHUP)
        await serving.until(lambda line: "certificate_reloaded" in line)
        url = f"https://127.0.0.1:{https_port}"
        async with secure_client(url, pair.trusting(), None) as http, http.get("/login") as answer:
            assert answer.status == 200
    assert serving.process.returncode == 0


async def test_a_reload_of_a_service_without_a_certificate_ends_nothing(tmp_path: Path) -> None:
    """Systemd tells a service that it is one by its process id in the environment."""
    config = configuration(tmp_path, "port = 0\n")
    as_service = ("sh", "-c", 'SYSTEMD_EXEC_PID=$$ exec "$0" "$@"')
    async with dashboard_process(config, started_by=as_service) as serving:
        serving.process.send_signal(signal.SIGHUP)
        await serving.until(lambda line: "certificate_asked_for" in line)
        async with aiohttp.ClientSession(serving.url) as http, http.get("/login") as answer:
            assert answer.status == 200
    assert serving.process.returncode == 0


async def test_a_configuration_of_before_serves_as_it_did(tmp_path: Path) -> None:
    """The keys of the release before alone: plain HTTP on loopback, the same names, no redirect."""
    port = free_port()
    config = configuration(tmp_path, f'host = "localhost"\nport = {port}\ntrusted_proxies = ["192.0.2.7"]\n')
    async with dashboard_process(config) as serving:
        url = f"http://localhost:{port}"
        assert serving.url == f"{url}/"
        async with aiohttp.ClientSession(url) as http:
            for host in (f"localhost:{port}", "127.0.0.1", "[::1]:9000"):
                async with http.get("/login", headers={"Host": host}, allow_redirects=False) as answer:
                    assert answer.status == 200
                    assert "Strict-Transport-Security" not in answer.headers
            async with http.get("/authority.crt") as answer:
                assert answer.status == 404
            for origin in (url, f"https://localhost:{port}"):  # the second one: behind a proxy with TLS
                async with http.post("/api/login", json={}, headers={"Origin": origin}) as answer:
                    assert answer.status == 422


@pytest.mark.parametrize(
    ("text", "key", "reason"),
    [
        ('host = "0.0.0.0"', "dashboard.host", "without encryption"),
        ('host = "192.168.1.20"\ntrusted_proxies = ["192.168.1.5"]', "dashboard.host", "public_url"),
        ('host = "kikimori.office.example"\ncertificate = "a.crt"', "dashboard.host", "host_names"),
        ('certificate_key = "a.key"', "dashboard.certificate_key", "set certificate too"),
        ('certificate = "a.crt"\nport = 8443', "dashboard", "https_port"),
        ('public_url = "http://kikimori.office.example"', "dashboard.public_url", "https"),
        ('public_url = "https://kikimori.office.example/phone"', "dashboard.public_url", "path"),
        ('public_url = "https://"', "dashboard.public_url", "https"),
        ('public_url = "https://a:99999"', "dashboard.public_url", "https"),
        ('host_names = ["a b"]', "dashboard.host_names", "a b"),
    ],
)
def test_a_wrong_address_is_named(tmp_path: Path, text: str, key: str, reason: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read_settings(configuration(tmp_path, text))
    assert key in caught.value.message
    assert reason in caught.value.message


def test_addresses_are_read_as_browsers_write_them(tmp_path: Path) -> None:
    settings = read_settings(
        configuration(
            tmp_path,
            'host = "192.168.1.20"\ntrusted_proxies = ["192.168.1.5"]\n'
            'public_url = "https://Kikimori.office.example:443/"\nhost_names = ["Old.example.", "2001:db8::1"]\n',
        )
    )
    assert settings.public_url == "https://kikimori.office.example"
    assert settings.host_names == ("old.example", "2001:db8::1")
    both = read_settings(configuration(tmp_path, f'host = "0.0.0.0"\n{PAIR}'))
    assert both.authority_file() == tmp_path / "certificates" / "authority.crt"
