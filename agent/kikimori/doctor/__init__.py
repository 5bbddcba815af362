"""Examination of an installation: what can be tried is tried, and each fault comes with its next step.

`examination` has all checks; it loads the whole agent.
"""

from kikimori.checks.diagnosis import CheckState, Diagnosis

__all__ = ["CheckState", "Diagnosis"]
