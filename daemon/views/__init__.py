"""Returns and work as people and programs see them: data for the command, the pages and the API."""
