"""Finder of phrases as the configuration has it: the phrase files, with the models that are switched on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kikimori.config import BUILTIN_SENTENCES
from kikimori_core.judging.phrases import PhraseBook, load_phrases
from kikimori_core.judging.second_opinion import with_second_opinion

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kikimori.config import AgentConfig
    from kikimori_core.judging.kinds.rule import Rule
    from kikimori_core.judging.second_opinion.checked import CheckedPhrases


def configured_book(config: AgentConfig) -> PhraseBook:
    """Read the phrase files, with the model of demands and refusals. Raises ConfigError."""
    return load_phrases(config.phrase_files(), config.acts_folder(), config.sentences_folder())


def configured_finder(config: AgentConfig, rules: Iterable[Rule]) -> PhraseBook | CheckedPhrases:
    """Read the phrase files and put the second opinion over them, for some rules. Raises ConfigError."""
    return with_second_opinion(configured_book(config), rules, config.opinion_folder(), BUILTIN_SENTENCES)
