"""Verification of an unpacked model: its layout as its recogniser needs it, and the catalogue's hashes."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from kikimori_core.messages import text

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
        return [text("no_such_folder", folder=folder)]
    if engine == "whisper":
        faults: list[str] = [
            text("file_gone", file=name) for name in WHISPER_NEEDED if not (folder / name).is_file()
        ]
        if not any((folder / name).is_file() for name in WHISPER_VOCABULARY):
            faults.append(text("model_no_vocabulary"))
        return faults
    faults = [text("file_gone", file=name) for name in NEEDED if not (folder / name).is_file()]
    if not any(all((folder / name).is_file() for name in graph) for graph in GRAPHS):
        faults.append(text("model_no_graph"))
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
            if (gone := text("file_gone", file=name)) not in faults:
                faults.append(gone)
            continue
        size = path.stat().st_size
        if size != known.size:
            faults.append(text("file_other_size", file=name, size=size, known=known.size))
            continue
        found = sha256_of(path, advance)
        if found != known.sha256:
            faults.append(text("file_other_hash", file=name, found=found, known=known.sha256))
    return faults


def sha256_of(path: Path, advance: Callable[[int], None] | None = None) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
            if advance is not None:
                advance(len(chunk))
    return digest.hexdigest()
