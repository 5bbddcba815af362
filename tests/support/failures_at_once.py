"""Plugin: print a failing test when it fails; in a run of half an hour nobody should wait for the end to read it."""

from __future__ import annotations

import pytest


class FailuresAtOnce:
    """Reporter of failures beside pytest's own, which lists them at the end."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Print what failed, in which phase, and all that it said."""
        terminal: pytest.TerminalReporter | None = self._config.pluginmanager.getplugin("terminalreporter")
        if not report.failed or terminal is None:
            return
        terminal.ensure_newline()
        terminal.write_sep("-", f"failed in {report.when}: {report.nodeid}", red=True)
        terminal.write_line(report.longreprtext)


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(FailuresAtOnce(config), "failures-at-once")
