"""The `rnnbench` command, one file per subcommand."""
