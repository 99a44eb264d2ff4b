"""What a user can cause, and mend: one line says where, what, and what to do."""


class RnnbenchError(Exception):
    """The base; `cli` alone catches it, prints it and returns 2."""


class SweepError(RnnbenchError):
    """A sweep file that can't be read as one: a line for each fault in it."""


class ResultsError(RnnbenchError):
    """A results file, or a journal, that can't be read or written."""


class CampaignError(RnnbenchError):
    """Measuring can't begin or go on, whichever case it is."""


class IncomparableError(RnnbenchError):
    """Two runs that have nothing to say of each other, such as of two machines."""
