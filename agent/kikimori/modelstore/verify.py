"""Verification of an unpacked model: its layout as its recogniser needs it, and the catalogue's hashes."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from kikimori.modelstore.catalogue import KnownFile

NEEDED = ("am/final.mdl", "conf/mfcc.conf", "conf/model.conf")
GRAPHS = (("graph/HCLG.fst", "graph/words.txt"), ("graph/HCLr.fst", "graph/Gr.fst"))
"""Either a whole decoding graph, or one composed while decoding (small models)."""

WHISPER_NEEDED = ("model.bin", "config.json", "tokenizer.json")
WHISPER_VOCABULARY = ("vocabulary.json", "vocabulary.txt")

CHUNK = 1 << 20


def layout_faults(folder: Path, engine: str = "vosk") -> list[str]:
    """Return the parts that this kind of recogniser would miss; empty = the folder can be loaded."""
    if not folder.is_dir():
        return [f"{folder}: no such folder"]
    if engine == "whisper":
        faults = [f"{name}: missing" for name in WHISPER_NEEDED if not (folder / name).is_file()]
        if not any((folder / name).is_file() for name in WHISPER_VOCABULARY):
            faults.append("neither vocabulary.json nor vocabulary.txt")
        return faults
    faults = [f"{name}: missing" for name in NEEDED if not (folder / name).is_file()]
    if not any(all((folder / name).is_file() for name in graph) for graph in GRAPHS):
        faults.append("graph: neither HCLG.fst with words.txt nor HCLr.fst with Gr.fst")
    return faults


def verify(
    folder: Path,
    files: Mapping[str, KnownFile],
    advance: Callable[[int], None] | None = None,
    engine: str = "vosk",
) -> list[str]:
    """Check layout, sizes and hashes; return the faults, file by file. `advance` gets the bytes read."""
    faults = layout_faults(folder, engine)
    for name, known in files.items():
        path = folder / name
        if not path.is_file():
            if f"{name}: missing" not in faults:
                faults.append(f"{name}: missing")
            continue
        size = path.stat().st_size
        if size != known.size:
            faults.append(f"{name}: {size} bytes, should be {known.size}")
            continue
        found = sha256_of(path, advance)
        if found != known.sha256:
            faults.append(f"{name}: SHA-256 {found}, should be {known.sha256}")
    return faults


def sha256_of(path: Path, advance: Callable[[int], None] | None = None) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
            if advance is not None:
                advance(len(chunk))
    return digest.hexdigest()
