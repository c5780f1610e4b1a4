"""A bulkhead lets so many in, has so many wait for so long, and refuses the rest at once."""

from __future__ import annotations

import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from register.concurrency_limit import Bulkhead
from register.errors import Unavailable


def test_a_bulkhead_lets_some_run_some_wait_and_refuses_the_others() -> None:
    bulkhead = Bulkhead(max_running=2, max_waiting=3, turn_timeout=5)
    inside, most, go_on, lock = 0, 0, threading.Event(), threading.Lock()

    def enter(_number: int) -> str:
        nonlocal inside, most
        try:
            with bulkhead.turn():
                with lock:
                    inside += 1
                    most = max(most, inside)
                go_on.wait(5)
                with lock:
                    inside -= 1
        except Unavailable as error:
            return error.key
        return "done"

    with ThreadPoolExecutor(8) as pool:
        answers = [pool.submit(enter, number) for number in range(8)]
        refused = [answer for answer in answers if _ends(answer)]
        assert len(refused) == 3
        go_on.set()
        assert Counter(answer.result() for answer in answers) == {"done": 5, "busy": 3}
    assert most == 2


def test_all_threads_run_when_tasks_are_short() -> None:
    """Forty reports at one instant, in a process of twelve threads."""
    bulkhead = Bulkhead(max_running=1, max_waiting=7, turn_timeout=5, entry_timeout=0.5)

    def enter(_number: int) -> None:
        with bulkhead.turn():
            time.sleep(0.01)

    with ThreadPoolExecutor(12) as pool:
        list(pool.map(enter, range(40)))


def _ends(answer) -> bool:
    deadline = time.monotonic() + 0.2
    while not answer.done() and time.monotonic() < deadline:
        time.sleep(0.005)
    return answer.done()


@pytest.mark.parametrize(("waited", "least"), [(0.0, 0.1), (1.0, 0.0)])
def test_the_waiting_time_is_bounded_and_counts_earlier_waits(waited: float, least: float) -> None:
    bulkhead = Bulkhead(max_running=1, max_waiting=1, turn_timeout=0.1)
    with bulkhead.turn():
        begun = time.monotonic()
        with pytest.raises(Unavailable), bulkhead.turn(waited):
            pytest.fail("somebody else has the turn")
        assert least <= time.monotonic() - begun < least + 0.5
    with bulkhead.turn(waited):
        pass


def test_an_error_releases_the_slot() -> None:
    bulkhead = Bulkhead(max_running=1, max_waiting=0, turn_timeout=0)
    for _again in range(2):
        with pytest.raises(ZeroDivisionError), bulkhead.turn():
            raise ZeroDivisionError
