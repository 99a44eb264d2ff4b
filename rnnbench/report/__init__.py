"""Pages, summaries, charts and sites made of what runs hold."""
