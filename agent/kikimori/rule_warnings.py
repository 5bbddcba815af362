"""Warnings in the log about rules that cannot work as their file says."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from kikimori_core.judging.rules import capped_rules, categories_without_phrases

if TYPE_CHECKING:
    from kikimori_core.judging.kinds.rule import Rule
    from kikimori_core.judging.phrases import PhraseBook
    from kikimori_core.judging.second_opinion.checked import CheckedPhrases

log = structlog.get_logger()


def warn_of_unknown_categories(rules: tuple[Rule, ...], phrases: PhraseBook | CheckedPhrases) -> None:
    """Log rules that wait for a phrase category that no file defines: they can never hold."""
    for category, rule in categories_without_phrases(rules, phrases.names).items():
        log.warning("rule_without_phrases", rule=rule, category=category)


def warn_of_capped_rules(rules: tuple[Rule, ...]) -> None:
    """Log rules of voices that ask for more than a warning: one line with all of them."""
    if capped := capped_rules(rules):
        log.warning("rule_keys_capped_at_warning", rules={rule: list(keys) for rule, keys in capped.items()})
