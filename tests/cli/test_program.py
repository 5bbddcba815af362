"""The command line as a person meets it: help, mistakes, exit codes."""

from __future__ import annotations

import asyncio
import errno
import io
import json
import os
import re
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any, get_args, get_origin

import numpy as np
import pytest
import soundfile
from pydantic import BaseModel
from rich.cells import cell_len
from structlog.testing import capture_logs
from tests.support.ports import free_port
from tests.support.program import kikimori

from kikimori.cli.main import _several_failed, main
from kikimori.config import (
    DEFAULTS,
    AgentConfig,
    read_config,
)
from kikimori.errors import ConfigError
from kikimori.rule_warnings import warn_of_capped_rules
from kikimori_core.judging.rules import load_rules
from kikimori_core.wire.messages import Action
from kikimori_dashboard import DashboardSettings, read_book
from kikimori_dashboard.config import FormerSuperior, read_settings
from kikimori_dashboard.ending.settings import EndingTable
from kikimori_dashboard.notices.settings import NotifySettings
from kikimori_dashboard.signals.settings import SignalSettings
from kikimori_lab.demo.script import FOLDER, load_calls
from kikimori_records.settings import StoreSettings

COMMANDS = [
    [],
    ["demo"],
    ["up"],
    ["agent"],
    ["dashboard"],
    ["analyze"],
    ["bench"],
    ["bench", "calls"],
    ["bench", "phrases"],
    ["bench", "words"],
    ["bench", "rtp"],
    ["bench", "soak"],
    ["doctor"],
    ["evaluate"],
    ["evaluate-words"],
    ["config", "check"],
    ["models", "list"],
    ["models", "fetch"],
    ["models", "verify"],
]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_explains_itself(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([*command, "--help"])
    assert ended.value.code == 0
    said = capsys.readouterr().out
    assert said.startswith(f"usage: {' '.join(['kikimori', *command])}")
    # Every option and argument says what it is.
    bare = [
        line
        for line, following in zip(said.splitlines(), [*said.splitlines()[1:], ""], strict=True)
        if line.startswith("  -") and "  " not in line.strip() and not following.startswith("      ")
    ]
    assert bare == []


def test_a_wrong_argument_is_two() -> None:
    with pytest.raises(SystemExit) as ended:
        main(["demo", "--onec"])
    assert ended.value.code == 2


def test_faults_that_come_together_are_lines(capsys: pytest.CaptureFixture[str]) -> None:
    """The one with a next step first; what broke besides is named, not hidden and not shown as a traceback."""
    faults = [
        PermissionError(errno.EACCES, "Permission denied", "/var/lib/kikimori"),
        ConfigError("the port is taken", next_step="choose another"),
        ValueError("a fault of ours"),
    ]
    assert _several_failed(faults) == 2
    assert capsys.readouterr().err.splitlines() == [
        "kikimori: the port is taken",
        "  next: choose another",
        "  also: /var/lib/kikimori: Permission denied",
        "  also: ValueError: a fault of ours",
    ]


def test_calls_of_a_soak_last_some_time(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "soak", "--shortest", "4"]) == 1
    assert "--shortest no longer than --longest" in capsys.readouterr().err


# --- config check


def test_defaults_are_fit_for_use(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = tmp_path / "kikimori.toml"
    config.write_text("", encoding="utf-8")
    assert main(["config", "check", "--rules", "--config", str(config)]) == 0
    said = capsys.readouterr()
    assert "fit for use" in said.out
    assert "shouting" in said.out
    assert "kikimori models fetch vosk-model-small-ja-0.22" in said.err


def test_a_rule_that_makes_a_voice_critical_is_told_of(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A file as the release before wrote it: read, and said what becomes of it; once in the agent's log."""
    (tmp_path / "mine.toml").write_text(
        '[[rule]]\nid = "shouting"\nkind = "shouting"\ntitle = { ja = "大声・怒声", en = "Raised voice" }\n'
        'severity = "warning"\ncritical_raised_s = 8.0\ncritical_window_s = 60.0\n',
        encoding="utf-8",
    )
    config = tmp_path / "kikimori.toml"
    config.write_text('[judging]\nrules = ["mine.toml"]\n', encoding="utf-8")
    assert main(["config", "check", "--config", str(config)]) == 0
    said = capsys.readouterr()
    assert "fit for use" in said.out
    assert "warning: rule shouting: critical_raised_s: a voice alone is at most a warning" in said.err

    with capture_logs() as logs:
        warn_of_capped_rules(load_rules([tmp_path / "mine.toml"]))
        warn_of_capped_rules(load_rules([DEFAULTS / "rules" / "default.toml"]))
    assert logs == [
        {
            "event": "rule_keys_capped_at_warning",
            "log_level": "warning",
            "rules": {"shouting": ["critical_raised_s"]},
        }
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", ["audiosocket 127.0.0.1:9092, announcements on port 8766"]),
        ("[audiosocket]\nenabled = false", ["no way in is switched on"]),
        (
            "[audiosocket]\nenabled = false\n[chan_websocket]\nenabled = true\n[siprec]\nenabled = true\nudp = false",
            ["siprec 127.0.0.1, TCP 5060, audio on UDP 20000 to 23999", "chan_websocket 127.0.0.1:8767"],
        ),
        (
            "[asterisk]\ntap = true\nari_password_file = 'in/x'\n[freeswitch]\ntap = true\nesl_password_file = 'in/x'",
            [
                "audiosocket 127.0.0.1:9092, announcements on port 8766",
                "asterisk calls from http://127.0.0.1:8088/ari",
                "freeswitch 127.0.0.1:8768",
            ],
        ),
        (
            (
                "[audiosocket]\nenabled = false\n[mirror]\nenabled = true\ninterface = 'lo'\n"
                "[line_in]\nenabled = true\n[[line_in.devices]]\nname = 'desk1'\ndevice = 'USB'"
            ),
            ["line-in desk1", "mirror of lo"],
        ),
    ],
)
def test_the_ways_in_that_are_switched_on_are_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, said: list[str]
) -> None:
    config = tmp_path / "kikimori.toml"
    config.write_text(text, encoding="utf-8")
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "x").write_text("word\n", encoding="utf-8")
    assert main(["config", "check", "--config", str(config)]) == 0
    lines = capsys.readouterr().out.splitlines()
    site = next(number for number, line in enumerate(lines) if line.startswith("site "))
    dashboard = next(number for number, line in enumerate(lines) if line.startswith("dashboard "))
    assert lines[site + 1 : dashboard] == said


@pytest.mark.parametrize(
    ("text", "key", "reason"),
    [
        ("site = 3", "site", "string"),
        ("[audiosocket]\nporte = 1", "audiosocket.porte", "did you mean port?"),
        ("[pbx]\nsuperiour = '200'", "kikimori.toml:2: pbx.superiour", "did you mean superior?"),
        ("superior = '200'", "kikimori.toml:1: superior", "it belongs under [pbx]"),
        ("[sidez]", "kikimori.toml:1: sidez", "did you mean sides?"),
        ("site = '東京本社'", "kikimori.toml:1: site", 'site_name = "東京本社"'),
        ("[dashboard]\nport = 1\nprot = 1", "kikimori.toml:3: dashboard.prot", "did you mean port?"),
        ("[dashboard]\ntime_zone = 'Tokyo'", "kikimori.toml:2: dashboard.time_zone", "Asia/Tokyo"),
        ("[audiosocket]\nallow = ['10.0.0.0/99']", "audiosocket.allow", "10.0.0.0/99"),
        ("[pbx]\nkind = 'panasonic'", "pbx.kind", "manual"),
        ("[dashboard]\nhost = '0.0.0.0'", "dashboard.host", "without encryption"),
        ("[mqtt]\nport = 70000", "mqtt.port", "65535"),
        ("[judging]\nrules = ['nowhere.toml']", "judging", "no such file"),
        ("[speech", "", "not valid TOML"),
        ("[pbx]\n[sides]\n[pbx]\nkind = 'manual'", "kikimori.toml:3", "[pbx] stands here and in line 1"),
        ("[pbx]\nsuperior = '200'\nsuperior = '201'", "kikimori.toml:3", "superior is set twice"),
        ("[pbx]\nsuperior = 課長", "kikimori.toml:2", "double quotes"),
        ("[pbx]\nsuperior\uff1d'200'", "kikimori.toml:2", "half-width"),
        ("[pbx]\nsuperior = '200' \u3000# 上席", "kikimori.toml:2", "half-width"),
        ("[mqtt]\nport = \uff11\uff18\uff18\uff13", "kikimori.toml:2", "half-width"),
        ("[unanswered]\ncritical = \uff54\uff52\uff55\uff45", "kikimori.toml:2", "half-width"),
        ('[pbx]\nsuperior = "200\nring_s = 20', "kikimori.toml:2", "second quotation mark"),
        ('state_dir = "C:\\users"', "kikimori.toml:1", "backslash"),
        (
            "[siprec]\nallow = ['192.168.1.5/24']",
            "kikimori.toml:2",
            'write "192.168.1.0/24" for the whole network',
        ),
        ("[siprec]\nallow = ['192.168.1.*']", "kikimori.toml:2", '"192.168.1.*" is no network'),
    ],
)
def test_a_mistake_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, key: str, reason: str
) -> None:
    """File, key and reason; exit code 2."""
    config = tmp_path / "kikimori.toml"
    config.write_text(text, encoding="utf-8")
    assert main(["config", "check", "--config", str(config)]) == 2
    said = capsys.readouterr().err
    assert str(config) in said
    assert key in said
    assert reason in said
    assert "Traceback" not in said


def test_own_sentences_are_checked_and_a_situation_that_never_comes_is_told_of(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config, own = tmp_path / "kikimori.toml", tmp_path / "own.toml"
    config.write_text('[dashboard]\nsentences = ["own.toml"]\n')
    good = 'language = "ja"\n[[sentence]]\nwhen = "shoutin"\nsay = "はい。"\nsource = "own"\n'
    own.write_text(good, encoding="utf-8")
    assert main(["config", "check", "--config", str(config)]) == 0
    told = capsys.readouterr()
    count = sum(len(each) for each in read_book().situations("ja").values())
    assert f"sentences for operators: {count + 1} in Japanese" in told.out
    assert "sentences (ja) for shoutin: no rule is of that kind" in told.err
    own.write_text(good + "occasion = 0\n", encoding="utf-8")
    assert main(["config", "check", "--config", str(config)]) == 2
    assert f"{own}:6: sentence[1].occasion" in capsys.readouterr().err


def test_an_editor_of_windows_may_have_saved_the_file(tmp_path: Path) -> None:
    """With a byte order mark and carriage returns it is the same file; in another encoding the next step is named."""
    config = tmp_path / "kikimori.toml"
    config.write_bytes(b"\xef\xbb\xbf[pbx]\r\nsuperior = '201'\r\n")
    assert read_config(config).pbx.superior == "201"
    config.write_bytes("[pbx]\nsuperior_name = '佐藤'\n".encode("cp932"))
    with pytest.raises(ConfigError) as caught:
        read_config(config)
    assert "UTF-8" in caught.value.next_step


EXAMPLE = DEFAULTS / "kikimori.toml"


def test_the_example_holds_every_default() -> None:
    """`config/kikimori.toml` says what the program does without it."""
    read = read_config(EXAMPLE)
    expected = AgentConfig(agent_id=read.agent_id)
    theirs: dict[str, Any] = {each: {} for each in ("dashboard", "store", "signals", "notify", "ending")}
    assert read.model_copy(update=theirs) == expected
    # Of the superior the dashboard takes over only what is written, and the example writes the agent's default.
    assert read_settings(EXAMPLE).model_copy(update={"pbx": FormerSuperior()}) == DashboardSettings()


def test_the_example_names_every_key_in_its_table_and_no_other() -> None:
    named: dict[str, set[str]] = {"": set()}
    table = ""
    for line in EXAMPLE.read_text(encoding="utf-8").splitlines():
        # Those behind a `#` have no default that could be written.
        if found := re.match(r"(?:# )?\[\[?([a-z_.]+)\]", line):
            table = found[1]
            named.setdefault(table, set())
        elif found := re.match(r"(?:# )?([a-z_]+) = ", line):
            named[table].add(found[1])
    known = keys(AgentConfig, "")
    known["dashboard"] = set(DashboardSettings.model_fields) - {
        "site",
        "language",
        "mqtt",
        "store",
        "pbx",
        "unanswered",
        "ending",
        "listening",
        "signals",
        "notify",
        "recording",
        "records",
    }
    known["store"] = set(StoreSettings.model_fields)
    known |= keys(SignalSettings, "signals") | keys(NotifySettings, "notify")
    known |= keys(EndingTable, "ending")
    assert named["signals.mqtt"] <= known["signals.mqtt"]
    known["signals.mqtt"] = named["signals.mqtt"]
    known["notify"].add("seats")
    known["pbx.instructions"] = named["pbx.instructions"]
    assert named["pbx.instructions"] <= set(Action)
    assert named == known


def keys(model: type[BaseModel], table: str) -> dict[str, set[str]]:
    """The keys of a table and of those in it, by the tables' names."""
    found: dict[str, set[str]] = {table: set()}
    for name, field in model.model_fields.items():
        inner, *_ = [each for each in (field.annotation, *get_args(field.annotation)) if is_table(each)] or [
            None
        ]
        if inner is not None:
            found |= keys(inner, f"{table}.{name}".lstrip("."))
        elif get_origin(field.annotation) is not dict:
            found[table].add(name)
    return found


def is_table(annotation: object) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


# --- analyze


async def test_a_recording_is_judged(tmp_path: Path) -> None:
    """Segments and alerts with start and end, from the same call in three kinds of file."""
    call = next(each for each in load_calls() if each.name == "shouting")
    source = FOLDER / call.truth.audio
    samples, rate = soundfile.read(source, dtype="int16")
    swapped = tmp_path / "swapped.wav"
    soundfile.write(swapped, samples[:, ::-1], rate)
    config = tmp_path / "kikimori.toml"
    config.write_text('[speech]\nmodel = "ja-synth"\n', encoding="utf-8")
    straight, other = await asyncio.gather(
        kikimori("analyze", source, "--json", "--config", config),
        kikimori("analyze", swapped, "--swap", "--json", "--config", config),
    )
    found = [json.loads(line) for line in straight.out.splitlines()]
    alerts = [each for each in found if each["type"] == "alert" and each["rule"] not in call.truth.tolerated]
    segments = [each for each in found if each["type"] == "segment"]
    assert straight.code == 0
    assert [each["rule"] for each in alerts] == ["shouting"]
    expected = call.truth.expected_alerts[0]
    assert expected.start <= alerts[0]["start"] <= expected.end
    assert {each["role"] for each in segments} == {"customer", "operator"}
    assert all(0 <= each["start"] < each["end"] <= len(samples) / rate + 1 for each in segments)
    assert [{**each, "file": ""} for each in map(json.loads, other.out.splitlines())] == [
        {**each, "file": ""} for each in found
    ]


async def test_mono_is_mixed_and_any_rate_will_do(tmp_path: Path) -> None:
    """Half a second of a tone at 44.1 kHz: nothing said, nothing wrong."""
    path = tmp_path / "tone.wav"
    soundfile.write(path, np.sin(np.arange(22050) / 10) * 0.1, 44100)
    ended = await kikimori("analyze", path)
    assert ended.code == 0
    assert "no alert" in ended.out
    assert "speech recognition is off" in ended.err


@pytest.mark.parametrize("law", ["ULAW", "ALAW"])
async def test_encrypted_sound_in_a_recording_raises_no_alert(tmp_path: Path, law: str) -> None:
    """Bytes of SRTP taken for G.711, as mono and on both lines of a call."""
    codes = np.random.default_rng(5).bytes(40 * 8000)
    mono, stereo = tmp_path / "mono.wav", tmp_path / "stereo.wav"
    raw = io.BytesIO(codes)
    noise, _ = soundfile.read(raw, dtype="int16", format="RAW", samplerate=8000, channels=1, subtype=law)
    soundfile.write(mono, noise, 8000, subtype=law)
    soundfile.write(stereo, np.stack([noise, noise[::-1]], axis=1), 8000, subtype=law)
    ended = await kikimori("analyze", mono, stereo, "--json")
    assert ended.code == 0
    assert [json.loads(line)["type"] for line in ended.out.splitlines() if '"alert"' in line] == []


async def test_one_bad_file_does_not_stop_the_others(tmp_path: Path) -> None:
    bad, empty, good = (tmp_path / name for name in ("bad.wav", "empty.wav", "good.wav"))
    bad.write_bytes(b"RIFF but no sound")
    soundfile.write(empty, np.zeros(0, dtype="int16"), 8000)
    soundfile.write(good, np.zeros(8000, dtype="int16"), 8000)
    ended = await kikimori("analyze", bad, tmp_path / "missing.wav", empty, good, "--json")
    assert ended.code == 1
    assert "no such file" in ended.err
    assert "holds no audio" in ended.err
    assert str(bad) in ended.err
    assert "Traceback" not in ended.err


# --- running


async def test_a_taken_port_is_explained(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        config = tmp_path / "kikimori.toml"
        config.write_text(f"[mqtt]\nport = {taken.getsockname()[1]}\n", encoding="utf-8")
        ended = await kikimori("up", "--config", config)
    assert ended.code == 1
    assert "port" in ended.err
    assert "next: " in ended.err
    assert "Traceback" not in ended.err


async def test_the_models_can_be_read_at_80_columns(tmp_path: Path) -> None:
    """Names and sentences whole: no word is cut, no line is longer."""
    ended = await kikimori("models", "list", "--dir", tmp_path, env={"COLUMNS": "80"})
    assert ended.code == 0
    lines = ended.out.splitlines()
    assert all(cell_len(line) <= 80 for line in lines[:-1])
    assert "…" not in ended.out
    assert "vosk-model-small-ja-0.22     ja  50 MB    not installed" in [line.rstrip() for line in lines]
    assert "    Japanese, small. Begin with this one." in [line.rstrip() for line in lines]
    # Nothing is a column of single words.
    assert len(lines) < 25


async def test_a_model_without_a_network_can_be_copied(tmp_path: Path) -> None:
    proxy = f"http://127.0.0.1:{free_port()}"
    name = "vosk-model-small-ja-0.22"
    ended = await kikimori(
        *("models", "fetch", name, "--dir", tmp_path), env={"https_proxy": proxy, "no_proxy": ""}
    )
    assert ended.code == 1
    assert f"copy its folder to {tmp_path / name}" in ended.err
    assert "Traceback" not in ended.err


async def test_too_few_calls_for_words_are_told_before_they_are_played() -> None:
    ended = await kikimori("bench", "words", "--calls", "6")
    assert ended.code == 1
    assert "--calls 9 or more" in ended.err


async def test_an_unknown_model_is_explained(tmp_path: Path) -> None:
    ended = await kikimori("models", "fetch", "vosk-model-klingon", "--dir", tmp_path)
    assert ended.code != 0
    assert "kikimori models list" in ended.err


async def test_bench_prints_its_figures() -> None:
    """Two calls for two seconds: only that it measures, not what."""
    ended = await kikimori("bench", "calls", "--calls", "2", "--seconds", "2", "--json")
    assert ended.code == 0, ended.err
    figures = json.loads(ended.out)
    names = {"cpu_s_per_call_s", "rss_mb_per_call", "lag_ms_p50", "lag_ms_p99", "frames_dropped"}
    assert names <= figures.keys()
    assert figures["frames_dropped"] == 0
    assert figures["cpu_s_per_call_s"] > 0


async def test_bench_rtp_prints_its_figures_beside_the_reference() -> None:
    ended = await kikimori("bench", "rtp", "--packets", "500", "--json")
    assert ended.code == 0, ended.err
    figures = json.loads(ended.out)
    assert {"pcmu_us", "g722_us", "mirrored_pcmu_us", "reference", "reference_us"} <= figures.keys()
    assert figures["pcmu_us"] > 0
    assert figures["srtp_vs_plain"] > 0


async def test_a_capture_is_analysed_call_by_call(tmp_path: Path) -> None:
    """Real calls: `*9` pressed on the operator's telephone, and one that is encrypted."""
    data = Path(__file__).parents[1] / "integrations" / "mirror" / "data"
    config = tmp_path / "kikimori.toml"
    config.write_text(
        '[mirror]\nsip_ports = [5060, 5062]\n[sides]\noperator_numbers = ["2??"]\n[speech]\nenabled = false\n'
    )
    captures = [data / "baresip-g722.pcap", data / "baresip-srtp.pcap"]
    ended = await kikimori("analyze", "--config", config, "--json", *captures)
    assert ended.code == 0, ended.err
    (alert,) = [json.loads(line) for line in ended.out.splitlines()]
    assert alert["rule"] == "escalate"
    assert "1 calls heard" in ended.err
    assert "1 calls encrypted" in ended.err


async def test_a_broken_capture_is_explained(tmp_path: Path) -> None:
    path = tmp_path / "x.pcap"
    path.write_bytes(b"\xd4\xc3\xb2\xa1")
    ended = await kikimori("analyze", path)
    assert ended.code == 1
    assert "ends in its head" in ended.err
    assert "tcpdump" in ended.err


def test_help_loads_no_command() -> None:
    """`kikimori --help` once took a second: it loaded the web server, numpy and a dictionary of Japanese."""
    program = (
        "import sys\nfrom kikimori.cli.main import main\ntry:\n    main(['--help'])\nfinally:\n"
        "    print(sorted({'aiohttp', 'numpy', 'pydantic', 'structlog', 'sudachipy'} & set(sys.modules)), file=sys.stderr)"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ended.stderr.strip() == "[]"
    assert "kikimori demo" in ended.stdout


def test_help_of_a_command_loads_its_options_alone() -> None:
    program = """
import sys
from kikimori.cli.commands import COMMANDS
from kikimori.cli.main import main
for each in COMMANDS:
    try:
        main([each.name, "--help"])
    except SystemExit:
        heavy = {"aiohttp", "numpy", "pydantic", "rich", "sqlalchemy", "structlog", "sudachipy"} & set(sys.modules)
        assert not heavy, (each.name, heavy)
"""
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert ended.stderr == ""


def test_a_module_of_actions_is_loaded_before_an_interrupt_may_stop_it() -> None:
    program = """
import sys
from kikimori.cli.main import main
main(["models", "list", "--dir", "."], loaded=lambda: print("kikimori.cli.model_commands" in sys.modules, file=sys.stderr))
"""
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ended.stderr == "True\n"


@pytest.mark.skipif(sys.platform != "linux", reason="threads are counted as Linux shows them")
def test_numpy_computes_in_the_thread_that_asks() -> None:
    """Its further threads spin for 0.1 s after each product of matrices."""
    code = """
import os, sys
from contextlib import suppress
from kikimori.__main__ import main
sys.argv = ["kikimori", "--version"]
with suppress(SystemExit):
    main()
import numpy
numpy.ones((300, 300)) @ numpy.ones((300, 300))
print(len(os.listdir("/proc/self/task")))
"""
    environment = {name: value for name, value in os.environ.items() if not name.endswith("_NUM_THREADS")}
    ran = subprocess.run(
        [sys.executable, "-c", code], env=environment, check=True, capture_output=True, text=True
    )
    assert ran.stdout.splitlines()[-1] == "1"
