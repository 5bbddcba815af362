"""The office's certificate authority as another machine takes it over: fetched, checked, compared, kept."""
