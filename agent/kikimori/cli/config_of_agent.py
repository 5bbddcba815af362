"""What `kikimori config check` says where the agent is installed: it loads rules and phrases, and with them Sudachi."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from rich.console import Console
from rich.table import Table

from kikimori.cli.config import say_findings
from kikimori.cli.options import config_path, say, state_warning
from kikimori.config import DEFAULTS
from kikimori.doctor.configuration import look_at_configuration
from kikimori.errors import ConfigError, KikimoriError
from kikimori.recognition import model_path
from kikimori_core.judging.coverage import own_files, wider
from kikimori_core.judging.phrases import load_phrases
from kikimori_core.judging.rules import capped_rules, categories_without_phrases, load_rules
from kikimori_core.wire.settings import is_loopback
from kikimori_dashboard import read_book

if TYPE_CHECKING:
    import argparse

    from kikimori.config import AgentConfig
    from kikimori_dashboard import DashboardSettings

LANGUAGES: tuple[Literal["ja", "en"], ...] = ("ja", "en")


def check_agent(args: argparse.Namespace, config: AgentConfig, dashboard: DashboardSettings) -> None:
    """Check everything that the configuration names, and describe what it says; raises ConfigError."""
    rules = load_rules(config.rule_files())
    phrases = load_phrases(config.phrase_files())
    if phrases.skipped:
        raise ConfigError(
            "\n".join(phrases.skipped), next_step="write the phrase with a word that carries its meaning"
        )
    if warning := state_warning(config_path(args), config):
        say(warning)
    say_findings(look_at_configuration(config, dashboard), config_path(args))

    print(f"configuration: {config_path(args) or 'built-in defaults'}")
    print(f"site {config.site}, agent {config.agent_id}, broker {config.mqtt.host}:{config.mqtt.port}")
    if not is_loopback(config.mqtt.host):
        print(
            "a broker on another machine: for `kikimori agent` and `kikimori dashboard`, not for `kikimori up`"
        )
    for line in ways_in(config):
        print(line)
    print(f"dashboard http://{dashboard.host}:{dashboard.port}/")
    print(f"state in {config.state_path()}")
    print(f"{len(rules)} rules in force, {len(phrases.names)} phrase categories")
    sentences = sentences_of(dashboard, {rule.kind for rule in rules} | set(phrases.names))
    print(sentences[0])
    for warning in sentences[1:]:
        say(warning)
    if args.rules:
        table = Table("rule", "kind", "needs words", "title", box=None)
        for rule in rules:
            table.add_row(
                rule.id, rule.kind, "yes" if rule.needs_words() else "no", rule.title[config.language]
            )
        Console().print(table)
    for category, rule_id in categories_without_phrases(rules, phrases.names).items():
        say(f"warning: rule {rule_id} waits for the phrase category {category}, which no file defines")
    for path in own_files(config.phrase_files(), DEFAULTS / "phrases"):
        for phrase, forms in wider(path):
            print(
                f"{path}: {phrase!r} is found in other forms too, as {'、'.join(forms)}; exact = true keeps it as written"
            )
    for rule_id, keys in capped_rules(rules).items():
        say(
            f"warning: rule {rule_id}: {' and '.join(keys)}: a voice alone is at most a warning; "
            "this release still reads it, the next will not\n  next: remove it, or set severity to warning"
        )
    if config.speech.enabled and config.speech.engine == "vosk-server":
        print(f"speech server {config.speech.server}")
    elif config.speech.enabled:
        try:
            print(f"speech model {model_path(config)}")
        except KikimoriError as error:
            say(f"warning: {error.message}: rules that need words will not fire\n  next: {error.next_step}")


def sentences_of(dashboard: DashboardSettings, known: set[str]) -> list[str]:
    """Return the number of sentences for the operator's page, then a warning for each unknown situation.

    Args:
        dashboard: Names the office's own files, which were read and found good.
        known: Kinds of rules and categories of phrases.
    """
    builtin, book = read_book(), read_book(dashboard.sentences)
    counts = {
        language: sum(len(each) for each in book.situations(language).values()) for language in LANGUAGES
    }
    found = [f"sentences for operators: {counts['ja']} in Japanese, {counts['en']} in English"]
    for language in LANGUAGES:
        found += [
            f"warning: sentences ({language}) for {when}: no rule is of that kind, and no file defines such phrases"
            for when in book.situations(language).keys() - builtin.situations(language).keys() - known
        ]
    return found


def ways_in(config: AgentConfig) -> list[str]:
    """Return a line for each tap that is switched on, with the source of its calls; one line if none is."""
    found = [each.summary() for each in config.integrations() if each.is_on()]
    return found or ["no way in is switched on"]
