"""The web server below the routes: addresses and names, checks of every request, limits, the document of the API."""
