"""Units of systemd: as closed as each other, and taken by systemd itself."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from kikimori.cli.main import main

UNITS = Path(__file__).parent.parent / "systemd"
SERVICES = sorted(each.name for each in UNITS.glob("*.service"))
TIMERS = sorted(each.name for each in UNITS.glob("*.timer"))
BEHIND = "NoNewPrivileges=yes"
"""Line with which the part begins that takes rights away."""
OF_RENEWAL = {
    "PrivateNetwork=yes",
    "RestrictAddressFamilies=AF_UNIX",
    "SystemCallFilter=@chown",
}
"""Lines of the renewal's alone: it needs no network, and gives files to groups."""


def closed(unit: str) -> set[str]:
    """Return the settings that take rights away; not comments, nor paths, all of which only root may write."""
    lines = (UNITS / unit).read_text(encoding="utf-8").splitlines()
    behind = lines[lines.index(BEHIND) :]
    behind = behind[: behind.index("")] if "" in behind else behind
    return {each for each in behind if not each.startswith(("#", "ReadOnlyPaths="))}


def test_the_units_were_found() -> None:
    assert {"kikimori.service", "kikimori-agent.service", "kikimori-certificate.service"} <= set(SERVICES)
    assert TIMERS == ["kikimori-certificate.timer"]


@pytest.mark.parametrize("unit", SERVICES)
def test_every_service_has_no_more_rights_than_the_others(unit: str) -> None:
    expected = closed("kikimori.service")
    assert len(expected) > 20
    if unit == "kikimori-certificate.service":
        assert expected - closed(unit) == {
            "CapabilityBoundingSet=",
            "RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX",
        }
        assert closed(unit) - expected == OF_RENEWAL
    else:
        assert closed(unit) == expected


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd-analyze here")
def test_systemd_takes_every_unit(tmp_path: Path) -> None:
    for each in (*SERVICES, *TIMERS):
        text = (UNITS / each).read_text(encoding="utf-8")
        # It looks for the program, which is installed elsewhere.
        (tmp_path / each).write_text(
            text.replace("/opt/kikimori/bin/kikimori", "/bin/true"), encoding="utf-8"
        )
    for name in (*SERVICES, *TIMERS):
        # The three that exclude each other are read one by one.
        ended = subprocess.run(
            ["systemd-analyze", "verify", "--man=no", tmp_path / name],
            check=False, capture_output=True, text=True,
        )  # fmt: skip
        assert [each for each in ended.stderr.splitlines() if str(tmp_path) in each or name in each] == []
        assert ended.returncode == 0


@pytest.mark.skipif(
    os.geteuid() != 0 or shutil.which("setpriv") is None, reason="takes root's rights away: needs root"
)
def test_the_renewal_needs_one_right_of_root(tmp_path: Path) -> None:
    folder = tmp_path / "certificates"
    assert main(["certificate", "create", "--folder", str(folder), "--name", "kikimori.office.example"]) == 0
    key = folder / "kikimori.key"
    os.chown(key, -1, 1)
    key.chmod(0o640)
    content = key.read_bytes()
    caps = [
        line.partition("=")[2]
        for line in (UNITS / "kikimori-certificate.service").read_text(encoding="utf-8").splitlines()
        if line.startswith("CapabilityBoundingSet=")
    ]
    assert caps == ["CAP_CHOWN"]
    ended = subprocess.run(
        ["setpriv", "--bounding-set=-all,+chown", "--inh-caps=-all,+chown", "--no-new-privs",
         sys.executable, "-m", "kikimori", "certificate", "renew", "--all", "--folder", folder],
        check=False, capture_output=True, text=True,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    assert key.read_bytes() != content
    assert key.stat().st_gid == 1
