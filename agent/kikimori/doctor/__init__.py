"""Is this installation fit to watch over calls? What can be tried is tried, and each failure says what to do."""

from kikimori.doctor.diagnosis import Diagnosis, State
from kikimori.doctor.examination import examine

__all__ = ["Diagnosis", "State", "examine"]
