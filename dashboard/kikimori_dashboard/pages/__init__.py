"""Files of the pages as they are served, and the words that the server puts on them."""
