"""HTTP and HTTPS servers of dashboard and records service: limited ports, TLS beside plain HTTP, certificates read again."""
