"""Rules of the layout: direction of imports, one place for each library, every package ships."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
AGENT = ROOT / "agent"

LAYERS = {
    # package: the packages of the project that it may import, besides itself
    "kikimori_core": set[str](),
    "kikimori_wire": {"kikimori_core"},
    "kikimori_records": {"kikimori_core"},
    "kikimori_dashboard": {"kikimori_core", "kikimori_records"},
    "kikimori": {"kikimori_core", "kikimori_records", "kikimori_dashboard"},
    "kikimori_lab": {"kikimori_core", "kikimori_records", "kikimori_dashboard", "kikimori"},
}

CORE = {
    # part of the core: what else of the core it may import
    "cancellation": set[str](),
    "messages": set[str](),
    "command_line": {"messages"},
    "errors": {"messages"},
    "certificates": {"messages", "errors"},
    "mail": {"messages", "wire"},
    "wire": {"cancellation", "messages", "errors"},
    "model": {"messages", "errors", "wire"},
    "judging": {"messages", "errors", "wire", "model"},
    "g711": set[str](),
    "journal": {"g711", "messages", "errors", "wire", "mail"},
    "serving": {"messages", "errors", "wire", "certificates"},
}

DASHBOARD = {
    # package of the dashboard, the lowest first: what else of the dashboard it may import, all of it above this line
    "site": set[str](),
    "pages": {"config"},
    "access": {"pages"},
    "broker": {"config", "site"},
    "actions": {"access", "broker", "site"},
    "web": {"access"},
    "https": {"access", "pages", "web"},
    "picture": {"config", "pages", "site"},
    "live": {"access", "picture", "site"},
    "people": {"access", "broker", "config", "live", "pages", "site"},
    "ending": {"access", "actions", "broker", "config", "live", "pages", "site"},
    "audit": {"access", "ending", "pages", "people"},
    "recorded": {"access", "config", "live", "pages", "people"},
    "callers": {"access", "broker", "config", "pages", "recorded", "site"},
    "handover": {"access", "actions", "live", "pages", "picture", "site"},
    "history": {"access", "pages"},
    "listening": {"access", "actions", "live", "site"},
    "notices": {"config", "https", "site"},
    "recording": {"access", "config", "pages", "site"},
    "signals": {"access", "actions", "site"},
    "unanswered": {"access", "actions", "live", "site"},
    "protocol": {"live", "picture"},
}
DASHBOARD["composition"] = {*DASHBOARD, "config"}

DASHBOARD_ENTRY = {"__init__", "__main__", "app", "config", "openapi_file"}
"""Modules of the dashboard in no package: two programs, the application that they start, its settings."""

DASHBOARD_TABLES = {
    *("access.roles", "ending.reasons", "ending.settings", "notices.settings", "pages.sentences"),
    *("signals.settings", "web.address_settings"),
}
"""Modules of the dashboard's packages that its settings are made of; they know nothing but roles."""

PURE = ("picture", "site")
"""Packages of the dashboard without sockets, tasks and a clock."""

SCRIPTS = ROOT / "dashboard" / "kikimori_dashboard" / "static" / "js"
PAGES = {
    # folder of the pages' modules: the folders that it may import
    "store": {"store"},
    "components": {"store", "components"},
    "views": {"store", "components", "views"},
}

VOCABULARY = {"errors", "private_files"}
"""Modules of the agent that every stage may import, besides the core without judging, and itself."""

STAGES = {
    # stage: what else of the agent it may import
    "ports": set[str](),
    "media": {"ports"},
    "taps": {"media", "ports"},
    "hearing": set[str](),
    "bus": set[str](),
    "control": {"bus"},
    "checks": set[str](),
    # Each PBX and each way in; code of its own is loaded when it is asked for.
    "integrations": {"media", "ports", "taps", "control", "checks"},
    "modelstore": set[str](),
    # The only place where hearing and judging meet.
    "calls": {"hearing", "judging"},
    "recording": {"calls", "hearing"},
    "listening": {"calls", "control"},
}

ONE_DOOR = {
    # library: the modules that may import it
    "vosk": {"kikimori.hearing.speech.vosk_engine"},
    "websocket": {"kikimori.hearing.speech.vosk_server"},
    "webrtcvad": {"kikimori.hearing.vad", "kikimori_lab.bench.calls"},  # the bench's bare reference
    "amqtt": {"kikimori.bus.broker"},
    "aiomqtt": {"kikimori_core.wire.connection"},
    "sudachipy": {
        "kikimori_core.judging.words.sound",
        "kikimori_records.search.readings",  # where it is installed
        "kikimori_lab.bench.phrases",  # the bench's bare reference
        "kikimori_lab.evaluation.lexicon",  # words that sound alike, which judging has no use for
    },
    "rapidfuzz": {
        "kikimori.hearing.speech.likeliest",
        "kikimori_core.judging.words.sound",
        "kikimori_lab.evaluation.words",
    },
    "soxr": {"kikimori.media.resample", "kikimori.hearing.speech.whisper_engine"},
    "faster_whisper": {"kikimori.hearing.speech.whisper_engine"},
    "sounddevice": {"kikimori.integrations.line_in.portaudio"},
    "pylibsrtp": {"kikimori.media.rtp.srtp", "kikimori_lab.bench.rtp"},  # the bench's sender
    "cryptography": {
        "kikimori_core.wire.keys",
        "kikimori_records.proof.time_stamps",  # certificates of a time-stamping authority
        *(
            f"kikimori_core.certificates.{each}"
            for each in (
                "authority",
                "authority_content",
                "chain",
                "content",
                "examination",
                "files",
                "server_certificate",
            )
        ),
    },
    "idna": {"kikimori_core.certificates.names"},
    "G722": {"kikimori.media.g722"},
    "alembic": {
        "kikimori_records.migrating",
        "kikimori_records.migrations.env",
        "kikimori_records.migrations.versions.v0001_people",
        "kikimori_records.migrations.versions.v0002_call_notes",
        "kikimori_records.migrations.versions.v0003_recorded_calls",
        "kikimori_records.migrations.versions.v0004_keeping",
        "kikimori_records.migrations.versions.v0005_proof",
        "kikimori_records.migrations.versions.v0006_reviews",
        "kikimori_records.migrations.versions.v0007_customers",
        "kikimori_records.migrations.versions.v0008_search",
        "kikimori_records.migrations.versions.v0009_spoken_by",
        "kikimori_records.migrations.versions.v0010_endings",
        "kikimori_records.migrations.versions.v0011_removed_words",
    },
    "rfc3161_client": {"kikimori_records.proof.time_stamps"},
}


def modules() -> dict[str, Path]:
    """Every module of the program by its dotted name."""
    found = {}
    for package in LAYERS:
        base = next(each for each in (AGENT, ROOT / "dashboard") if (each / package).is_dir())
        for path in (base / package).rglob("*.py"):
            parts = path.relative_to(base).with_suffix("").parts
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


MODULES = modules()


@cache
def imports(path: Path) -> set[str]:
    """Full names of what a module imports, for typing or for use."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {each.name for each in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            assert node.level == 0, f"{path}: relative import"
            found |= {node.module}
    return found


def test_the_modules_were_found() -> None:
    assert {
        "kikimori.agent",
        "kikimori_core.wire.topics",
        "kikimori_dashboard.app",
        "kikimori_lab.cli.bench",
    } <= MODULES.keys()


@pytest.mark.parametrize("package", LAYERS)
def test_imports_run_one_way(package: str) -> None:
    allowed = LAYERS[package] | {package}
    faults = [
        f"{name} imports {imported}"
        for name, path in MODULES.items()
        if name.split(".")[0] == package
        for imported in imports(path)
        if imported.split(".")[0] in LAYERS.keys() - allowed
    ]
    assert faults == []


@pytest.mark.parametrize("part", CORE)
def test_the_core_is_built_in_layers(part: str) -> None:
    allowed = CORE[part] | {part}
    users = {name: path for name, path in MODULES.items() if name.split(".")[:2] == ["kikimori_core", part]}
    faults = [
        f"{name} imports {imported}"
        for name, path in users.items()
        for imported in imports(path)
        if imported.startswith("kikimori_core.") and imported.split(".")[1] not in allowed
    ]
    assert users
    assert faults == []


def dashboard_imports(name: str) -> set[str]:
    """Return what a module of the dashboard imports of it, without the name of the dashboard; empty = the whole."""
    return {
        each.removeprefix("kikimori_dashboard").removeprefix(".")
        for each in imports(MODULES[name])
        if each.split(".")[0] == "kikimori_dashboard"
    }


@pytest.mark.parametrize("package", DASHBOARD)
def test_a_package_of_the_dashboard_imports_those_below_it(package: str) -> None:
    below = [*DASHBOARD][: [*DASHBOARD].index(package)]
    assert DASHBOARD[package] <= {*below, "config"}
    allowed = DASHBOARD[package] | {package}
    users = [name for name in MODULES if name.split(".")[:2] == ["kikimori_dashboard", package]]
    faults = [
        f"{name} imports {imported or 'the whole dashboard'}"
        for name in users
        for imported in dashboard_imports(name)
        if imported.split(".")[0] not in allowed
    ]
    assert users
    assert faults == []


def test_nothing_else_of_the_dashboard_lies_beside_its_packages() -> None:
    folder = ROOT / "dashboard" / "kikimori_dashboard"
    assert {each.stem for each in folder.glob("*.py")} == DASHBOARD_ENTRY
    assert {each.parent.name for each in folder.glob("*/__init__.py")} == DASHBOARD.keys()


def test_settings_of_the_dashboard_are_made_of_tables_alone() -> None:
    """They are read on a machine of an agent alone, without the libraries of pages and database."""
    assert dashboard_imports("kikimori_dashboard.config") == DASHBOARD_TABLES
    faults = [
        f"{each} imports {imported}"
        for each in DASHBOARD_TABLES
        for imported in dashboard_imports(f"kikimori_dashboard.{each}")
        if imported not in {"access.roles", "access.who"}
    ]
    assert faults == []


@pytest.mark.parametrize("package", PURE)
def test_state_and_picture_of_a_site_are_pure(package: str) -> None:
    faults = [
        f"{name} imports {imported}"
        for name, path in MODULES.items()
        if name.split(".")[:2] == ["kikimori_dashboard", package]
        for imported in imports(path)
        if imported.split(".")[0] in {"aiohttp", "aiomqtt", "asyncio", "socket", "threading", "time"}
    ]
    assert faults == []


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_knows_the_vocabulary_and_not_its_neighbours(stage: str) -> None:
    allowed = VOCABULARY | STAGES[stage] | {stage}
    faults = []
    for name, path in MODULES.items():
        if name.split(".")[:2] != ["kikimori", stage]:
            continue
        for imported in imports(path):
            top, *rest = imported.split(".")
            elsewhere = top == "kikimori" and rest and rest[0] not in allowed
            judges = top == "kikimori_core" and rest[:1] == ["judging"] and "judging" not in allowed
            if elsewhere or judges or top == "kikimori_dashboard":
                faults.append(f"{name} imports {imported}")
    assert faults == []


def test_an_integration_knows_no_other() -> None:
    """Nor does what they share know any of them; the registry alone names them."""
    folder = "kikimori.integrations"
    names = {
        name.split(".")[2] for name, path in MODULES.items() if path.parent.parent.name == "integrations"
    }
    faults = [
        f"{name} imports {imported}"
        for name, path in MODULES.items()
        if name.startswith("kikimori.integrations.") and name != f"{folder}.registry"
        for imported in imports(path)
        if imported.startswith(f"{folder}.") and imported.split(".")[2] in names - {name.split(".")[2]}
    ]
    assert {"audiosocket", "asterisk", "manual"} <= names
    assert faults == []


@pytest.mark.parametrize("library", ONE_DOOR)
def test_a_library_is_spoken_to_in_one_place(library: str) -> None:
    users = {
        name for name, path in MODULES.items() if library in {each.split(".")[0] for each in imports(path)}
    }
    assert users == ONE_DOOR[library]


@pytest.mark.parametrize("folder", PAGES)
def test_modules_of_the_pages_import_one_way(folder: str) -> None:
    """The store knows no element, a component no page; what loads a broken page again needs no module at all."""
    assert {each.name for each in SCRIPTS.iterdir()} == {*PAGES, "boot.js"}
    assert "import" not in (SCRIPTS / "boot.js").read_text(encoding="utf-8")
    modules = sorted((SCRIPTS / folder).rglob("*.js"))
    assert modules
    for path in modules:
        for name in re.findall(r"""(?:from|import\()\s*["']([^"']+)""", path.read_text(encoding="utf-8")):
            found = (path.parent / name).resolve()
            assert found.is_file(), f"{path.name} imports {name}"
            assert found.relative_to(SCRIPTS).parts[0] in PAGES[folder], f"{path.name} imports {name}"


def test_every_package_ships() -> None:
    """`setup.py` finds a folder by its `__init__.py`, and only inside of one that has it."""
    packages = {name for name, path in MODULES.items() if path.name == "__init__.py"}
    lost = {name for name in MODULES.keys() - packages if name.rpartition(".")[0] not in packages}
    lost |= {name for name in packages if "." in name and name.rpartition(".")[0] not in packages}
    assert lost == set()


def test_topics_are_written_in_one_place() -> None:
    faults = [
        name
        for name, path in MODULES.items()
        if name not in ("kikimori_core.wire.topics", "kikimori_core.wire.former_topics")
        and re.search(r"kikimori/v\d/", path.read_text(encoding="utf-8"))
    ]
    assert faults == []


def test_no_class_name_stands_twice() -> None:
    """One name for one class, so that a search and a traceback lead to it; private classes are of their file alone."""
    where: dict[str, list[str]] = {}
    for folder in ("agent", "dashboard", "models/training", "tests/support"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            for name in re.findall(r"^ *class ([A-Za-z]\w*)[(:]", path.read_text("utf-8"), re.MULTILINE):
                where.setdefault(name, []).append(str(path.relative_to(ROOT)))
    assert {"Agent", "Alert", "Morpheme", "SipSocket"} <= where.keys()
    assert {name: places for name, places in where.items() if len(places) > 1} == {}


def test_files_have_one_subject() -> None:
    """About 300 lines; beyond 350 it surely has two."""
    long = {
        name: count
        for name, path in MODULES.items()
        if (count := len(path.read_text("utf-8").splitlines())) > 350
    }
    assert long == {}
