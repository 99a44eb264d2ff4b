"""The pytest plugin: options, cases as test items, replayed timings."""
