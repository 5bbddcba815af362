"""HTTPS of the dashboard: certificate, ports, redirect from plain HTTP."""
