"""`[ending]` and its file of reasons: read by the dashboard, checked by `config check`, faults named with file and key."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from kikimori.cli.main import main
from kikimori.config import read_config
from kikimori_core.errors import ConfigError
from kikimori_dashboard.config import read_settings
from kikimori_dashboard.ending.reasons import read_ending_reasons, reason_of

if TYPE_CHECKING:
    from pathlib import Path

REASON = '[[reasons]]\nid = "{id}"\nja = "理由"\nen = "reason"\nsay_ja = "終了いたします。"\nsay_en = "I end this call."\n'


def written(folder: Path, ending: str, reasons: str | None = None) -> Path:
    (folder / "kikimori.toml").write_text(f"[ending]\n{ending}\n", encoding="utf-8")
    if reasons is not None:
        (folder / "own.toml").write_text(reasons, encoding="utf-8")
    return folder / "kikimori.toml"


def test_an_installation_of_the_commit_before_reads_the_defaults(tmp_path: Path) -> None:
    file = tmp_path / "kikimori.toml"
    file.write_text('site = "main"\n', encoding="utf-8")
    table = read_settings(file).ending
    assert (table.people, table.warnings, table.expires_s) == (None, 2, 300)
    read_config(file)


def test_an_office_writes_reasons_of_its_own(tmp_path: Path) -> None:
    file = written(tmp_path, 'people = 2\nreasons = "own.toml"', REASON.format(id="own"))
    settings = read_settings(file)
    assert settings.ending.reasons == tmp_path / "own.toml"
    (reason,) = read_ending_reasons(settings.ending.reasons)
    assert (reason.id, reason.warnings) == ("own", None)
    # One that stood in a proposal and is dropped since is shown by its id, with a sentence all the same.
    gone = reason_of((reason,), "gone")
    assert (gone.ja, gone.say_ja) == ("gone", "終了いたします。")


@pytest.mark.parametrize(
    ("ending", "reasons", "named"),
    [
        ("people = 3", None, "people"),
        ("warnings = -1", None, "warnings"),
        ("warning = 1", None, "warning"),
        ('reasons = "gone.toml"', None, "gone.toml"),
        ('reasons = "own.toml"', "reasons = []\n", "reasons"),
        ('reasons = "own.toml"', REASON.format(id="a b"), "id"),
        ('reasons = "own.toml"', REASON.format(id="twice") * 2, "twice"),
        ('reasons = "own.toml"', REASON.format(id="own").replace("say_ja", "say"), "say"),
    ],
)
def test_a_fault_is_named(tmp_path: Path, ending: str, reasons: str | None, named: str) -> None:
    file = written(tmp_path, ending, reasons)
    with pytest.raises(ConfigError, match=named):
        read_settings(file)
    assert main(["config", "check", "--config", str(file)]) == 2


@pytest.mark.parametrize(
    ("ending", "said"),
    [
        ("", "監督者が2人以上いれば2人"),
        ("people = 1", "1人で判断し確認を押す"),
        ("people = 2\nwarnings = 3", "2人で判断、事前のお願い 3 回"),
    ],
)
def test_config_check_says_what_is_needed(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    ending: str,
    said: str,
) -> None:
    monkeypatch.setenv("LANG", "ja_JP.UTF-8")
    main(["config", "check", "--config", str(written(tmp_path, ending))])
    both = capsys.readouterr()
    assert said in both.out + both.err
