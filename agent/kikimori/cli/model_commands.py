"""Actions of `kikimori models`: list, fetch, verify."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

from rich.console import Console
from rich.padding import Padding
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)
from rich.text import Text

from kikimori.cli.options import config_path, state_warning
from kikimori.cli.terminal import cell, language, say, say_next, show, worded
from kikimori.config import read_config
from kikimori.modelstore import (
    UnknownModelError,
    engine_of,
    fetch,
    find,
    list_models,
    load_catalogue,
    models_folder,
    resolve,
    verify,
)
from kikimori_core.messages import remedy, text

if TYPE_CHECKING:
    import argparse
    from pathlib import Path

    from kikimori.modelstore import Progress as FetchProgress

_PHASES = {"download": "fetching", "verify": "checking", "unpack": "unpacking"}


def _folder(args: argparse.Namespace) -> Path:
    given: Path | None = args.dir
    if given is not None:
        return given
    path = config_path(args)
    config = read_config(path)
    if warning := state_warning(path, config):
        say(warning)
    return models_folder(config.state_path())


def list_catalogue(args: argparse.Namespace) -> int:
    folder = _folder(args)
    models = list_models(folder)
    if args.json:
        rows = [
            each.model.model_dump(mode="json", exclude={"files"})
            | {"installed": each.path is not None, "path": str(each.path) if each.path else None}
            for each in models
        ]
        print(json.dumps(rows, ensure_ascii=False, indent=2))
        return 0
    console = Console(highlight=False, soft_wrap=False)
    for each in models:
        model = each.model
        size = (
            "bundled"
            if model.bundled
            else f"{model.fetched_size / 1e6:.0f} MB"
            if model.fetched_size
            else "unknown"
        )
        state = worded("installed" if each.path else "not installed")
        console.print(f"{model.name:<28} {model.language}  {cell(size, 8)} {state}", markup=False)
        licence = worded(text("models_licence", licence=model.licence))
        for said in (model.description[language()], licence):
            console.print(Padding(Text(said), (0, 0, 0, 4)))
    show(text("models_folder", folder=folder))
    return 0


def fetch_model(args: argparse.Namespace) -> int:
    folder = _folder(args)
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
    ) as bars:
        tasks = {}

        def advance(progress: FetchProgress) -> None:
            if progress.phase not in tasks:
                tasks[progress.phase] = bars.add_task(worded(_PHASES[progress.phase]), total=progress.total)
            bars.update(tasks[progress.phase], completed=progress.done, total=progress.total)

        try:
            path = asyncio.run(fetch(args.name, folder, progress=advance))
        except KeyboardInterrupt:
            say(text("models_stopped"))
            return 130
    print(path)
    return 0


def verify_model(args: argparse.Namespace) -> int:
    folder = _folder(args)
    path = resolve(args.model, folder, engine=None)
    try:
        files = find(path.name, load_catalogue()).files
    except UnknownModelError:
        files = {}
    faults = verify(path, files, engine=engine_of(path))
    for fault in faults:
        say(text("file_reason", file=path, reason=fault))
    if faults:
        say_next(remedy("models_faulty", path=path))
        return 1
    show(text("models_whole", path=path, count=len(files)))
    return 0
