"""File of an append-only record: each entry's hash covers the entry before, so that every change is found.

One JSON object a line: `entry`, a JSON text, and `hash`, the SHA-256 of the hash before and that text. A line that a crash
tore is named, by its hash, in the entry that follows.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO

from kikimori.errors import KikimoriError
from kikimori.private_files import make_private, open_private

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

START = "0" * 64
"""Hash before the first entry."""
RESUMED = "resumed"
"""Event of the entry after a torn line."""


class BrokenChainError(KikimoriError):
    """An entry of a record was changed, removed or put in."""


@dataclass(frozen=True, slots=True)
class ChainEnd:
    """Position and hash at which the next entry continues."""

    number: int = 0
    digest: str = START
    torn: str = ""
    """Hash of a last line that is not whole."""


def link(before: str, entry: str) -> str:
    return hashlib.sha256((before + entry).encode()).hexdigest()


def entries(path: Path) -> Iterator[dict[str, Any]]:
    """Give the entries in order, checking the chain; raises BrokenChainError at the first line that does not fit.

    The file is read as long as it was when it was opened: it may be written to meanwhile.
    """
    return (entry for entry, _ in linked(path))


def linked(path: Path) -> Iterator[tuple[dict[str, Any], str]]:
    """Give each entry with its hash; see `entries`."""
    digest, torn = START, b""
    number = 0
    with path.open("rb") as file:
        for at, line in enumerate(_lines(file, os.fstat(file.fileno()).st_size), start=1):
            found = _parsed(line)
            if found is None:
                if torn:
                    raise _broken(path, at)
                torn = line
                continue
            text, claimed = found
            entry = json.loads(text)
            number += 1
            mended = entry.get("event") == RESUMED and entry.get("torn") == _hash(torn)
            if claimed != link(digest, text) or entry.get("n") != number or (torn and not mended):
                raise _broken(path, at)
            digest, torn = claimed, b""
            yield entry, digest
    # A line that is being written while it is read here is no damage.
    if torn.endswith(b"\n"):
        raise _broken(path, number + 1)


def _lines(file: BinaryIO, size: int) -> Iterator[bytes]:
    """Give the lines of the first `size` bytes, the last one perhaps without its end."""
    while size > 0 and (line := file.readline(size)):
        size -= len(line)
        yield line


def _broken(path: Path, at: int) -> BrokenChainError:
    return BrokenChainError.of("chain_broken", path=path, at=at)


def end_of(path: Path) -> ChainEnd:
    """Return the end of the record, by the last whole line; raises OSError."""
    whole, torn = None, b""
    try:
        with path.open("rb") as file:
            for line in file:
                # One that lacks nothing but its end is whole.
                found = _parsed(line.rstrip(b"\n") + b"\n")
                whole, torn = (found, b"") if found is not None else (whole, line)
    except FileNotFoundError:
        return ChainEnd()
    if whole is None:
        return ChainEnd(torn=_hash(torn) if torn else "")
    return ChainEnd(json.loads(whole[0])["n"], whole[1], _hash(torn) if torn else "")


def append(path: Path, end: ChainEnd, some: list[dict[str, Any]]) -> ChainEnd:
    """Append entries behind `end` and return the new end; they are on the disk then. Raises OSError."""
    if not path.parent.is_dir():
        make_private(path.parent)
    if end.torn:
        some = [{"event": RESUMED, "torn": end.torn}, *some]
    number, digest = end.number, end.digest
    lines = []
    for entry in some:
        number += 1
        text = json.dumps({"n": number, **entry}, ensure_ascii=False)
        digest = link(digest, text)
        lines.append(json.dumps({"entry": text, "hash": digest}, ensure_ascii=False) + "\n")
    with open(path, "a", encoding="utf-8", opener=open_private) as file:
        if not _ends_whole(path):
            file.write("\n")
        file.writelines(lines)
        file.flush()
        os.fsync(file.fileno())
    return ChainEnd(number, digest)


def _ends_whole(path: Path) -> bool:
    with path.open("rb") as file:
        if not file.seek(0, os.SEEK_END):
            return True
        file.seek(-1, os.SEEK_END)
        return file.read() == b"\n"


def _hash(line: bytes) -> str:
    return hashlib.sha256(line.rstrip(b"\n")).hexdigest()


def _parsed(line: bytes) -> tuple[str, str] | None:
    """Return entry and hash of a line; None when it is not whole."""
    if not line.endswith(b"\n"):
        return None
    try:
        found = json.loads(line)
        text, digest = found["entry"], found["hash"]
        entry = json.loads(text)
    except (ValueError, TypeError, KeyError):
        return None
    if not isinstance(entry, dict) or not isinstance(digest, str) or not isinstance(entry.get("n"), int):
        return None
    return text, digest
