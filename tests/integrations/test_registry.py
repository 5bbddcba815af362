"""Every integration in the registry is whole: table, words, ports, passwords, and what starts before it."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from kikimori.config import DEFAULTS, AgentConfig
from kikimori.integrations.integration import Integration
from kikimori.integrations.pbx_integration import PbxIntegration
from kikimori_core.errors import ConfigError
from kikimori_core.messages import text
from kikimori_core.wire.files import FileKind, named_files
from kikimori_core.wire.toml_file import validated

UNITS = Path(__file__).parent.parent.parent / "systemd"
CONFIG = AgentConfig.model_validate(
    {
        "asterisk": {"ari_password_file": "ari-password", "ami_password_file": "ami-password"},
        "freeswitch": {"esl_password_file": "esl-password", "media_token_file": "media-token"},
    }
)
WITH_TABLE = [each for each in CONFIG.integrations() if each.name in AgentConfig.model_fields]


def test_each_has_a_table_of_its_name_in_the_commented_example() -> None:
    example = tomllib.loads((DEFAULTS / "kikimori.toml").read_text(encoding="utf-8"))
    assert {each.name for each in WITH_TABLE} == {
        "asterisk", "audiosocket", "chan_websocket", "freeswitch", "line_in", "mirror", "siprec",
    }  # fmt: skip
    assert {each.name for each in WITH_TABLE} <= example.keys()


@pytest.mark.parametrize("integration", WITH_TABLE, ids=lambda each: each.name)
def test_what_it_names_is_in_its_table(integration: Integration[Any]) -> None:
    keys = set(type(integration.table).model_fields)
    assert {integration.switch} <= keys
    assert {key for port in integration.ports() for key in re.findall(r"\] (\w+)", port.key)} <= keys
    assert all(port.key.startswith(f"[{integration.name}] ") for port in integration.ports())
    named = re.findall(rf"\[{integration.name}\] (\w+)", " ".join(map(text, integration.advice.values())))
    assert set(named) <= keys
    assert integration.summary().startswith(integration.name.replace("_in", "-in"))


def test_reading_a_configuration_loads_no_protocol_and_no_sound() -> None:
    """A machine with the dashboard alone reads it too, without numpy and the codecs."""
    code = "import sys; from kikimori.config import AgentConfig; AgentConfig().integrations(); print(*sys.modules)"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = ended.stdout.split()
    assert "kikimori.integrations.mirror" in loaded
    assert not [each for each in loaded if each.startswith(("kikimori.media", "numpy", "aiohttp"))]


def test_audio_comes_to_one_that_starts_before() -> None:
    names = [each.name for each in CONFIG.integrations()]
    served = {each.name: each.audio_by for each in CONFIG.integrations() if each.audio_by is not None}
    assert served == {"asterisk": "audiosocket"}
    assert all(names.index(by) < names.index(name) for name, by in served.items())


@pytest.mark.parametrize("unit", ["kikimori.service", "kikimori-agent.service"])
def test_systemd_hands_over_every_password_of_an_integration(unit: str) -> None:
    lines = (UNITS / unit).read_text(encoding="utf-8").splitlines()
    secrets = [each.key for each in named_files(CONFIG) if each.kind is FileKind.SECRET]
    assert len(secrets) == 4
    for key in secrets:
        credential = key.partition("] ")[2].removesuffix("_file").replace("_", "-")
        assert f"LoadCredential={credential}:/etc/kikimori/{credential}" in lines
        assert f"SetCredential={credential}:\\n" in lines


def test_what_controls_a_pbx_is_what_pbx_kind_may_name(tmp_path: Path) -> None:
    controls = [each.name for each in CONFIG.integrations() if isinstance(each, PbxIntegration)]
    assert set(controls) == {"manual", "asterisk", "freeswitch"}
    for name in controls:
        assert AgentConfig.model_validate({"pbx": {"kind": name}}).pbx.kind == name
    file = tmp_path / "kikimori.toml"
    file.write_text('[pbx]\nring_s = 1\nkind = "siprec"\n', encoding="utf-8")
    with pytest.raises(ConfigError) as refused:
        validated(AgentConfig, tomllib.loads(file.read_text(encoding="utf-8")), file)
    kind, ring = refused.value.message.splitlines()
    assert kind == f"{file}:3: pbx.kind: Input should be one of 'manual', 'asterisk', 'freeswitch'"
    assert ring.startswith(f"{file}:2: pbx.ring_s: ")
