"""The catalogue as committed, which model is meant, and the command line."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

import pytest
from tests.modelstore.conftest import model_files

from kikimori.cli.main import main
from kikimori.modelstore import (
    ModelStoreError,
    UnknownModelError,
    installed_for,
    list_models,
    load_catalogue,
    resolve,
    verify,
)
from kikimori.modelstore.catalogue import KnownFile

if TYPE_CHECKING:
    from pathlib import Path

SMALL_JA = "vosk-model-small-ja-0.22"


def install(folder: Path, name: str) -> Path:
    for path, content in model_files().items():
        (folder / name / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / name / path).write_bytes(content)
    return folder / name


def run(*words: str) -> int:
    return main(["models", *words])


def test_the_catalogue_is_valid_and_its_bundled_models_are_whole(tmp_path: Path) -> None:
    catalogue = load_catalogue()
    names = [model.name for model in catalogue.model]
    assert len(set(names)) == len(names)
    assert {"vosk-model-small-ja-0.22", "vosk-model-ja-0.22", "vosk-model-small-en-us-0.15"} <= set(names)
    for listed in list_models(tmp_path):
        assert (listed.path is not None) == listed.model.bundled
        assert set(listed.model.description) == {"ja", "en"}
        if listed.model.url is not None:
            assert listed.model.url.scheme == "https"


def test_a_bundled_model_is_meant_only_by_name(tmp_path: Path) -> None:
    assert installed_for("ja", tmp_path) is None
    assert resolve("ja-synth", tmp_path).name == "ja-synth"
    place = install(tmp_path, SMALL_JA)
    assert installed_for("ja", tmp_path) == place
    assert installed_for("en", tmp_path) is None


def test_resolving(tmp_path: Path) -> None:
    with pytest.raises(ModelStoreError, match="is not installed") as caught:
        resolve(SMALL_JA, tmp_path)
    assert caught.value.next_step == f"kikimori models fetch {SMALL_JA}"
    place = install(tmp_path, "my-own")
    assert resolve(str(place), tmp_path) == place
    with pytest.raises(UnknownModelError) as unknown:
        resolve("vosk-model-small-ja-0.2", tmp_path)
    assert f"did you mean {SMALL_JA}?" in unknown.value.next_step
    (place / "graph" / "Gr.fst").unlink()
    with pytest.raises(ModelStoreError, match="not a whole speech model: graph"):
        resolve(str(place), tmp_path)


def test_verify_says_what_is_wrong_with_each_file(tmp_path: Path) -> None:
    place = install(tmp_path, "m")
    content = model_files()
    files = {
        name: KnownFile(size=len(each), sha256=hashlib.sha256(each).hexdigest())
        for name, each in content.items()
    }
    assert verify(place, files) == []
    (place / "am" / "final.mdl").write_bytes(bytes(300_000))
    (place / "conf" / "mfcc.conf").write_bytes(b"short")
    (place / "conf" / "model.conf").unlink()
    faults = verify(place, files)
    assert len(faults) == 3
    assert any(fault.startswith("am/final.mdl: SHA-256") for fault in faults)
    assert "conf/mfcc.conf: 5 bytes, should be 19" in faults
    assert "conf/model.conf: missing" in faults


def test_list_as_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    install(tmp_path, SMALL_JA)
    assert run("list", "--json", "--dir", str(tmp_path)) == 0
    rows = {row["name"]: row for row in json.loads(capsys.readouterr().out)}
    assert rows[SMALL_JA]["installed"] is True
    assert rows[SMALL_JA]["path"] == str(tmp_path / SMALL_JA)
    assert rows["vosk-model-ja-0.22"]["installed"] is False
    assert rows["vosk-model-ja-0.22"]["zip_sha256"] is None


def test_list_for_people(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("list", "--dir", str(tmp_path)) == 0
    assert "vosk-model-small-ja" in capsys.readouterr().out


def test_verify_by_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = install(tmp_path, SMALL_JA)
    # The layout is right, the content is not the real model's.
    assert run("verify", SMALL_JA, "--dir", str(tmp_path)) == 1
    assert "am/final.mdl: 300000 bytes, should be 16061359" in capsys.readouterr().err
    assert run("verify", str(place.rename(tmp_path / "own")), "--dir", str(tmp_path)) == 0
    assert run("verify", "ja-synth", "--dir", str(tmp_path)) == 0


def test_exit_codes_and_next_steps(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("fetch", "vosk-small-ja", "--dir", str(tmp_path)) == 2
    assert "next: did you mean" in capsys.readouterr().err
    assert run("verify", "vosk-model-ja-0.22", "--dir", str(tmp_path)) == 1
    with pytest.raises(SystemExit) as caught:
        run("fetch")
    assert caught.value.code == 2


def test_fetching_what_is_there_prints_its_place(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("fetch", "ja-synth", "--dir", str(tmp_path)) == 0
    assert capsys.readouterr().out.strip().endswith("ja-synth")
