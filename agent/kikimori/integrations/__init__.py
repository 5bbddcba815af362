"""Integrations: the ways in and the PBXs under control, one folder each; `registry` names them all.

A folder's `__init__` describes the integration to the rest of the program, see `integration.Integration`.
"""
