"""`kikimori config check`: everything in a configuration that would end the program at its start."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import get_args

import pytest
from pydantic import BaseModel
from tests.support.certificates import Authority, self_signed
from tests.support.ports import free_port
from tests.support.program import kikimori

from kikimori.cli.main import main
from kikimori.cli.options import state_warning
from kikimori.cli.terminal import SYSTEM_CONFIG
from kikimori.config import DEFAULTS, AgentConfig, read_config
from kikimori_core.wire.files import ConfigWarning, FileKind, named_files
from kikimori_dashboard import DashboardSettings, read_settings


def file_keys(model: type[BaseModel], table: str = "") -> list[tuple[str, str, bool]]:
    """Every key whose value is a path, as table, name, and whether it takes several; found by type, not by mark."""
    found = []
    for name, field in model.model_fields.items():
        annotation = str(field.annotation)
        inner = [each for each in (field.annotation, *get_args(field.annotation)) if is_table(each)]
        if inner:
            found += file_keys(inner[0], f"{table}.{name}".lstrip("."))
        elif "pathlib.Path" in annotation or name == "model":
            found.append((table, name, annotation.startswith("tuple")))
    return found


def is_table(annotation: object) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


KEYS = [
    each
    for each in file_keys(AgentConfig)
    + [
        ("dashboard", name, several)
        for table, name, several in file_keys(DashboardSettings)
        if table.partition(".")[0]
        not in ("mqtt", "store", "signals", "notify", "ending", "records", "listening")  # tables of their own
    ]
    if each[1] not in ("state_dir", "dir", "trust", "folder")  # made where it is not there
]


NEEDED = {
    "records.anchors.mail": {
        "host": '"mail.example"',
        "sender": '"kikimori@office.example"',
        "recipients": '["records@office.example"]',
    },
    "records.anchors.timestamps": {"url": '"https://tsa.example/tsr"', "ca_file": '"ca.pem"'},
}
"""Keys without which a table cannot be read at all."""


def needed(table: str, name: str) -> str:
    """Return the lines that a table needs besides a key."""
    return "".join(f"{key} = {value}\n" for key, value in NEEDED.get(table, {}).items() if key != name)


def test_the_keys_were_found() -> None:
    assert {("mqtt", "ca_file", False), ("judging", "rules", True), ("dashboard", "sentences", True)} <= set(
        KEYS
    )


def checked(folder: Path, text: str, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    config = folder / "kikimori.toml"
    config.write_text(text, encoding="utf-8")
    code = main(["config", "check", "--config", str(config)])
    return code, capsys.readouterr().err


@pytest.mark.parametrize(("table", "name", "several"), KEYS, ids=str)
def test_a_file_that_is_not_there_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], table: str, name: str, several: bool
) -> None:
    value = '["gone/file"]' if several else '"gone/file"'
    more = beside_it(tmp_path, name) if name == "certificate_key" else ""
    code, said = checked(tmp_path, f"[{table}]\n{name} = {value}\n{more}{needed(table, name)}", capsys)
    assert code == 2
    assert name in said
    assert "gone/file" in said
    assert "next: " in said
    assert "fit for use" not in said


@pytest.mark.parametrize(("table", "name", "several"), KEYS, ids=str)
def test_a_relative_path_is_beside_the_configuration_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, table: str, name: str, several: bool
) -> None:
    """Whatever the working directory is, even where it holds a file of the same name."""
    office, elsewhere = tmp_path / "office", tmp_path / "elsewhere"
    for each in (office, elsewhere):
        (each / "in").mkdir(parents=True)
        place(each / "in" / "file", FileKind.MODEL if name == "model" else None)
    monkeypatch.chdir(elsewhere)
    config = office / "kikimori.toml"
    value = '["in/file"]' if several else '"in/file"'
    more = 'certificate = "in/file"\n' if name == "certificate_key" else ""
    config.write_text(f"[{table}]\n{name} = {value}\n{more}{needed(table, name)}", encoding="utf-8")
    if table == "dashboard":
        shutil.copy(DEFAULTS / "sentences" / "en.toml", office / "in" / "file")
    else:
        assert {each.path for each in named_files(read_config(config))} == {office / "in" / "file"}
    if table in ("mqtt", "dashboard"):
        assert {each.path for each in named_files(read_settings(config))} == {office / "in" / "file"}


@pytest.mark.parametrize(("table", "name", "several"), KEYS, ids=str)
def test_files_of_the_working_directory_are_read_for_one_release_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, table: str, name: str, several: bool
) -> None:
    """As the release before read them; rules, phrases and SIPREC's files were beside the file already."""
    if several or name == "second_opinion_model" or table == "dashboard":
        pytest.skip("was always relative to the file")
    office, elsewhere = tmp_path / "office", tmp_path / "elsewhere"
    office.mkdir()
    (elsewhere / "in").mkdir(parents=True)
    place(elsewhere / "in" / "file", FileKind.MODEL if name == "model" else None)
    monkeypatch.chdir(elsewhere)
    config = office / "kikimori.toml"
    config.write_text(f'[{table}]\n{name} = "in/file"\n{needed(table, name)}', encoding="utf-8")
    with pytest.warns(ConfigWarning, match=f"{table}.*{name}.*working directory"):
        read = read_config(config)
    assert [each.path for each in named_files(read)] == [elsewhere / "in" / "file"]


def test_files_of_lamps_and_notices_are_looked_at(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """And that something leaves the house is said."""
    code, said = checked(
        tmp_path,
        '[signals]\ndevices_password_file = "gone/devices"\n[notify]\nenabled = true\n'
        '[[notify.webhooks]]\nname = "chat"\nkind = "slack"\nurl_file = "gone/hook"\n',
        capsys,
    )
    assert code == 2
    assert "[signals] devices_password_file" in said
    assert "[notify.webhooks] url_file" in said
    assert "leaves the house" in said


def place(path: Path, kind: FileKind | None) -> None:
    if kind is FileKind.MODEL:
        path.mkdir()
    else:
        path.write_text("word\n", encoding="utf-8")


async def test_the_warning_is_one_line(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    (elsewhere / "in").mkdir(parents=True)
    authority = Authority(elsewhere / "in", "ca")
    config = tmp_path / "kikimori.toml"
    config.write_text('[mqtt]\nca_file = "in/ca.pem"\n', encoding="utf-8")
    always = {"PYTHONWARNINGS": "always"}
    ended = await kikimori("config", "check", "--config", config, cwd=elsewhere, env=always)
    assert ended.code == 0, ended.err
    (line,) = [each for each in ended.err.splitlines() if "working directory" in each]
    assert line.startswith(f"warning: {config}: [mqtt] ca_file: ")
    assert str(authority.file) in line


def test_bare_names_of_secrets_are_credentials(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where a file of that name stands beside the configuration."""
    (tmp_path / "mqtt-password").write_text("other\n", encoding="utf-8")
    credentials = tmp_path / "credentials"
    credentials.mkdir()
    (credentials / "mqtt-password").write_text("word\n", encoding="utf-8")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(credentials))
    config = tmp_path / "kikimori.toml"
    config.write_text('[mqtt]\npassword_file = "mqtt-password"\n', encoding="utf-8")
    assert read_config(config).mqtt.password() == "word"


@pytest.mark.parametrize(("table", "name", "several"), KEYS, ids=str)
def test_a_file_that_holds_nothing_of_use_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], table: str, name: str, several: bool
) -> None:
    (tmp_path / "in").mkdir()
    broken = tmp_path / "in" / "file"
    broken.write_bytes(b"\n" if "password" in name or "token" in name else b"\xff\n")
    value = '["in/file"]' if several else '"in/file"'
    more = beside_it(tmp_path, name)
    code, said = checked(tmp_path, f"[{table}]\n{name} = {value}\n{more}{needed(table, name)}", capsys)
    assert code == 2
    assert str(broken) in said


def beside_it(folder: Path, name: str) -> str:
    """Return what a certificate or key needs in its table to be used, all of it good."""
    if name in ("cert_file", "key_file"):
        cert, _ = self_signed(folder, "me")
        beside = "" if name == "cert_file" else f'cert_file = "{cert}"\n'
        return f'ca_file = "{cert}"\n{beside}'
    if name in ("certificate", "certificate_key"):
        cert, key = self_signed(folder, "me")
        return f'certificate_key = "{key}"\n' if name == "certificate" else f'certificate = "{cert}"\n'
    if not name.startswith("tls_"):
        return ""
    cert, key = self_signed(folder, "me")
    good = {"tls_cert": cert, "tls_key": key}
    return "tls_port = 5061\n" + "".join(
        f'{each} = "{path}"\n' for each, path in good.items() if each != name
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[audiosocket]\nhost = '192.0.2.1'", "192.0.2.1 is no address of this machine"),
        (
            "[chan_websocket]\nenabled = true\nport = 9092",
            "given to [audiosocket] port and [chan_websocket] port",
        ),
        ("[dashboard]\nport = 9092", "given to [audiosocket] port and [dashboard] port"),
        ("[audiosocket]\nport = 1883", "given to [audiosocket] port and [mqtt] port"),
        ("[mirror]\nenabled = true\ninterface = 'none0'", "no network card none0; it has lo"),
        (
            "[audiosocket]\nhost = '0.0.0.0'\n[asterisk]\ntap = true\nari_password_file = 'in/word'",
            "audio_host",
        ),
        ("state_dir = 'in/word'", "no folder"),
    ],
)
def test_what_would_end_the_start(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, said: str
) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "word").write_text("word\n", encoding="utf-8")
    code, answer = checked(tmp_path, text, capsys)
    assert code == 2
    assert said in answer
    assert "next: " in answer


def test_every_fault_is_told_with_its_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = "[mqtt]\nca_file = 'a.pem'\n[asterisk]\nari_password_file = 'in/b'\n"
    code, said = checked(tmp_path, text, capsys)
    assert code == 2
    assert f"{tmp_path}/kikimori.toml:2: [mqtt] ca_file: {tmp_path}/a.pem: No such file" in said
    assert f"{tmp_path}/kikimori.toml:4: [asterisk] ari_password_file: {tmp_path}/in/b: No such file" in said


async def test_what_is_fit_for_use_starts(tmp_path: Path) -> None:
    """The issue that began this: `up` ended with 1 for a password that `config check` had not missed."""
    ports = [free_port() for _ in range(4)]
    config = tmp_path / "kikimori.toml"
    config.write_text(
        f"state_dir = 'state'\n[mqtt]\nport = {ports[0]}\n[audiosocket]\nport = {ports[1]}\nannounce_port = {ports[2]}\n"
        f"[asterisk]\ntap = true\nari_password_file = 'in/ari-password'\n[dashboard]\nport = {ports[3]}\n[store]\ndir = 'people'\n",
        encoding="utf-8",
    )
    check, up = (
        await kikimori("config", "check", "--config", config),
        await kikimori("up", "--config", config),
    )
    assert (check.code, up.code) == (2, 1)
    for each in (check, up):
        assert "ari-password" in each.err
        assert "Traceback" not in each.err


def test_a_service_that_would_look_elsewhere_for_models(monkeypatch: pytest.MonkeyPatch) -> None:
    """`state_dir` forgotten: models would be fetched to the home folder of root, which the service does not see."""
    monkeypatch.delenv("STATE_DIRECTORY", raising=False)
    warned = state_warning(SYSTEM_CONFIG, AgentConfig())
    assert warned is not None
    assert 'state_dir = "/var/lib/kikimori"' in warned
    assert state_warning(SYSTEM_CONFIG, AgentConfig(state_dir=Path("/var/lib/kikimori"))) is None
    assert state_warning(Path("kikimori.toml"), AgentConfig()) is None
    monkeypatch.setenv("STATE_DIRECTORY", "/var/lib/kikimori")
    assert state_warning(SYSTEM_CONFIG, AgentConfig()) is None


# --- values in plain words


def patterned(model: type[BaseModel], *above: str) -> list[tuple[str, ...]]:
    """Every key that takes text which is not any text; `[]` behind it where it takes a list of them."""
    found: list[tuple[str, ...]] = []
    for name, field in model.model_fields.items():
        inner = [each for each in (field.annotation, *get_args(field.annotation)) if is_table(each)]
        if inner and get_args(field.annotation)[1:] != (...,):
            found += patterned(inner[0], *above, name)
        elif "matching" in f"{field.annotation}{field.metadata}" or "pattern" in f"{field.metadata}":
            found.append((*above, f"{name}[]" if "tuple[" in f"{field.annotation}" else name))
    return found


@pytest.mark.parametrize("key", patterned(AgentConfig), ids=".".join)
def test_text_that_cannot_stand_is_answered_in_plain_words(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], key: tuple[str, ...]
) -> None:
    *table, name = key
    text = f"[{'.'.join(table)}]\n{needed('.'.join(table), name.removesuffix('[]'))}" if table else ""
    value = '["東京 本社"]' if name.endswith("[]") else '"東京 本社"'
    code, said = checked(tmp_path, f"{text}{name.removesuffix('[]')} = {value}\n", capsys)
    assert code == 2
    assert '"東京 本社" cannot stand here' in said
    assert "e.g." in said or "like" in said
    assert "pattern" not in said
    assert "[0-9A-Za-z" not in said


def test_the_patterned_keys_were_found() -> None:
    assert {("site",), ("asterisk", "dial"), ("pbx", "superior"), ("speech", "server")} <= set(
        patterned(AgentConfig)
    )
