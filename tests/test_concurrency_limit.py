"""A bulkhead limits running and waiting threads, and refuses the others at once."""

from __future__ import annotations

import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from register.concurrency_limit import Bulkhead
from register.errors import Unavailable


def test_a_bulkhead_runs_two_queues_three_and_refuses_the_others() -> None:
    bulkhead = Bulkhead(max_running=2, max_waiting=3, turn_timeout=5)
    running, max_running, release, lock = 0, 0, threading.Event(), threading.Lock()

    def enter(_number: int) -> str:
        nonlocal running, max_running
        try:
            with bulkhead.turn():
                with lock:
                    running += 1
                    max_running = max(max_running, running)
                release.wait(5)
                with lock:
                    running -= 1
        except Unavailable as error:
            return error.key
        return "done"

    with ThreadPoolExecutor(8) as pool:
        futures = [pool.submit(enter, number) for number in range(8)]
        refused = [future for future in futures if _ends(future)]
        assert len(refused) == 3
        release.set()
        assert Counter(future.result() for future in futures) == {"done": 5, "busy": 3}
    assert max_running == 2


def test_all_threads_run_when_tasks_are_short() -> None:
    """Forty tasks in twelve threads."""
    bulkhead = Bulkhead(max_running=1, max_waiting=7, turn_timeout=5, entry_timeout=0.5)

    def enter(_number: int) -> None:
        with bulkhead.turn():
            time.sleep(0.01)

    with ThreadPoolExecutor(12) as pool:
        list(pool.map(enter, range(40)))


def _ends(future) -> bool:
    deadline = time.monotonic() + 0.2
    while not future.done() and time.monotonic() < deadline:
        time.sleep(0.005)
    return future.done()


def test_the_waiting_time_is_bounded() -> None:
    bulkhead = Bulkhead(max_running=1, max_waiting=1, turn_timeout=0.1)
    with bulkhead.turn():
        start = time.monotonic()
        with pytest.raises(Unavailable), bulkhead.turn():
            pytest.fail("somebody else has the turn")
        assert 0.1 <= time.monotonic() - start < 0.6
    with bulkhead.turn():
        pass


def test_an_error_releases_the_slot() -> None:
    bulkhead = Bulkhead(max_running=1, max_waiting=0, turn_timeout=0)
    for _again in range(2):
        with pytest.raises(ZeroDivisionError), bulkhead.turn():
            raise ZeroDivisionError


def test_turns_come_in_the_order_of_arrival() -> None:
    bulkhead, order = Bulkhead(max_running=1, max_waiting=5, turn_timeout=5), []

    def enter(number: int) -> None:
        with bulkhead.turn():
            order.append(number)

    with ThreadPoolExecutor(5) as pool:
        with bulkhead.turn():
            for number in range(5):
                pool.submit(enter, number)
                _wait_for_queue(bulkhead, number + 1)
        # Whoever leaves does not overtake them.
        with bulkhead.turn():
            order.append(5)
    assert order == list(range(6))


def test_a_turn_that_comes_at_the_last_moment_is_held() -> None:
    bulkhead, has_turn = Bulkhead(max_running=1, max_waiting=1, turn_timeout=0.05), []

    def enter() -> None:
        with bulkhead.turn():
            has_turn.append(True)

    with bulkhead.turn(), ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(enter)
        _wait_for_queue(bulkhead, 1)
        with bulkhead._lock:
            # Its time is over before it can say so.
            time.sleep(0.1)
            bulkhead._waiting.popleft().release()
        waiting.result()
    assert has_turn


def _wait_for_queue(bulkhead: Bulkhead, length: int) -> None:
    deadline = time.monotonic() + 5
    while len(bulkhead._waiting) < length and time.monotonic() < deadline:
        time.sleep(0.001)
    assert len(bulkhead._waiting) == length
