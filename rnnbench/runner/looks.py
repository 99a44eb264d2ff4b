"""After how many launches the stop rule looks at a workload."""

# A look after 3 is too early: there t(2) is 4.3, and a width that is estimated from 3
# values stops too often by luck (simulated coverage 0.91 and less). These five cost
# least: 0.93 to 0.95 of nominal 0.95. Each is about 1.4 times the one before: half of
# the variance is left, and no look is wasted on a workload that can't have come far.
LOOKS = (6, 8, 10, 14, 20, 28, 40)


def looks(launches: int) -> tuple[int, ...]:
    """The looks of a campaign of at most `launches`; the last is at that number."""
    return (*(look for look in LOOKS if look < launches), launches)
