"""Texts for people by code, in Japanese and English: `ja.toml`, `en.toml`, and their use."""

from kikimori_core.messages.language import Language, language_of
from kikimori_core.messages.text import CodedText, both, in_language, joined, label, remedy, text

__all__ = ["CodedText", "Language", "both", "in_language", "joined", "label", "language_of", "remedy", "text"]
