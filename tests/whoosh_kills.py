"""Writers of an index that are killed at random moments, and what they leave."""

from __future__ import annotations

import multiprocessing
import random
import time
from multiprocessing.connection import Connection
from pathlib import Path

from search_documents import case, no_progress, word_query

from register.search import whoosh_state
from register.search.engine_interface import Cursor, Document, SearchQuery
from register.search.whoosh import Whoosh


def write_documents(seq: int) -> list[Document]:
    """The cases of a commit: told by its number alone."""
    return [case(n, f"commit{seq}", f"case{n} " * (1 + seq % 5)) for n in range(1, 25)]


def keep_writing(folder: Path, pipe: Connection) -> None:
    """Commit after commit, every way of writing, until killed."""
    engine = Whoosh(folder)
    seq = engine.cursor().seq
    pipe.send("ready")
    while True:
        seq += 1
        cursor = Cursor(seq, "cc", "made")
        if seq % 7 == 0:
            engine.rebuild(cursor, write_documents(seq), 24, no_progress)
        else:
            engine.write(cursor, write_documents(seq), [], scrub=seq % 3 == 0)


def killed_writers(engine: Whoosh, times: int, seed: int) -> int:
    """Kill writers at random moments and look at what they leave; how many commits there were."""
    engine.rebuild(Cursor(1, "cc", "made"), write_documents(1), 24, no_progress)
    chance, context = random.Random(seed), multiprocessing.get_context("spawn")
    for _ in range(times):
        here, there = context.Pipe()
        writer = context.Process(target=keep_writing, args=(engine._folder, there))
        writer.start()
        # This end is the writer's alone now: one that fails at once is not waited for.
        there.close()
        assert here.recv() == "ready"
        time.sleep(chance.uniform(0, 0.3))
        writer.kill()
        writer.join()
        writer.close()
        here.close()
        answer = engine.find(None, word_query(f"commit{engine.cursor().seq}"))
        assert len(answer.strength) == 24
        assert engine.find(None, SearchQuery()).strength.keys() == answer.strength.keys()
        assert engine.intact(deep=True)
        assert whoosh_state.leftovers(engine._folder, engine._state()) == []
    seq = engine.cursor().seq
    engine.write(Cursor(seq + 1, "cc", "made"), write_documents(seq + 1), [], scrub=False)
    assert len(engine.find(None, word_query(f"commit{seq + 1}")).strength) == 24
    return seq
