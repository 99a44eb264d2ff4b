"""The pytest integration: options, cases as test items, replayed timings."""
