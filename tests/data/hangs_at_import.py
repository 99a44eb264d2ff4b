"""A module that never finishes its import."""

import time

while True:
    time.sleep(0.1)
