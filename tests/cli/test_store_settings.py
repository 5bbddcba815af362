"""The table `[store]`: what is refused, and which folder is meant."""

from __future__ import annotations

from pathlib import Path

import pytest

from kikimori.cli.main import main
from kikimori_core.errors import ConfigError
from kikimori_dashboard import read_settings
from kikimori_records.settings import FILE, StoreSettings, state_folder

POSTGRES = "postgresql://kikimori@db.office.example/kikimori"


def checked(folder: Path, text: str, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    config = folder / "kikimori.toml"
    config.write_text(text, encoding="utf-8")
    code = main(["config", "check", "--config", str(config)])
    return code, capsys.readouterr().err


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://kikimori:geheim@db/kikimori",
        "postgresql://kikimori:@db/kikimori",
        "postgresql://kikimori@db/kikimori?password=geheim",
        "postgresql://kikimori@db/kikimori?sslpassword=geheim",
    ],
)
def test_a_password_in_the_address_is_refused_and_not_repeated(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], url: str
) -> None:
    code, said = checked(tmp_path, f'[store]\nurl = "{url}"\n', capsys)
    assert code == 2
    assert "kikimori.toml:2: store.url: holds a password" in said
    assert "password_file" in said
    assert "geheim" not in said


@pytest.mark.parametrize(
    "url", ["mysql://x@y/z", "postgresql://kikimori@db", "", "sqlite:///x", POSTGRES[:-9] + ":x/y"]
)
def test_another_address_is_refused_in_words(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], url: str
) -> None:
    code, said = checked(tmp_path, f'[store]\nurl = "{url}"\n', capsys)
    assert code == 2
    assert "kikimori.toml:2: store.url: " in said
    assert "PostgreSQL's address" in said or "port" in said


def test_a_password_file_that_is_not_there_or_empty_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = f'[store]\nurl = "{POSTGRES}"\npassword_file = "in/word"\n'
    code, said = checked(tmp_path, text, capsys)
    assert code == 2
    assert f"kikimori.toml:3: [store] password_file: {tmp_path}/in/word: No such file" in said
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "word").write_text("\n", encoding="utf-8")
    code, said = checked(tmp_path, text, capsys)
    assert code == 2
    assert "the file is empty" in said
    (tmp_path / "in" / "word").write_text("geheim\n", encoding="utf-8")
    code, said = checked(tmp_path, text, capsys)
    assert code == 0
    assert "[store] url: db.office.example is another machine" in said
    assert "sslmode=verify-full" in said


def test_an_unknown_key_is_named(tmp_path: Path) -> None:
    config = tmp_path / "kikimori.toml"
    config.write_text("[store]\nurll = 'sqlite'\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"kikimori\.toml:2: store\.urll: unknown key; did you mean url"):
        read_settings(config)


def test_the_folder_is_that_of_the_keys_unless_it_is_set(tmp_path: Path) -> None:
    config = tmp_path / "kikimori.toml"
    config.write_text("[dashboard]\nstate_dir = 'keys'\n", encoding="utf-8")
    assert read_settings(config).store_settings().folder() == tmp_path / "keys"
    config.write_text("[dashboard]\nstate_dir = 'keys'\n[store]\ndir = 'data'\n", encoding="utf-8")
    assert read_settings(config).store_settings().folder() == tmp_path / "data"


def test_of_systemds_folders_the_one_with_a_database_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The unit of `kikimori up` gives two; a database that stands in the agent's stays there."""
    agent, own = tmp_path / "kikimori", tmp_path / "kikimori-dashboard"
    assert state_folder(f"{agent}") == agent
    assert state_folder(f"{agent}:{own}") == own
    agent.mkdir()
    (agent / FILE).touch()
    assert state_folder(f"{agent}:{own}") == agent
    monkeypatch.setenv("STATE_DIRECTORY", f"{agent}:{own}")
    assert StoreSettings().folder() == agent


def test_the_password_is_read_from_its_file_alone(tmp_path: Path) -> None:
    secret = tmp_path / "word"
    secret.write_text("geheim\n", encoding="utf-8")
    read = StoreSettings(url=POSTGRES, password_file=secret).with_password()
    secret.unlink()
    assert read.password() == "geheim"
    assert "geheim" not in repr(read)
