"""The pytest suites: one file for each phase; installed as `rnnbench.suites`."""
