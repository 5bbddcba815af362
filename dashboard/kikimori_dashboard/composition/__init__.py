"""Parts of one dashboard put together: their connections, the routes, the regular work."""
