"""The report's script and style sheet: what a reader of a page can do with it."""
