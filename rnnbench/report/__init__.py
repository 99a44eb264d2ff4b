"""Pages, summaries, charts and sites made from runs."""
