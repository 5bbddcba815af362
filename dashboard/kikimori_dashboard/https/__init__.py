"""HTTPS of the dashboard: certificate, port, names by which browsers ask, redirect from plain HTTP."""
