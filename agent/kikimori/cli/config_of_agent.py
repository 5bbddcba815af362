"""`kikimori config check` where the agent is installed: it loads rules and phrases, and with them Sudachi."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from rich.console import Console
from rich.table import Table

from kikimori.cli.config import say_findings
from kikimori.cli.config_of_recording import say_recording
from kikimori.cli.config_of_unanswered import unanswered_lines
from kikimori.cli.options import config_path, state_warning
from kikimori.cli.terminal import language, say, show, warn
from kikimori.config import DEFAULTS
from kikimori.doctor.configuration import look_at_configuration
from kikimori.errors import ConfigError, KikimoriError
from kikimori.phrase_finder import configured_book
from kikimori.recognition import model_path
from kikimori.ways_in import controlling
from kikimori_core.judging.coverage import own_files, wider
from kikimori_core.judging.rules import capped_rules, categories_without_phrases, load_rules
from kikimori_core.messages import both, label, text
from kikimori_core.wire.settings import is_loopback
from kikimori_dashboard import read_book, read_ending_reasons
from kikimori_dashboard.https.page_url import page_url
from kikimori_records.folder import records_folder

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable

    from kikimori.config import AgentConfig
    from kikimori_core.judging.kinds.rule import Rule
    from kikimori_core.messages import Language
    from kikimori_dashboard import DashboardSettings

LANGUAGES: tuple[Literal["ja", "en"], ...] = ("ja", "en")


def check_agent(args: argparse.Namespace, config: AgentConfig, dashboard: DashboardSettings) -> None:
    """Check everything that the configuration names, and describe what it says; raises ConfigError."""
    rules = load_rules(config.rule_files())
    phrases = configured_book(config)
    if phrases.skipped:
        raise ConfigError.of("phrases_unusable", skipped=tuple(phrases.skipped))
    if warning := state_warning(config_path(args), config):
        say(warning)
    say_findings(look_at_configuration(config, dashboard), config_path(args))

    mqtt = config.mqtt
    show(text("doctor_configuration", path=config_path(args) or text("builtin_defaults")))
    show(text("check_site", site=config.site, agent_id=config.agent_id, host=mqtt.host, port=mqtt.port))
    if not is_loopback(mqtt.host):
        show(text("check_own_broker"))
    for line in ways_in(config):
        show(line)
    show(text("check_dashboard", url=page_url(dashboard)))
    for line in unanswered_lines(config.unanswered, can=controlling(config).rings_superiors):
        show(line)
    show(_ending(dashboard))
    show(text("check_state", path=config.state_path()))
    say_recording(config.recording, config.records, config.state_path(), dashboard.store_settings().folder())
    _recorded_sound(dashboard)
    show(text("check_rules", rules=len(rules), categories=len(phrases.names)))
    _sentences(dashboard, {rule.kind for rule in rules} | set(phrases.names))
    if args.rules:
        _list_rules(rules, language())
    for category, rule_id in categories_without_phrases(rules, phrases.names).items():
        warn(text("check_category_missing", rule_id=rule_id, category=category))
    for path in own_files(config.phrase_files(), DEFAULTS / "phrases"):
        for phrase, forms in wider(path):
            show(text("check_wider", path=path, phrase=repr(phrase), forms="、".join(forms)))
    for rule_id, keys in capped_rules(rules).items():
        warn(*both("check_capped", rule_id=rule_id, keys=", ".join(keys)))
    _speech(config)


def _recorded_sound(dashboard: DashboardSettings) -> None:
    """Say where a dashboard on this machine has the sound of recorded calls from, unless it is here."""
    url = dashboard.records.url
    if url is not None and not records_folder(dashboard.records, dashboard.store_settings()).is_dir():
        show(text("check_recorded_sound", url=url))


def _list_rules(rules: Iterable[Rule], shown_in: Language) -> None:
    table = Table(*(label(each, shown_in) for each in ("rule", "kind", "needs words", "title")), box=None)
    for rule in rules:
        needed = label("yes" if rule.needs_words() else "no", shown_in)
        table.add_row(rule.id, rule.kind, needed, rule.title[shown_in])
    Console().print(table)


def _speech(config: AgentConfig) -> None:
    if not config.speech.enabled:
        return
    if config.speech.engine == "vosk-server":
        show(text("check_speech_server", server=config.speech.server))
        return
    try:
        show(text("check_speech_model", path=model_path(config)))
    except KikimoriError as error:
        warn(*both("check_speech_missing", message=error.message, next_step=error.next_step))


def _sentences(dashboard: DashboardSettings, known: set[str]) -> None:
    """Show the number of sentences for the operator's page, then warn of each unknown situation.

    Args:
        dashboard: Names the office's own files, which were read and found good.
        known: Kinds of rules and categories of phrases.
    """
    builtin, book = read_book(), read_book(dashboard.sentences)
    counts = {each: sum(map(len, book.situations(each).values())) for each in LANGUAGES}
    show(text("check_sentences", **counts))
    for each in LANGUAGES:
        for when in book.situations(each).keys() - builtin.situations(each).keys() - known:
            warn(text("check_sentences_unused", language=each, when=when))


def _ending(dashboard: DashboardSettings) -> str:
    """Return what is needed before a call is ended from the pages."""
    table = dashboard.ending
    codes = {None: "ending_people_any", 1: "ending_people_one", 2: "ending_people_two"}
    reasons = len(read_ending_reasons(table.reasons))
    return text(
        "check_ending", people=text(codes[table.people]), warnings=str(table.warnings), reasons=str(reasons)
    )


def ways_in(config: AgentConfig) -> list[str]:
    """Return a line for each tap that is switched on, with the source of its calls; one line if none is."""
    found = [each.summary() for each in config.integrations() if each.is_on()]
    return found or [text("way_in_none")]
