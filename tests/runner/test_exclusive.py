"""Side by side, or alone: who is let in, who waits, and what a cancelled one leaves."""

import asyncio
from contextlib import suppress

import pytest

from rnnbench.runner.exclusive import TimingLock


def play(*visits):
    """Who was inside with whom: each visit is a lane's list of (name, alone)."""
    seen = []
    inside = set()

    async def lane(lock, mine):
        for name, alone in mine:
            async with lock.hold(exclusive=alone):
                inside.add(name)
                for _ in range(3):
                    seen.append(frozenset(inside))
                    await asyncio.sleep(0)
                inside.remove(name)

    async def run():
        lock = TimingLock()
        await asyncio.gather(*(lane(lock, mine) for mine in visits))
        return lock

    return asyncio.run(asyncio.wait_for(run(), timeout=10)), seen


def test_those_that_may_be_beside_others_are():
    _, seen = play([("a", False)], [("b", False)])

    assert {"a", "b"} in seen


@pytest.mark.parametrize("other", [False, True])
def test_who_is_alone_is_alone(other):
    _, seen = play([("a", True), ("b", True)], [("c", other), ("d", other)])

    assert {name for group in seen for name in group} == set("abcd")
    alone = set("ab") | (set("cd") if other else set())
    assert all(len(group) == 1 for group in seen if group & alone)


def test_those_that_are_alone_follow_each_other():
    """The lane beside would else be waited for before each of them."""
    _, seen = play([("a", True), ("b", True)], [("c", False), ("d", False)])

    order = "".join(dict.fromkeys("".join(sorted(group)) for group in seen))
    assert "ab" in order


def test_nobody_is_shut_out_by_one_who_left():
    async def run():
        lock = TimingLock()
        async with lock.hold(exclusive=False):
            waiting = asyncio.create_task(_visit(lock, exclusive=True))
            await asyncio.sleep(0)
            waiting.cancel()
            with suppress(asyncio.CancelledError):
                await waiting
            async with asyncio.timeout(5), lock.hold(exclusive=False):
                pass
        async with asyncio.timeout(5), lock.hold(exclusive=True):
            pass

    asyncio.run(run())


def test_an_error_inside_leaves_the_lock_open():
    async def run():
        lock = TimingLock()
        with pytest.raises(LookupError):
            async with lock.hold(exclusive=True):
                raise LookupError
        async with asyncio.timeout(5), lock.hold(exclusive=True):
            pass

    asyncio.run(run())


def test_only_the_time_alone_is_counted():
    async def run():
        lock = TimingLock()
        async with lock.hold(exclusive=False):
            await asyncio.sleep(0.01)
        shared = lock.exclusive
        async with lock.hold(exclusive=True):
            await asyncio.sleep(0.01)
        return shared, lock.exclusive

    shared, alone = asyncio.run(run())

    assert shared == 0.0
    assert alone >= 0.01


async def _visit(lock, *, exclusive):
    async with lock.hold(exclusive=exclusive):
        pass
