"""Sound of recorded calls: files, parts of them, and the interface by which a dashboard elsewhere hears them."""
