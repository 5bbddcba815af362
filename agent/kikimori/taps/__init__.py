"""Common parts of the ways in, each of which turns a PBX's protocol into legs (`kikimori_core.model.feed`).

Decides nothing about content.
"""
