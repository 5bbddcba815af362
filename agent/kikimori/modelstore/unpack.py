"""Unpacking of an archive from an untrusted source."""

from __future__ import annotations

import shutil
import stat
import zipfile
import zlib
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from kikimori.modelstore.catalogue import ModelStoreError

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable

MEMBERS_LIMIT = 10_000
GROWTH_LIMIT = 20
"""Unpacked bytes per byte of the archive; real models stay below 4."""
SPARE_BYTES = 64 << 20
"""Bytes left free on the disk."""
CHUNK = 1 << 20


class UnpackStoppedError(Exception):
    """`stop` was set."""


def unpack(archive: Path, into: Path, advance: Callable[[int, int], None], stop: threading.Event) -> None:
    """Unpack into the empty folder `into`, without the folder that all members share. `advance(done, total)`.

    Raises:
        ModelStoreError: not a zip file, damaged, dangerous, or too large.
        OSError: the disk said no.
    """
    try:
        with zipfile.ZipFile(archive) as opened:
            members = _checked(opened, archive)
            total = sum(info.file_size for _, info in members)
            if total + SPARE_BYTES > (free := shutil.disk_usage(into).free):
                raise ModelStoreError.of(
                    "unpack_no_space",
                    total=f"{total / 1e6:.0f}",
                    free=f"{free / 1e6:.0f}",
                    parent=into.parent,
                )
            done = 0
            for path, info in members:
                target = into.joinpath(*path.parts)
                target.parent.mkdir(parents=True, exist_ok=True)
                with opened.open(info) as source, target.open("xb") as file:
                    while chunk := source.read(CHUNK):
                        if stop.is_set():
                            raise UnpackStoppedError
                        file.write(chunk)
                        done += len(chunk)
                        advance(done, total)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise _bad(archive, str(error)) from error


def _checked(opened: zipfile.ZipFile, archive: Path) -> list[tuple[PurePosixPath, zipfile.ZipInfo]]:
    infos = opened.infolist()
    if len(infos) > MEMBERS_LIMIT:
        raise _bad(archive, f"{len(infos)} members")
    files: dict[PurePosixPath, zipfile.ZipInfo] = {}
    for info in infos:
        path = PurePosixPath(info.filename)
        kind = stat.S_IFMT(info.external_attr >> 16)
        if path.is_absolute() or ".." in path.parts or "\\" in info.filename or ":" in info.filename:
            raise _bad(archive, "a member's name leads out of the folder")
        if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
            raise _bad(archive, "a member is a link or a device")
        if info.is_dir():
            continue
        if path in files:
            raise _bad(archive, "two members have the same name")
        files[path] = info
    total = sum(info.file_size for info in files.values())
    if total > GROWTH_LIMIT * max(archive.stat().st_size, 4096):
        raise _bad(archive, f"it would unpack to {total} bytes")
    tops = {path.parts[0] for path in files}
    if len(tops) == 1 and all(len(path.parts) > 1 for path in files):
        return [(PurePosixPath(*path.parts[1:]), info) for path, info in files.items()]
    return list(files.items())


def _bad(archive: Path, reason: str) -> ModelStoreError:
    return ModelStoreError.of("archive_unsafe", name=archive.name, reason=reason, archive=archive)
