"""Problems that an agent reports, as they are sent, and as they are worded for people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, Self

from pydantic import Field, model_validator

from kikimori_core.messages.text import CodedText, both, catalogue, critical_codes, label, translated
from kikimori_core.wire.evidence import Name, Part, Text
from kikimori_core.wire.values import Severity

if TYPE_CHECKING:
    from kikimori_core.messages import Language

LONGEST_TEXT = 2000


class Problem(Part):
    """Problem that a person should know; `remedy` is the next step, ready to type where possible."""

    code: Name
    detail: Text = ""
    """In English; for pages that do not know `text`."""
    remedy: Text = ""
    """In English, likewise."""
    cause: Name | None = None
    """Stable code of the cause, where there are several; pages word it in their language."""
    text: Name | None = None
    """Code of `detail` in the catalogues of `kikimori_core.messages`; None = it has none."""
    remedy_text: Name | None = None
    """Code of `remedy`, likewise."""
    parameters: dict[Name, Text] = Field(default_factory=dict)
    """Names and figures in both texts, in English."""
    severity: Severity = Severity.WARNING
    """Critical: calls are not watched, or alerts are lost. Filled in by the code where it is not given."""

    @classmethod
    def of(cls, code: str, /, *, cause: str | None = None, **parameters: object) -> Self:
        """Return a problem with the texts of its code, or of `code.cause` where there is a cause."""
        detail, remedy = both(code if cause is None else f"{code}.{cause}", **parameters)
        return cls(code=code, detail=detail, remedy=remedy, cause=cause)

    @model_validator(mode="before")
    @classmethod
    def _take_texts_apart(cls, data: Any) -> Any:
        """Note code and parameters of texts that have them, and cut what is too long."""
        if not isinstance(data, dict):
            return data
        taken, parameters = dict(data), dict(data.get("parameters", {}))
        if data.get("code") in critical_codes():
            taken.setdefault("severity", Severity.CRITICAL)
        for part, name in (("detail", "text"), ("remedy", "remedy_text")):
            words = data.get(part)
            if isinstance(words, CodedText) and words:
                taken.setdefault(name, words.code)
                parameters |= {key: str(value)[:LONGEST_TEXT] for key, value in words.parameters.items()}
            if isinstance(words, str):
                taken[part] = str(words)[:LONGEST_TEXT]
        return {**taken, "parameters": parameters} if parameters else taken

    def words(self, language: Language) -> tuple[str, str]:
        """Return what it means and the next step in a language; in English where it is not known in that language."""
        code = self.text or self.code
        if self.text is None and self.cause and f"{self.code}.{self.cause}" in catalogue(language):
            code = f"{self.code}.{self.cause}"
        detail = translated(code, "detail", self.parameters, language)
        remedy = translated(self.remedy_text or code, "remedy", self.parameters, language)
        if language == "en":
            return self.detail or self.code, self.remedy
        return detail or label(self.detail or self.code, language), remedy or label(self.remedy, language)

    def texts(self) -> tuple[str, str]:
        """Return both texts with their codes, for a message of another kind."""
        return self._coded(self.text, "detail"), self._coded(self.remedy_text or self.text, "remedy")

    def _coded(self, code: str | None, part: Literal["detail", "remedy"]) -> str:
        plain: str = getattr(self, part)
        return CodedText(code, part, self.parameters) if code in catalogue("en") and plain else plain
