"""Parts of the program that can be installed by themselves, as extras of the package."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

from kikimori_core.errors import KikimoriError

Part = Literal["agent", "dashboard"]

MODULES: dict[Part, tuple[str, ...]] = {
    "agent": (
        "amqtt",
        "G722",
        "numpy",
        "pylibsrtp",
        "rapidfuzz",
        "soundfile",
        "soxr",
        "sudachidict_small",
        "sudachipy",
        "vosk",
        "websocket",
        "webrtcvad",
    ),
    "dashboard": (
        "aiosqlite",
        "alembic",
        "argon2",
        "numpy",
        "psycopg",
        "pyotp",
        "segno",
        "soundfile",
        "sqlalchemy",
        "zxcvbn",
    ),
}
"""Libraries that each extra of pyproject.toml adds, by the names under which they are imported."""


class PartMissingError(KikimoriError):
    """A command needs a part that is not installed here."""

    exit_code = 2

    @classmethod
    def of_parts(cls, command: str, missing: list[Part]) -> PartMissingError:
        """Return the error of a command, with the line that installs what is missing."""
        line = install_line(missing)
        return cls.of("part_missing", command=command, parts=", ".join(missing), line=line)


def is_installed(part: Part) -> bool:
    """Return whether all libraries of a part are there; loads none of them."""
    return all(find_spec(each) is not None for each in MODULES[part])


def require(parts: tuple[Part, ...], command: str) -> None:
    """Raise PartMissingError, with the line that installs what is missing, unless all parts are installed."""
    missing = [each for each in parts if not is_installed(each)]
    if missing:
        raise PartMissingError.of_parts(command, missing)


def part_of(module: str) -> Part | None:
    """Return the part to which a library belongs, by the name under which it is imported."""
    return next((part for part, modules in MODULES.items() if module.partition(".")[0] in modules), None)


def install_line(parts: list[Part]) -> str:
    """Return the command that installs parts into this environment, from where the program itself came."""
    # `kikimori --help` shall not wait for these.
    import json  # noqa: PLC0415
    import shlex  # noqa: PLC0415
    from importlib.metadata import distributions  # noqa: PLC0415
    from urllib.parse import unquote, urlsplit  # noqa: PLC0415

    source, editable = "kikimori", False
    # pip's note of the folder or file that it installed from; none for what came from a package index.
    for text in filter(None, (each.read_text("direct_url.json") for each in distributions(name="kikimori"))):
        noted = json.loads(text)
        url = urlsplit(noted["url"])
        if url.scheme == "file" and Path(unquote(url.path)).exists():
            source, editable = unquote(url.path), noted.get("dir_info", {}).get("editable", False)
    arguments = [*(["--editable"] if editable else []), f"{source}[{','.join(parts)}]"]
    return shlex.join([sys.executable, "-m", "pip", "install", *arguments])
