"""Login, sessions and rights: everybody at the dashboard is somebody, and may do what their roles allow."""
