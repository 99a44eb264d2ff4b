"""The claims of the source article, judged by the ratios of a run."""
