"""Compiled phrases, kept in memory and in a cache folder: to compile twenty thousand takes seconds at each start.

An entry is known by a hash of the file's content, of this program's own code and of the dictionary's version, so none
is ever out of date. A folder that cannot be written, or a damaged entry, only costs the time to compile.
"""

from __future__ import annotations

import contextlib
import gc
import hashlib
import io
import os
import pickle
import sys
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kikimori_core.judging.by_sound import BySound

MOST_KEPT = 100
"""Entries in the folder; the oldest go first."""

_OURS = "kikimori_core."
_OTHERS = frozenset({("collections", "defaultdict"), ("builtins", "list")})


@dataclass(frozen=True, slots=True)
class CompiledFile:
    """Result of compiling one file of phrases."""

    categories: tuple[BySound, ...]
    skipped: tuple[str, ...]
    """Key in the file, phrase and reason."""


class CompiledFiles:
    """Compiled files of this process, and of earlier ones in a folder."""

    def __init__(self, folder: Path | None) -> None:
        """`folder`: made when something is kept; None = memory alone."""
        self._folder = folder
        self._known: dict[str, CompiledFile] = {}

    def get(self, content: bytes) -> CompiledFile | None:
        """Return the compiled form of a file of this content, if it is known."""
        name = _name(content)
        found = self._known.get(name)
        if found is None:
            found = self._read(name)
            if found is not None:
                self._remember(name, found)
        return found

    def keep(self, content: bytes, compiled: CompiledFile) -> None:
        """Keep the compiled form of a file of this content."""
        name = _name(content)
        self._remember(name, compiled)
        # Full, read-only, taken away by somebody: only time is lost.
        with contextlib.suppress(OSError):
            self._write(name, pickle.dumps(compiled, pickle.HIGHEST_PROTOCOL))

    def _remember(self, name: str, compiled: CompiledFile) -> None:
        if len(self._known) >= MOST_KEPT:
            self._known.clear()
        self._known[name] = compiled

    def _write(self, name: str, content: bytes) -> None:
        folder = self._folder
        if folder is None:
            return
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not _is_ours(folder):
            return
        part = folder / f"{name}.{os.getpid()}.part"
        part.write_bytes(content)
        part.replace(folder / name)
        entries = sorted(folder.glob("*.phrases"), key=lambda path: path.stat().st_mtime)
        for path in entries[:-MOST_KEPT]:
            path.unlink(missing_ok=True)

    def _read(self, name: str) -> CompiledFile | None:
        folder = self._folder
        try:
            if folder is None or not _is_ours(folder):
                return None
            found = _Reader(io.BytesIO((folder / name).read_bytes())).load()
        except Exception:  # noqa: BLE001  (a damaged entry can raise anything; it is compiled again)
            return None
        return found if isinstance(found, CompiledFile) else None


class _Reader(pickle.Unpickler):
    """Reader of compiled phrases and nothing else: no other class is made, no function called."""

    def find_class(self, module_name: str, global_name: str, /) -> Any:
        of_ours = module_name.startswith(_OURS) and global_name[:1].isupper()
        if not of_ours and (module_name, global_name) not in _OTHERS:
            raise pickle.UnpicklingError(f"{module_name}.{global_name} is no part of a phrase")
        return super().find_class(module_name, global_name)


def _name(content: bytes) -> str:
    return hashlib.sha256(_program() + hashlib.sha256(content).digest()).hexdigest() + ".phrases"


@lru_cache(maxsize=1)
def _program() -> bytes:
    """Return a hash of everything that the compiled form depends on."""
    found = hashlib.sha256()
    versions = [version(each) for each in ("kikimori", "sudachipy", "sudachidict_small")]
    found.update(repr((sys.version, versions)).encode())
    for path in sorted(Path(__file__).parent.rglob("*.py")):
        found.update(path.read_bytes())
    return found.digest()


def cache_folder() -> Path | None:
    """Return the folder: systemd's `CacheDirectory`, else the user's."""
    given = os.environ.get("CACHE_DIRECTORY", "").split(":")[0]
    if given:
        return Path(given) / "phrases"
    home = os.environ.get("XDG_CACHE_HOME")
    if home and Path(home).is_absolute():
        return Path(home) / "kikimori" / "phrases"
    try:
        return Path.home() / ".cache" / "kikimori" / "phrases"
    except RuntimeError:
        return None


def _is_ours(folder: Path) -> bool:
    """Return whether no other user may write into the folder."""
    found = folder.stat()
    return found.st_uid == os.getuid() and not found.st_mode & 0o022


@contextlib.contextmanager
def no_collection() -> Iterator[None]:
    """Keep the garbage collector, now and later, from walking a hundred thousand objects that stay: 0.25 s each time."""
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
        gc.freeze()
    finally:
        if collects:
            gc.enable()
