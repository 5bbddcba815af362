"""Examination of an installation: what can be tried is tried, and each fault comes with its next step."""

from kikimori.doctor.diagnosis import Diagnosis, State
from kikimori.doctor.examination import examine

__all__ = ["Diagnosis", "State", "examine"]
