"""The office's people at the dashboard: directory, superiors, kiosks, and what people do with alerts."""
