"""Services of a machine of a test, as its `systemctl`: what a unit file says of user, folders and passwords is done.

Not systemd itself: nothing of the hardening is. `python units.py start|enable|restart|stop|reload|status|is-active UNIT…`.
"""

from __future__ import annotations

import grp
import os
import pwd
import shlex
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

FOLDERS = (Path("/etc/systemd/system"), Path("/lib/systemd/system"))
RUN = Path("/run/units")
DYNAMIC_UID = 61_184
"""First of the numbers that systemd takes for `DynamicUser=`."""
STOPPED_WITHIN_S = 90.0


class Unit:
    """Unit file of a service, read."""

    def __init__(self, name: str) -> None:
        self.name = name.removesuffix(".service")
        self.values: dict[str, list[str]] = {}
        files = [
            _file(f"{self.name}.service"),
            *sorted(Path(FOLDERS[0], f"{self.name}.service.d").glob("*.conf")),
        ]
        for line in "\n".join(each.read_text(encoding="utf-8") for each in files).splitlines():
            key, equals, value = line.partition("=")
            if equals and not line.startswith("#"):
                self.values.setdefault(key, []).append(value)
        self.pid_file = RUN / f"{self.name}.pid"

    def words(self, key: str) -> list[str]:
        return [word for value in self.values.get(key, []) for word in value.split()]

    def start(self) -> None:
        """Start it as its own user, with the folders and passwords that it names."""
        uid, gid = self._user()
        environment = {"PATH": os.environ["PATH"], **self._folders(uid, gid), **self._credentials(uid)}
        command = shlex.split(self.values["ExecStart"][-1])
        for each in self.values.get("ExecStartPre", []):
            subprocess.run(shlex.split(each), check=True)
        RUN.mkdir(exist_ok=True)
        groups = ",".join(str(grp.getgrnam(each).gr_gid) for each in self.words("SupplementaryGroups"))
        given = [f"--groups={groups}"] if groups else ["--clear-groups"]
        with (RUN / f"{self.name}.log").open("ab") as log:
            process = subprocess.Popen(
                ["setpriv", f"--reuid={uid}", f"--regid={gid}", *given, *command],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=environment,
                cwd="/",
                umask=int(self.values.get("UMask", ["0022"])[-1], 8),
                start_new_session=True,
            )
        if self.values.get("Type") == ["oneshot"]:
            if process.wait() != 0:
                raise SystemExit(f"{self.name} failed")
            return
        self.pid_file.write_text(str(process.pid), encoding="ascii")

    def signal(self, number: signal.Signals) -> None:
        if self.runs():
            os.kill(int(self.pid_file.read_text("ascii")), number)

    def runs(self) -> bool:
        return self.pid_file.exists() and Path("/proc", self.pid_file.read_text("ascii")).exists()

    def stop(self) -> None:
        self.signal(signal.SIGTERM)
        until = time.monotonic() + STOPPED_WITHIN_S
        while self.runs() and time.monotonic() < until:
            time.sleep(0.05)
        self.pid_file.unlink(missing_ok=True)

    def _user(self) -> tuple[int, int]:
        """Return user and group: a dynamic one is that of this name where there is one, as with systemd."""
        if self.values.get("DynamicUser") != ["yes"] and "User" not in self.values:
            return 0, 0
        try:
            found = pwd.getpwnam(self.values.get("User", [self.name])[-1])
        except KeyError:
            return DYNAMIC_UID, DYNAMIC_UID
        return found.pw_uid, found.pw_gid

    def _folders(self, uid: int, gid: int) -> dict[str, str]:
        variables: dict[str, list[str]] = {}
        for key, top, variable in (
            ("StateDirectory", "/var/lib", "STATE_DIRECTORY"),
            ("CacheDirectory", "/var/cache", "CACHE_DIRECTORY"),
        ):
            for name in self.words(key):
                folder = Path(top, "private", name)
                folder.parent.mkdir(mode=0o700, exist_ok=True)
                folder.mkdir(mode=0o700, exist_ok=True)
                link = Path(top, name)
                if link.is_dir() and not link.is_symlink():
                    # Made by a command before the first start.
                    shutil.copytree(link, folder, dirs_exist_ok=True)
                    shutil.rmtree(link)
                if not link.is_symlink():
                    link.symlink_to(folder)
                subprocess.run(["chown", "-R", f"{uid}:{gid}", folder], check=True)
                variables.setdefault(variable, []).append(str(link))
        # Such a folder can be passed by its own service alone; there is no mount of its own here to show it through.
        for each in ("/var/lib/private", "/var/cache/private"):
            if Path(each).is_dir():
                Path(each).chmod(0o711)
        return {name: ":".join(values) for name, values in variables.items()}

    def _credentials(self, uid: int) -> dict[str, str]:
        given: dict[str, bytes] = {}
        for value in self.values.get("SetCredential", []):
            name, _, text = value.partition(":")
            given[name] = text.replace("\\n", "\n").encode()
        for value in self.values.get("LoadCredential", []):
            name, _, path = value.partition(":")
            if Path(path).exists():
                given[name] = Path(path).read_bytes()
        folder = Path("/run/credentials", f"{self.name}.service")
        folder.mkdir(parents=True, exist_ok=True)
        os.chown(folder, uid, 0)
        for name, content in given.items():
            (folder / name).write_bytes(content)
            os.chown(folder / name, uid, 0)
            (folder / name).chmod(0o400)
        return {"CREDENTIALS_DIRECTORY": str(folder)} if given else {}


def _file(name: str) -> Path:
    """Return the file of a unit."""
    for folder in FOLDERS:
        if (folder / name).exists():
            return folder / name
    raise SystemExit(f"no unit {name}")


def main(arguments: list[str]) -> int:
    action, *names = [each for each in arguments if not each.startswith("-")]
    for name in names:
        if name.endswith(".timer"):
            _file(name)
            continue
        if action == "enable" and "--now" not in arguments:
            continue
        unit = Unit(name)
        if action == "is-active":
            return 0 if unit.runs() else 3
        if action in ("restart", "stop"):
            unit.stop()
        if action in ("start", "enable", "restart"):
            unit.start()
        if action == "reload":
            unit.signal(signal.SIGHUP)
        if action == "status":
            print((RUN / f"{unit.name}.log").read_text(encoding="utf-8"))
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
