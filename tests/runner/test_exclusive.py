"""Side by side, or alone: who is let in, who waits, and what a cancelled one leaves."""

import asyncio
from contextlib import suppress

import pytest

from rnnbench.runner.exclusive import Room


def play(*visits):
    """Who was inside with whom: each visit is a lane's list of (name, alone)."""
    seen = []
    inside = set()

    async def lane(room, mine):
        for name, alone in mine:
            async with room.enter(alone=alone):
                inside.add(name)
                for _ in range(3):
                    seen.append(frozenset(inside))
                    await asyncio.sleep(0)
                inside.remove(name)

    async def run():
        room = Room()
        await asyncio.gather(*(lane(room, mine) for mine in visits))
        return room

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
        room = Room()
        async with room.enter(alone=False):
            waiting = asyncio.create_task(_visit(room, alone=True))
            await asyncio.sleep(0)
            waiting.cancel()
            with suppress(asyncio.CancelledError):
                await waiting
            async with asyncio.timeout(5), room.enter(alone=False):
                pass
        async with asyncio.timeout(5), room.enter(alone=True):
            pass

    asyncio.run(run())


def test_an_error_inside_leaves_the_room_open():
    async def run():
        room = Room()
        with pytest.raises(LookupError):
            async with room.enter(alone=True):
                raise LookupError
        async with asyncio.timeout(5), room.enter(alone=True):
            pass

    asyncio.run(run())


def test_only_the_time_alone_is_counted():
    async def run():
        room = Room()
        async with room.enter(alone=False):
            await asyncio.sleep(0.01)
        shared = room.alone
        async with room.enter(alone=True):
            await asyncio.sleep(0.01)
        return shared, room.alone

    shared, alone = asyncio.run(run())

    assert shared == 0.0
    assert alone >= 0.01


async def _visit(room, *, alone):
    async with room.enter(alone=alone):
        pass
