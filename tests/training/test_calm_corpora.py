"""The recipe that makes files of calm speech from clones of public corpora, on clones written here."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.support.program import kikimori

TRAINING = Path(__file__).parents[2] / "models" / "training"


def put(path: Path, *documents: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(json.dumps(each, ensure_ascii=False) for each in documents), encoding="utf-8")


def clones(folder: Path) -> tuple[Path, Path]:
    asdc, rpc = folder / "asdc", folder / "rpc"
    put(
        asdc / "data/main/dialog/json/001.json",
        {
            "meta": {"id": {"id": "main.001"}},
            "utterances": [
                {"name": "operator_1", "text": "ご予約ですか。\nご希望をどうぞ。"},
                {"name": "customer_1", "text": "海の見える宿がいいです。"},
            ],
        },
    )
    pair = {"utterances": [{"name": "agent", "text": "何名様ですか"}, {"name": "user", "text": "2人です"}]}
    put(asdc / "data/vanilla/travel.VanillaUtterances.jsonl", pair, pair)
    put(asdc / "data/supplemental/utterances/basic.VanillaUtterances.jsonl", pair)
    chat = {
        "dialogue_id": 1,
        "utterances": [
            {"interlocutor_id": "AA", "text": "こんにちは"},
            {"interlocutor_id": "AB", "text": "今日は涼しいですね"},
        ],
    }
    # The corpus gives some ids twice.
    put(rpc / "real_persona_chat/dialogues/00001.json", chat)
    put(rpc / "real_persona_chat/dialogues/00002.json", chat)
    put(rpc / "real_persona_chat/interlocutors.json", {})
    return asdc, rpc


def made(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "kikimori_training.calm_corpora", *map(str, arguments)],
        env={"PYTHONPATH": str(TRAINING), "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"},
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )


async def test_files_that_the_program_reads(tmp_path: Path) -> None:
    asdc, rpc = clones(tmp_path)
    out = tmp_path / "calm"
    ended = made("--asdc", asdc, "--rpc", rpc, "--out", out)
    assert ended.returncode == 0, ended.stderr
    lines = [json.loads(line) for line in (out / "asdc.jsonl").read_text(encoding="utf-8").splitlines()]
    assert lines == [
        {"text": "ご予約ですか。", "speaker": "operator", "dialogue": "main.001"},
        {"text": "ご希望をどうぞ。", "speaker": "operator", "dialogue": "main.001"},
        {"text": "海の見える宿がいいです。", "speaker": "customer", "dialogue": "main.001"},
    ]
    found = await kikimori("evaluate-words", "--calm", *sorted(out.glob("*.jsonl")), "--json")
    calm = json.loads(found.out)["calm"]
    numbers = {
        Path(name).name: (each["calls"]["n"], each["sentences"]["n"]) for name, each in calm["files"].items()
    }
    assert numbers == {"asdc.jsonl": (1, 3), "asdc-short.jsonl": (3, 6), "rpc.jsonl": (2, 4)}


def test_a_folder_that_is_no_clone(tmp_path: Path) -> None:
    ended = made("--rpc", tmp_path, "--out", tmp_path / "calm")
    assert ended.returncode == 1
    assert "is it a clone of the repository?" in ended.stderr
    assert made("--out", tmp_path).returncode == 2
