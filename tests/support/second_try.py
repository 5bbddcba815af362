"""Plugin: a test that works with other processes is run once more when it fails, and the run tells so at its end.

Browsers, brokers, databases and telephone systems share two cores with the tests of other workers; what one test in
thousands cannot do for that reason must not stop a change. Tests of pure code get no second try. A run in which more
than `MOST` tests needed one fails, as then it is not chance.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

TESTS = Path(__file__).parents[1]
PURE = frozenset({"media", "model", "judging", "messages", "evaluation", "training"})
"""Folders below `tests/` whose tests start nothing and wait for nothing."""
MOST = 5
"""Tests that may need a second try in one run."""

AGAIN: pytest.StashKey[list[str]] = pytest.StashKey()


def has_second_try(path: Path) -> bool:
    """Return whether the tests of this file work with other processes."""
    return not (path.is_relative_to(TESTS) and PURE.intersection(path.relative_to(TESTS).parts))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if has_second_try(item.path):
            item.add_marker(pytest.mark.flaky(reruns=1))


class SecondTries:
    """Count of the tests that failed once, over all workers."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep who failed for the first time, and print why."""
        outcome: str = report.outcome  # "rerun" is not among the types of pytest itself
        if outcome != "rerun":
            return
        self._config.stash.setdefault(AGAIN, []).append(report.nodeid)
        terminal: pytest.TerminalReporter | None = self._config.pluginmanager.getplugin("terminalreporter")
        if terminal is not None:
            terminal.ensure_newline()
            terminal.write_sep("-", f"failed in {report.when}, runs once more: {report.nodeid}", yellow=True)
            terminal.write_line(report.longreprtext)


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(SecondTries(config), "second-tries")


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    if len(session.config.stash.get(AGAIN, [])) > MOST:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> Iterator[None]:
    """Name them last: whoever keeps only the end of a long output has them."""
    yield
    again = config.stash.get(AGAIN, [])
    for each in again:
        terminalreporter.write_line(f"NEEDED A SECOND TRY: {each}", yellow=True)
    if len(again) > MOST:
        terminalreporter.write_line(f"{len(again)} tests needed a second try, at most {MOST} may", red=True)
