"""The picture of the site for pages: its calls and alerts as JSON, in their order, and the part that each page may see."""
