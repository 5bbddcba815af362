"""History of recorded calls: found again by words and attributes."""
