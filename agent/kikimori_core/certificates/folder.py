"""Folder of an office's certificates: the authority's and those of its servers, written whole or not at all."""

from __future__ import annotations

import grp
import os
import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from kikimori_core.errors import KikimoriError

if TYPE_CHECKING:
    from kikimori_core.certificates.authority import IssuedPair

FOLDER = Path("/etc/kikimori/certificates")
AUTHORITY = "authority"
FIRST = "kikimori"
"""File name of the dashboard's own certificate."""
GROUP = "kikimori"
"""Group whose members may read the servers' keys, where it exists."""

OPEN_MODE, SHARED_MODE, SECRET_MODE, FOLDER_MODE = 0o644, 0o640, 0o600, 0o755

_FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


@dataclass(frozen=True, slots=True)
class PairFiles:
    """Files of a certificate and its key."""

    certificate: Path
    key: Path

    @property
    def name(self) -> str:
        return self.certificate.stem


class CertificateFolder:
    """The files of an authority and its servers."""

    def __init__(self, path: Path, authority_key: Path | None = None) -> None:
        """`authority_key`: place of the authority's key, where it is kept elsewhere."""
        self.path = path
        self.authority = PairFiles(
            path / f"{AUTHORITY}.crt", path / f"{AUTHORITY}.key" if authority_key is None else authority_key
        )

    def server(self, name: str) -> PairFiles:
        """Return the files of a server; raises KikimoriError for what is no name of a file."""
        if _FILE_NAME.fullmatch(name) is None or name == AUTHORITY:
            raise KikimoriError.of("certificate_file_name_wrong", value=name)
        return PairFiles(self.path / f"{name}.crt", self.path / f"{name}.key")

    def servers(self) -> list[PairFiles]:
        """Return the files of all servers, the dashboard's first."""
        names = {each.stem for each in self.path.glob("*.crt") if _FILE_NAME.fullmatch(each.stem)} - {
            AUTHORITY
        }
        return [self.server(each) for each in sorted(names, key=lambda each: (each != FIRST, each))]

    def refuse_existing(self, code: str, *pairs: PairFiles) -> None:
        """Raise KikimoriError of a code when one of the files is there already."""
        found = [each for pair in pairs for each in (pair.key, pair.certificate) if each.exists()]
        if found:
            raise KikimoriError.of(code, files=", ".join(map(str, found)))

    def write_authority(self, pair: IssuedPair) -> None:
        """Write an authority, its key for this user alone."""
        self.path.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
        _replace(
            (self.authority.key, pair.key, SECRET_MODE, None),
            (self.authority.certificate, pair.certificate, OPEN_MODE, None),
        )

    def write_server(self, files: PairFiles, pair: IssuedPair) -> None:
        """Write a server's pair. The key keeps the group that may read it, else gets that of its name or `kikimori`."""
        group = _group_of(files)
        mode = SECRET_MODE if group is None else SHARED_MODE
        _replace(
            (files.key, pair.key, mode, group),
            (files.certificate, pair.certificate, OPEN_MODE, None),
        )


def _group_of(files: PairFiles) -> int | None:
    """Return the group that may read a server's key: the one that may already, else by name; None = its owner alone."""
    with suppress(OSError):
        found = files.key.stat()
        if found.st_mode & 0o040:
            return found.st_gid
    for name in (files.name, GROUP):
        with suppress(KeyError):
            return grp.getgrnam(name).gr_gid
    return None


def _replace(*wanted: tuple[Path, bytes, int, int | None]) -> None:
    """Replace files together, each whole: all are written beside first, then renamed. Raises OSError."""
    beside = []
    try:
        for path, content, mode, group in wanted:
            new = path.with_name(f".{path.name}.new")
            new.unlink(missing_ok=True)
            beside.append((new, path))
            handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, SECRET_MODE)
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                given = group is None or _give_group(file.fileno(), group)
                os.fchmod(file.fileno(), mode if given else SECRET_MODE)
                file.flush()
                os.fsync(file.fileno())
        for new, path in beside:
            new.replace(path)
    finally:
        for new, _ in beside:
            new.unlink(missing_ok=True)
    for folder in {path.parent for _, path in beside}:
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _give_group(handle: int, group: int) -> bool:
    """Give a file to a group; False for a user who may not, being neither root nor of the group."""
    try:
        os.fchown(handle, -1, group)
    except PermissionError:
        return False
    return True
