"""`kikimori certificate`: an office's own authority, judged by the real openssl and by handshakes."""

from __future__ import annotations

import asyncio
import grp
import json
import os
import re
import ssl
import stat
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.support.issuing import Wish, root

from kikimori.cli.main import main
from kikimori_core.certificates import examine_pair
from kikimori_core.certificates.folder import CertificateFolder
from kikimori_core.certificates.renewal import Need, standings

Run = Callable[..., tuple[int, str, str]]

NAME = "kikimori.office.example"


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run an action on a folder of the test's own."""

    def act(action: str, *words: str) -> tuple[int, str, str]:
        code = main(["certificate", action, "--folder", str(tmp_path / "certificates"), *words])
        said = capsys.readouterr()
        return code, said.out, said.err

    return act


@pytest.fixture
def folder(tmp_path: Path, run: Run) -> Path:
    """A folder with an authority and the dashboard's certificate."""
    code, _, said = run("create", "--name", NAME, "--name", "kikimori", "--address", "127.0.0.1")
    assert code == 0, said
    return tmp_path / "certificates"


def openssl(*words: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["openssl", *map(str, words)], check=False, capture_output=True, text=True)


def verified(folder: Path, cert: Path, *more: str) -> str:
    """Return what `openssl verify` says of a certificate under the folder's authority."""
    ended = openssl(
        "verify", "-x509_strict", "-purpose", "sslserver", "-CAfile", folder / "authority.crt", *more, cert
    )
    return ended.stdout + ended.stderr


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


async def shaken(folder: Path, name: str, authority: Path) -> bytes:
    """Make a handshake over loopback and return the certificate that the server shows; raises ssl.SSLError."""
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(folder / "kikimori.crt", folder / "kikimori.key")
    listening = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0, ssl=server)
    client = ssl.create_default_context(cafile=str(authority))
    client.verify_flags |= ssl.VERIFY_X509_STRICT  # the default from Python 3.13 on
    async with listening:
        port = listening.sockets[0].getsockname()[1]
        _, writer = await asyncio.open_connection("127.0.0.1", port, ssl=client, server_hostname=name)
        shown = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
        writer.close()
    assert isinstance(shown, bytes)
    return shown


# --- create


def test_the_authority_is_as_narrow_as_the_office(folder: Path) -> None:
    said = openssl("x509", "-in", folder / "authority.crt", "-noout", "-text").stdout
    for each in (
        "CA:TRUE, pathlen:0",
        "Certificate Sign, CRL Sign",
        "TLS Web Server Authentication",
        "X509v3 Name Constraints: critical",
        "DNS:office.example",
        "DNS:kikimori",
        "IP:127.0.0.1/255.255.255.255",
        "prime256v1",
    ):
        assert each in said, said
    assert "DNS:example" not in said


def test_the_chain_verifies_for_its_names_alone(folder: Path) -> None:
    cert = folder / "kikimori.crt"
    for asked in (["-verify_hostname", NAME], ["-verify_hostname", "kikimori"], ["-verify_ip", "127.0.0.1"]):
        assert verified(folder, cert, *asked).endswith(": OK\n")
    assert "hostname mismatch" in verified(folder, cert, "-verify_hostname", "office.example")
    said = openssl("x509", "-in", cert, "-noout", "-text", "-checkend", 396 * 86_400).stdout
    assert "CA:FALSE" in said
    assert "X509v3 Authority Key Identifier" in said
    assert f"CN = {NAME}" in said
    report = examine_pair(
        cert, folder / "kikimori.key", asked=[NAME, "kikimori", "127.0.0.1"],
        authority=folder / "authority.crt", for_browsers=True,
    )  # fmt: skip
    assert report.faults == ()
    assert report.certificate is not None
    assert report.certificate.not_before < datetime.now(UTC) - timedelta(minutes=59)
    life = report.certificate.not_after - report.certificate.not_before
    assert life == timedelta(days=397, seconds=-1)


async def test_handshakes_on_loopback(folder: Path, tmp_path: Path) -> None:
    for name in (NAME, "127.0.0.1"):
        assert await shaken(folder, name, folder / "authority.crt")
    with pytest.raises(ssl.SSLCertVerificationError, match="Hostname mismatch"):
        await shaken(folder, "broker.office.example", folder / "authority.crt")
    other = tmp_path / "other"
    assert main(["certificate", "create", "--folder", str(other), "--name", NAME]) == 0
    with pytest.raises(ssl.SSLCertVerificationError, match=r"unable to get|self-signed"):
        await shaken(folder, NAME, other / "authority.crt")


@pytest.mark.parametrize(
    ("alternative", "taken"),
    [
        ("DNS:other.office.example", True),
        ("DNS:bank.example", False),
        ("DNS:officeXexample", False),
        ("IP:127.0.0.1", True),
        ("IP:127.0.0.2", False),
        ("IP:::1", False),
    ],
)
def test_what_a_thief_of_the_key_could_sign(
    folder: Path, tmp_path: Path, alternative: str, taken: bool
) -> None:
    """Whoever has the authority's key and openssl; this program would refuse before."""
    leaf, key, asked, extensions = (tmp_path / f"leaf.{each}" for each in ("crt", "key", "csr", "ext"))
    extensions.write_text(f"subjectAltName={alternative}\n", encoding="utf-8")
    openssl(
        "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", key,
        "-out", asked, "-subj", "/CN=x",
    )  # fmt: skip
    openssl(
        "x509", "-req", "-in", asked, "-CA", folder / "authority.crt", "-CAkey", folder / "authority.key",
        "-CAcreateserial", "-days", 9, "-extfile", extensions, "-out", leaf,
    )  # fmt: skip
    said = verified(folder, leaf) if taken else openssl("verify", "-CAfile", folder / "authority.crt", leaf)
    assert ("OK" in str(said)) is taken
    report = examine_pair(leaf, key, authority=folder / "authority.crt")
    outside = {each.code for each in report.faults} & {"certificate_outside_authority"}
    assert bool(outside) is not taken


def test_without_an_address_no_address_is_permitted(tmp_path: Path, run: Run) -> None:
    assert run("create", "--name", NAME)[0] == 0
    said = openssl("x509", "-in", tmp_path / "certificates/authority.crt", "-noout", "-text").stdout
    assert "Excluded:" in said
    assert "IP:0.0.0.0/0.0.0.0" in said
    code, _, refused = run("issue", "--name", "x.office.example", "--address", "10.0.0.1")
    assert code == 1
    assert "may not vouch for 10.0.0.1" in refused


@pytest.mark.parametrize(
    ("name", "domains"),
    [
        ("kikimori", "DNS:kikimori"),
        ("kikimori.local", "DNS:kikimori.local"),
        ("kikimori.office.example", "DNS:office.example"),
        ("a.b.c.office.example", "DNS:b.c.office.example"),
        ("kikimori.co.jp", "DNS:kikimori.co.jp"),
        ("kikimori.office.co.jp", "DNS:office.co.jp"),
        ("聞守.オフィス.example", "DNS:xn--"),
        ("Kikimori.Office.Example.", "DNS:office.example"),
    ],
)
def test_the_domain_of_an_office(tmp_path: Path, run: Run, name: str, domains: str) -> None:
    assert run("create", "--name", name)[0] == 0
    said = openssl("x509", "-in", tmp_path / "certificates/authority.crt", "-noout", "-text").stdout
    permitted = [each.strip() for each in said.splitlines() if each.strip().startswith("DNS:")]
    assert len(permitted) == 1
    assert permitted[0] == domains or (domains == "DNS:xn--" and permitted[0].startswith(domains))
    assert "OK" in verified(tmp_path / "certificates", tmp_path / "certificates/kikimori.crt")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--name", "*.office.example"], "single servers"),
        (["--name", "192.168.1.20"], "--address 192.168.1.20"),
        (["--name", "[::1]"], "--address"),
        (["--name", "https://kikimori.office.example"], "no name of a server"),
        (["--name", "kikimori.office.example:8443"], "no name of a server"),
        (["--name", "a_b.example"], "no name of a server"),
        (["--name", "a..example"], "no name of a server"),
        (["--name", f"{'a' * 64}.example"], "no name of a server"),
        (["--name", "xn--a.example"], "no name of a server"),
        (["--name", "kikimori.1"], "no name of a server"),
        (["--name", ""], "no name of a server"),
        (["--name", NAME, "--address", "192.168.1.0/24"], "no address of a server"),
        (["--name", NAME, "--address", "0.0.0.0"], "no address of a server"),
        (["--name", NAME, "--address", "fe80::1%eth0"], "no address of a server"),
        (["--name", NAME, "--days", "826"], "1 to 825"),
        (["--name", NAME, "--days", "0"], "1 to 825"),
        (["--address", "192.168.1.20"], "no name is given"),
        ([], "no name is given"),
    ],
)
def test_what_no_certificate_is_made_for(tmp_path: Path, run: Run, words: list[str], said: str) -> None:
    code, _, refused = run("create", *words)
    assert code in (1, 2)
    assert said in refused
    assert "next: " in refused
    assert not (tmp_path / "certificates").exists()


def test_the_longest_name_and_the_longest_life(tmp_path: Path, run: Run) -> None:
    """A common name has 64 letters at most."""
    name = ".".join(["a" * 60, "b" * 60, "c" * 60, "office.example"])
    assert run("create", "--name", name, "--days", "825")[0] == 0
    report = examine_pair(
        tmp_path / "certificates/kikimori.crt", tmp_path / "certificates/kikimori.key",
        asked=[name], authority=tmp_path / "certificates/authority.crt", for_browsers=True,
    )  # fmt: skip
    assert report.faults == ()


def test_files_are_as_open_as_needed_whatever_the_umask(tmp_path: Path, run: Run) -> None:
    for umask in (0, 0o077):
        before = os.umask(umask)
        try:
            assert run("create", "--name", NAME, "--force")[0] == 0
        finally:
            os.umask(before)
        made = tmp_path / "certificates"
        assert mode(made / "authority.key") == 0o600
        assert mode(made / "authority.crt") == mode(made / "kikimori.crt") == 0o644
        assert mode(made / "kikimori.key") in (0o600, 0o640)
        assert mode(made) & 0o755 == 0o755 or umask
        assert sorted(each.name for each in made.iterdir()) == [
            "authority.crt", "authority.key", "kikimori.crt", "kikimori.key",
        ]  # fmt: skip


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files to other groups")
def test_a_key_goes_to_the_group_of_its_server_and_stays_there(folder: Path, run: Run) -> None:
    group = next(each for each in grp.getgrall() if each.gr_gid and each.gr_name.isalnum())
    assert run("issue", "--name", "broker.office.example", "--as", group.gr_name)[0] == 0
    key = folder / f"{group.gr_name}.key"
    assert (key.stat().st_gid, mode(key)) == (group.gr_gid, 0o640)
    other = next(each for each in grp.getgrall() if each.gr_gid not in (0, group.gr_gid))
    os.chown(key, -1, other.gr_gid)
    content = key.read_bytes()
    assert run("renew", "--all")[0] == 0
    assert key.read_bytes() != content
    assert (key.stat().st_gid, mode(key)) == (other.gr_gid, 0o640)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files to other groups")
def test_a_key_that_root_alone_can_read_is_told(folder: Path, run: Run) -> None:
    """A machine without the group: the service would not start, and the key gets it by the next renewal."""
    key = folder / "kikimori.key"
    if mode(key) == 0o640:
        pytest.skip("this machine has a group kikimori")
    _, _, said = run("create", "--force", "--name", NAME)
    assert f"{key}: root alone can read it" in said
    assert "useradd --system --user-group" in said
    group = next(each for each in grp.getgrall() if each.gr_gid)
    os.chown(key, -1, group.gr_gid)
    key.chmod(0o640)
    assert "root alone" not in run("create", "--force", "--name", NAME)[2]
    assert (key.stat().st_gid, mode(key)) == (group.gr_gid, 0o640)


def test_nothing_is_overwritten(folder: Path, run: Run) -> None:
    before = {each: each.read_bytes() for each in folder.iterdir()}
    for words in (("create",), ("issue", "--as", "kikimori")):
        code, _, said = run(words[0], "--name", NAME, *words[1:])
        assert code == 1
        assert "kikimori.key" in said
        assert "--force" in said
    (folder / "authority.crt").unlink()
    assert run("create", "--name", NAME)[0] == 1, "a key alone is kept too"
    assert {each: each.read_bytes() for each in folder.iterdir()} == {
        path: content for path, content in before.items() if path.name != "authority.crt"
    }


def test_a_new_authority_signs_the_servers_of_the_former_anew(folder: Path, run: Run) -> None:
    assert run("issue", "--name", "broker.office.example", "--as", "mosquitto")[0] == 0
    code, said, _ = run("create", "--force", "--name", "kikimori.other.example")
    assert code == 0
    assert "mosquitto.crt" in said
    for name in ("kikimori", "mosquitto"):
        assert verified(folder, folder / f"{name}.crt").endswith(": OK\n")


# --- issue


def test_another_server_of_the_same_authority(folder: Path, run: Run) -> None:
    code, said, _ = run("issue", "--name", "broker.office.example", "--name", "mqtt.office.example")
    assert code == 0
    assert "broker.crt: for DNS:broker.office.example, DNS:mqtt.office.example" in said
    assert verified(folder, folder / "broker.crt", "-verify_hostname", "mqtt.office.example").endswith(
        ": OK\n"
    )


@pytest.mark.parametrize("name", ["authority", "../x", "a/b", ".x", "x" * 65])
def test_names_of_files(folder: Path, run: Run, name: str) -> None:
    before = sorted(folder.iterdir())
    code, _, said = run("issue", "--name", "broker.office.example", "--as", name)
    assert (code, "cannot be the name" in said) == (1, True)
    assert sorted(folder.iterdir()) == before


@pytest.mark.usefixtures("folder")
def test_outside_of_the_authority(run: Run) -> None:
    code, _, said = run("issue", "--name", "www.bank.example", "--address", "8.8.8.8")
    assert code == 1
    assert "may not vouch for www.bank.example, 8.8.8.8" in said
    assert "limited to office.example, kikimori, 127.0.0.1/32" in said


def test_further_domains_may_be_permitted(tmp_path: Path, run: Run) -> None:
    assert run("create", "--name", "kikimori.lan", "--permit", "lan", "--address", "192.168.7.9")[0] == 0
    assert run("issue", "--name", "broker.lan", "--address", "192.168.7.10")[0] == 0
    assert verified(tmp_path / "certificates", tmp_path / "certificates/broker.crt").endswith(": OK\n")


# --- renew


def test_nothing_to_do_needs_no_key(folder: Path, run: Run) -> None:
    (folder / "authority.key").unlink()
    code, said, _ = run("renew")
    assert (code, "nothing to do" in said) == (0, True)


def test_when_there_is_something_to_do(folder: Path) -> None:
    now = datetime.now(UTC)
    needs = {
        days: standings(CertificateFolder(folder), now + timedelta(days=days))[0].need
        for days in (0, 277, 279, 400)
    }
    assert needs == {0: Need.NOTHING, 277: Need.NOTHING, 279: Need.RENEW, 400: Need.RENEW}


def test_renewal_makes_another_key_for_the_same_names(folder: Path, run: Run) -> None:
    before = examine_pair(folder / "kikimori.crt", folder / "kikimori.key").certificate
    key = (folder / "kikimori.key").read_bytes()
    assert run("renew", "--all")[0] == 0
    after = examine_pair(folder / "kikimori.crt", folder / "kikimori.key", authority=folder / "authority.crt")
    assert after.faults == ()
    assert before is not None
    assert after.certificate is not None
    assert (after.certificate.named, after.certificate.subject) == (before.named, before.subject)
    assert after.certificate.fingerprint != before.fingerprint
    assert key != (folder / "kikimori.key").read_bytes()
    life = after.certificate.not_after - after.certificate.not_before
    assert life == before.not_after - before.not_before


def test_a_pair_that_does_not_fit_is_renewed(folder: Path, run: Run) -> None:
    """As after a power cut between the two files."""
    key = folder / "kikimori.key"
    key.write_bytes((folder / "authority.key").read_bytes())
    assert run("renew")[0] == 0
    assert examine_pair(folder / "kikimori.crt", key).faults == ()
    key.unlink()
    assert run("renew")[0] == 0
    assert examine_pair(folder / "kikimori.crt", key).faults == ()


def test_the_key_in_a_safe_place(folder: Path, tmp_path: Path, run: Run) -> None:
    safe = tmp_path / "authority.key"
    (folder / "authority.key").rename(safe)
    code, _, said = run("renew", "--all")
    assert code == 1
    assert str(folder / "authority.key") in said
    assert "--authority-key PATH" in said
    assert run("renew", "--all", "--authority-key", str(safe))[0] == 0
    assert not (folder / "authority.key").exists()
    assert run("issue", "--name", "b.office.example", "--authority-key", str(folder / "kikimori.key"))[0] == 1


def test_a_certificate_of_another_authority_is_left_alone(folder: Path, tmp_path: Path, run: Run) -> None:
    cert, key = root().issue(Wish(ends_days=3)).write(tmp_path)
    content = cert.read_bytes()
    cert.rename(folder / "bought.crt")
    key.rename(folder / "bought.key")
    (folder / "broken.crt").write_text("no certificate", encoding="utf-8")
    code, out, said = run("renew", "--all")
    assert code == 1
    assert "bought.crt: left alone" in said
    assert "broken.crt: not PEM" in said
    assert "kikimori.crt" in out, "the others are renewed all the same"
    assert (folder / "bought.crt").read_bytes() == content


def test_no_folder_is_told(run: Run) -> None:
    for action in (["renew"], ["show"], ["issue", "--name", NAME]):
        code, _, said = run(*action)
        assert code == 1
        assert "certificate create" in said


# --- show


def test_what_is_shown(folder: Path, run: Run) -> None:
    code, out, _ = run("show")
    assert code == 0
    printed = openssl("x509", "-in", folder / "authority.crt", "-noout", "-fingerprint", "-sha256").stdout
    assert printed.partition("=")[2].strip() in out
    assert "for office.example, kikimori, 127.0.0.1/32" in out
    code, out, _ = run("show", "--json")
    found = json.loads(out)
    assert found["authority"]["fingerprint"] == printed.partition("=")[2].strip()
    [server] = found["certificates"]
    assert (server["names"], server["addresses"]) == ([NAME, "kikimori"], ["127.0.0.1"])
    assert (server["days_left"], server["faults"]) == (396, [])
    openssl("genpkey", "-algorithm", "ED25519", "-out", folder / "kikimori.key")
    [server] = json.loads(run("show", "--json")[1])["certificates"]
    assert [each["code"] for each in server["faults"]] == ["key_of_other_certificate"]
    assert "next: " in run("show")[1]


def test_all_of_it_in_japanese(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANG", "ja_JP.UTF-8")
    said = [run(*words) for words in (
        ("create", "--name", "*.example"), ("create", "--name", NAME), ("show",), ("renew",),
    )]  # fmt: skip
    assert [code for code, _, _ in said] == [1, 0, 0, 0]
    for _, out, err in said:
        assert all(
            any("ぁ" <= letter <= "龥" for letter in line)
            for line in (out + err).splitlines()
            if not re.fullmatch(r" *(SHA-256)?[ 0-9A-Fa-f:]+", line)
        )
