"""Runs the command line in this process."""

import sys

import pytest

from rnnbench.cli.main import main


@pytest.fixture
def run(monkeypatch, capsys):
    """The exit status, standard output and standard error of a command."""

    def run_main(*arguments):
        monkeypatch.setattr(sys, "argv", ["rnnbench", *map(str, arguments)])
        status = main()
        return status, *capsys.readouterr()

    return run_main
