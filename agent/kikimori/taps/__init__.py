"""Ways in: each turns a PBX's protocol into legs (`kikimori_core.model.feed`). Decides nothing about content."""
