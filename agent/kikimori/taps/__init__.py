"""What ways in have in common; each is an integration, and turns a PBX's protocol into legs (`kikimori_core.model.feed`).

Decides nothing about content.
"""
