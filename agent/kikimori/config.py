"""The agent's configuration: `kikimori.toml`, validated. `config/kikimori.toml` is the commented example."""

from __future__ import annotations

import os
import socket
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

import kikimori_config
import kikimori_models
from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from kikimori.control.kinds import table_of_kind
from kikimori.control.settings import ControlTable, PbxTable
from kikimori.control.targets import TargetPolicy
from kikimori.integrations.registry import IntegrationTables, control_kinds, integrations_of
from kikimori.taps.sides import SidesTable
from kikimori_core.errors import ConfigError
from kikimori_core.journal.settings import PBX, RecordingTable, RecordsTable
from kikimori_core.messages import text
from kikimori_core.wire.files import (
    MadeFolder,
    ModelFolder,
    OpinionFolder,
    TomlFile,
    beside,
    require_toml_files,
)
from kikimori_core.wire.listening import ListeningTable
from kikimori_core.wire.settings import (
    BrokerSettings,
    Name,
    SiteName,
    matching,
)
from kikimori_core.wire.toml_file import load
from kikimori_core.wire.unanswered import UnansweredTable

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from pydantic import ValidatorFunctionWrapHandler

    from kikimori.integrations.integration import Integration

DEFAULTS = Path(next(iter(kikimori_config.__path__)))
"""The folder `config/` as installed."""
BUILTIN_OPINION = Path(next(iter(kikimori_models.__path__))) / "second-opinion"
"""The second opinion's model that comes along."""
BUILTIN_ACTS = Path(next(iter(kikimori_models.__path__))) / "acts"
"""The model of demands and refusals that comes along."""
BUILTIN_SENTENCES = Path(next(iter(kikimori_models.__path__))) / "sentences"
"""The encoder of sentences that comes along."""


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class SpeechTable(_Table):
    """`[speech]`: recognition."""

    enabled: bool = True
    engine: Literal["vosk", "vosk-server"] = "vosk"
    """`vosk`: in this process. `vosk-server`: on another machine, `server`."""
    server: (
        Annotated[
            str, matching(r"wss?://[^/@\s]+(/[^@\s]*)?", 'write an address like "ws://192.168.1.20:2700"')
        ]
        | None
    ) = None
    """`ws://host:2700`."""
    model: ModelFolder | None = None
    """Name from `kikimori models list` or a folder; None = the first installed model of `language`."""
    finals: Literal["vosk", "whisper", "both"] | None = None
    """Source of the customer's finished utterances: the streaming recogniser (`vosk`, or the server), a
    second hearing by Whisper (`whisper`), or alarms from either (`both`). None = `both` where Whisper and a
    model of it are installed, else `vosk`."""
    finals_model: ModelFolder | None = None
    """Whisper's model: a name or a folder; None = the first installed one."""
    finals_threads: Annotated[int, Field(ge=1, le=64)] = min(2, os.cpu_count() or 1)
    """Utterances heard again at the same time, each on one core."""
    finals_backlog_s: Annotated[float, Field(gt=0)] = 30.0
    """Seconds of finished utterances that may wait for their second hearing; beyond it the calmest calls' go
    without."""
    threads: Annotated[int, Field(ge=1, le=64)] = max(1, (os.cpu_count() or 2) - 1)
    backlog_s: Annotated[float, Field(gt=0)] = 20.0
    """Seconds of audio per thread that may wait before the calmest calls' words are shed."""

    @model_validator(mode="after")
    def _server_is_named(self) -> SpeechTable:
        if self.engine == "vosk-server" and self.server is None:
            raise ValueError('engine "vosk-server" needs server = "ws://host:2700"')
        return self


class JudgingTable(_Table):
    """`[judging]`: which rules. Relative paths are relative to the configuration file."""

    rules: tuple[TomlFile, ...] = ()
    """Files read after the built-in rules; a rule of the same id replaces the built-in one."""
    builtin_rules: bool = True
    phrases: tuple[TomlFile, ...] = ()
    """Further category files."""
    builtin_phrases: bool = True
    second_opinion: bool = True
    """A small model reads the whole sentence: it doubts single phrases, and notices a tone. Japanese only."""
    second_opinion_model: OpinionFolder | None = None
    """Folder of a model of one's own (`kikimori train-words`); None = the one that comes along."""
    escalate_code: Annotated[
        str, matching(r"[0-9A-D*#]{0,8}", 'write at most eight keys of a telephone, e.g. "*9"')
    ] = "*9"
    """Keys on the operator's telephone that call for help; empty = none."""


class _General(_Table):
    """Keys without a table, `[mqtt]` and `[sides]`: they stand before the integrations."""

    site: SiteName = "main"
    agent_id: Name = "agent"
    language: Literal["ja", "en"] = "ja"
    state_dir: MadeFolder | None = None
    """Folder of the outbox and the models, relative to the configuration file. None = systemd's
    `$STATE_DIRECTORY`, else `~/.local/state/kikimori`."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    mqtt: BrokerSettings = BrokerSettings()
    sides: SidesTable = SidesTable()


class AgentConfig(IntegrationTables, _General):
    """The whole file. The tables of integrations come from their registry."""

    speech: SpeechTable = SpeechTable()
    judging: JudgingTable = JudgingTable()
    pbx: PbxTable = PbxTable()
    control: ControlTable = ControlTable()
    unanswered: UnansweredTable = UnansweredTable()
    listening: ListeningTable = ListeningTable()
    recording: RecordingTable = RecordingTable()
    records: RecordsTable = RecordsTable()
    dashboard: dict[str, Any] = {}
    """Read and validated by the dashboard."""
    store: dict[str, Any] = {}
    """Read and validated by the dashboard."""
    signals: dict[str, Any] = {}
    """Read and validated by the dashboard."""
    notify: dict[str, Any] = {}
    """Read and validated by the dashboard."""
    ending: dict[str, Any] = {}
    """Read and validated by the dashboard."""

    @field_validator("pbx", mode="wrap")
    @classmethod
    def _control_is_known(cls, value: Any, read: ValidatorFunctionWrapHandler) -> PbxTable:
        return table_of_kind(value, read, control_kinds(cls))

    @model_validator(mode="after")
    def _audio_has_its_way_in(self) -> Self:
        for each in self.integrations():
            if each.audio_by is None or not each.is_on():
                continue
            other = self.integration(each.audio_by)
            if not other.is_on():
                switches = {
                    "table": each.name,
                    "switch": each.switch,
                    "needed": f"[{other.name}] {other.switch}",
                }
                raise ValueError(text("needs_way_in", **switches))
        return self

    @model_validator(mode="after")
    def _announcement_is_known(self) -> Self:
        wanted = self.recording.announcement
        known = [each.name for each in self.pbx.announcements]
        if wanted and wanted != PBX and wanted not in known:
            raise ValueError(text("recording_announcement_unknown", name=wanted))
        return self

    def integrations(self) -> tuple[Integration[Any], ...]:
        """Return every integration, in the order of the registry."""
        return tuple(integrations_of(self, self))

    def integration(self, name: str) -> Integration[Any]:
        """Return one integration by its name; raises KeyError."""
        for each in self.integrations():
            if each.name == name:
                return each
        raise KeyError(name)

    def state_path(self) -> Path:
        if self.state_dir is not None:
            return self.state_dir
        given = os.environ.get("STATE_DIRECTORY")
        if given:
            return Path(given.split(":")[0])
        try:
            return Path.home() / ".local" / "state" / "kikimori"
        except RuntimeError:
            raise ConfigError.of("no_state_folder") from None

    def targets(self, listed: Callable[[], Collection[str]] = frozenset) -> TargetPolicy:
        """Return the policy for telephones that a command may ring; `listed`: see `TargetPolicy`."""
        internal = self.control.internal
        if internal is None:
            internal = (*self.sides.operator_numbers, self.pbx.superior)
        return TargetPolicy(internal, [each.number for each in self.control.outside], listed)

    def rule_files(self) -> list[Path]:
        builtin = [DEFAULTS / "rules" / "default.toml"] if self.judging.builtin_rules else []
        return [*builtin, *self.judging.rules]

    def phrase_files(self) -> list[Path]:
        folder = DEFAULTS / "phrases" / self.language
        builtin = sorted(folder.glob("*.toml")) if self.judging.builtin_phrases else []
        return [*builtin, *self.judging.phrases]

    def pages_authority(self) -> Path | None:
        """Return the authority of the dashboard's certificate; None = the system's."""
        return self.listening.ca_file or self.records.ca_file or self.mqtt.ca_file

    def opinion_folder(self) -> Path | None:
        """Return the folder of the second opinion's model; None where it is switched off."""
        if not self.judging.second_opinion or self.language != "ja":
            return None
        return self.judging.second_opinion_model or BUILTIN_OPINION

    def acts_folder(self) -> Path | None:
        """Return the folder of the model of demands and refusals; None where models are switched off."""
        return BUILTIN_ACTS if self.opinion_folder() else None

    def sentences_folder(self) -> Path | None:
        """Return the folder of the encoder of sentences; None where models are switched off."""
        return BUILTIN_SENTENCES if self.opinion_folder() else None


def default_agent_id() -> str:
    """Name of this machine, made fit for a topic."""
    name = "".join(letter if letter.isalnum() or letter in "-." else "-" for letter in socket.gethostname())
    return name.strip("-.")[:48] or "agent"


def read_config(path: Path | None) -> AgentConfig:
    """Read the configuration; without a path the defaults, which need no file.

    Raises:
        ConfigError: names file, key and reason.
    """
    if path is None:
        return AgentConfig(agent_id=default_agent_id())
    config = beside(load(path, AgentConfig), path)
    require_toml_files(config, path)
    if "agent_id" in config.model_fields_set:
        return config
    return config.model_copy(update={"agent_id": default_agent_id()})
