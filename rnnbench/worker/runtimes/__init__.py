"""One file per runtime: each prepares a case, so that it can be called and checked."""
