"""Errors that a user can cause and fix: one line says where, what, and the remedy."""


class RnnbenchError(Exception):
    """Base class; the command line and the pytest plugin catch it and print one line.

    The exit status is then 2, never 1, which means that something is slower.
    """


class SweepError(RnnbenchError):
    """A sweep with faults: the message has a line for each, with its place."""


class ResultsError(RnnbenchError):
    """A results file, a journal or a report that can't be read or written."""


class CampaignError(RnnbenchError):
    """Measuring can't begin or continue for a reason that is no case's own."""


class IncomparableError(RnnbenchError):
    """Two runs that can't be compared: of different machines, for one."""
