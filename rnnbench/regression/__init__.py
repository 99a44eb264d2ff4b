"""Two runs, two versions, many nights: what became slower, and when."""
