"""Ways in: each turns a PBX's protocol into legs (`kikimori.model.feed`). Decides nothing about content."""
