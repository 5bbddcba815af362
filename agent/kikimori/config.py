"""The agent's configuration: `kikimori.toml`, validated. `config/kikimori.toml` is the commented example."""

from __future__ import annotations

import os
import socket
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import kikimori_config
import kikimori_models
from pydantic import BaseModel, ConfigDict, Field, model_validator

from kikimori.asterisk.settings import AsteriskTable
from kikimori.control.settings import ControlTable
from kikimori.control.targets import TargetPolicy
from kikimori.freeswitch.settings import FreeSwitchTable
from kikimori.taps.chan_websocket.settings import ChanWebSocketTable
from kikimori.taps.line_in.settings import LineInTable
from kikimori.taps.mirror.settings import MirrorTable
from kikimori.taps.sides import SidesTable
from kikimori.taps.siprec.settings import SiprecTable
from kikimori_core.errors import ConfigError
from kikimori_core.wire.files import (
    MadeFolder,
    ModelFolder,
    OpinionFolder,
    TomlFile,
    beside,
    require_toml_files,
)
from kikimori_core.wire.messages import Action
from kikimori_core.wire.settings import (
    LOOPBACK,
    BrokerSettings,
    ListenPort,
    Name,
    Networks,
    SiteName,
    matching,
)
from kikimori_core.wire.toml_file import load

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

DEFAULTS = Path(next(iter(kikimori_config.__path__)))
BUILTIN_OPINION = Path(next(iter(kikimori_models.__path__))) / "second-opinion"
"""The folder `config/` as installed."""


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class AudioSocketTable(_Table):
    """`[audiosocket]`: Asterisk connects here."""

    enabled: bool = True
    host: str = "127.0.0.1"
    port: ListenPort = 9092
    announce_port: ListenPort = 8766
    """HTTP port where the dialplan announces legs."""
    allow: Networks = LOOPBACK
    """Networks of the PBX; everything else is refused."""
    max_connections: Annotated[int, Field(ge=1)] = 2000
    idle_s: Annotated[float, Field(gt=0)] = 300.0


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
    finals_threads: Annotated[int, Field(ge=1, le=64)] = 1
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


class AnnouncementTable(_Table):
    """`[[pbx.announcements]]`: something to play to the customer."""

    name: Annotated[
        str,
        matching(
            r"[0-9A-Za-z][0-9A-Za-z._-]{0,63}",
            'use letters A to Z and a to z, digits, ".", "_" and "-", e.g. "recorded"; title is for people',
        ),
    ]
    title: Annotated[str, Field(min_length=1, max_length=128)]
    """Label of the supervisor's button."""
    file: Annotated[
        str,
        matching(r"[0-9A-Za-z/._:-]{1,256}", 'write it as the PBX names it, e.g. "custom/recorded"'),
    ]
    """Name of a sound file as the PBX has it, for Asterisk without its ending."""


class PbxTable(_Table):
    """`[pbx]`: control."""

    kind: Literal["manual", "asterisk", "freeswitch"] = "manual"
    superior: Annotated[
        str,
        matching(
            r"[0-9A-Za-z*#+._@-]{1,64}",
            'write the extension or queue to dial, e.g. "200"; superior_name is for people',
        ),
    ] = "200"
    """Extension or queue of the superior."""
    superior_name: str | None = None
    ring_s: Annotated[float, Field(ge=5, le=50)] = 20.0
    """Seconds that the superior's telephone rings before the customer goes back."""
    longest_hold_s: Annotated[float, Field(ge=10, le=3600)] = 120.0
    """Longest time in s that a customer is on hold, whatever happened to this program."""
    after_hold: Literal["operator", "superior"] = "operator"
    """Telephone to which a customer returns after `longest_hold_s`."""
    keep_operator: bool = True
    """True = the operator stays in the call after a transfer. During a plain hold they stay in any case."""
    announcements: tuple[AnnouncementTable, ...] = ()
    instructions: dict[Action, str] = {}
    """Instructions for the operator under `manual`, by action; `{target}` is the extension."""


class AgentConfig(_Table):
    """The whole file."""

    site: SiteName = "main"
    agent_id: Name = "agent"
    language: Literal["ja", "en"] = "ja"
    state_dir: MadeFolder | None = None
    """Folder of the outbox and the models, relative to the configuration file. None = systemd's
    `$STATE_DIRECTORY`, else `~/.local/state/kikimori`."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    mqtt: BrokerSettings = BrokerSettings()
    sides: SidesTable = SidesTable()
    audiosocket: AudioSocketTable = AudioSocketTable()
    siprec: SiprecTable = SiprecTable()
    chan_websocket: ChanWebSocketTable = ChanWebSocketTable()
    line_in: LineInTable = LineInTable()
    mirror: MirrorTable = MirrorTable()
    asterisk: AsteriskTable = AsteriskTable()
    freeswitch: FreeSwitchTable = FreeSwitchTable()
    speech: SpeechTable = SpeechTable()
    judging: JudgingTable = JudgingTable()
    pbx: PbxTable = PbxTable()
    control: ControlTable = ControlTable()
    dashboard: dict[str, Any] = {}
    """Read and validated by the dashboard."""
    store: dict[str, Any] = {}
    """Read and validated by the dashboard."""

    @model_validator(mode="after")
    def _ari_has_its_audio(self) -> AgentConfig:
        if self.asterisk.tap and not self.audiosocket.enabled:
            raise ValueError("[asterisk] tap = true needs [audiosocket] enabled = true")
        return self

    def state_path(self) -> Path:
        if self.state_dir is not None:
            return self.state_dir
        given = os.environ.get("STATE_DIRECTORY")
        if given:
            return Path(given.split(":")[0])
        try:
            return Path.home() / ".local" / "state" / "kikimori"
        except RuntimeError:
            raise ConfigError(
                "this user has no home folder, and no state_dir is set",
                next_step='set state_dir = "/var/lib/kikimori" in kikimori.toml',
            ) from None

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

    def opinion_folder(self) -> Path | None:
        """Return the folder of the second opinion's model; None where it is switched off."""
        if not self.judging.second_opinion or self.language != "ja":
            return None
        return self.judging.second_opinion_model or BUILTIN_OPINION


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
