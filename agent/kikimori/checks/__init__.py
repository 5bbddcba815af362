"""Checks that `doctor` and the integrations share: what one finds, ports with their admitted peers, certificates."""
