"""Several results files on one page: kinds of machines on one scale."""
