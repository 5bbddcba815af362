"""Push of the picture to browsers: their connections, and the view that each one's session allows."""
