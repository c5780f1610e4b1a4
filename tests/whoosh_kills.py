"""Writers of an index, killed at random moments; the index stays intact."""

from __future__ import annotations

import multiprocessing
import random
import time
from multiprocessing.connection import Connection
from pathlib import Path

from search_documents import case, word_query

from register.search.engine_interface import Cursor, Document, SearchQuery
from register.search.whoosh import Whoosh


def write_documents(seq: int) -> list[Document]:
    """The documents of a commit, derived from its number."""
    return [case(n, f"commit{seq}", f"case{n} " * (1 + seq % 5)) for n in range(1, 25)]


def keep_writing(folder: Path, pipe: Connection) -> None:
    """Commit repeatedly, by each kind of write, until killed."""
    engine = Whoosh(folder)
    seq = engine.cursor().seq
    pipe.send("ready")
    while True:
        seq += 1
        cursor = Cursor(seq, "cc", "made")
        if seq % 7 == 0:
            engine.rebuild(cursor, write_documents(seq))
        else:
            engine.write(cursor, write_documents(seq), [], scrub=seq % 3 == 0)


def killed_writers(engine: Whoosh, times: int, seed: int) -> int:
    """Kill writers at random moments and check the index; the number of commits."""
    engine.rebuild(Cursor(1, "cc", "made"), write_documents(1))
    rng, context = random.Random(seed), multiprocessing.get_context("spawn")
    for _ in range(times):
        parent_pipe, child_pipe = context.Pipe()
        writer = context.Process(target=keep_writing, args=(engine._folder, child_pipe))
        writer.start()
        # Closed here, so that recv fails if the writer ends at once.
        child_pipe.close()
        assert parent_pipe.recv() == "ready"
        time.sleep(rng.uniform(0, 0.3))
        writer.kill()
        writer.join()
        writer.close()
        parent_pipe.close()
        matches = engine.find(None, word_query(f"commit{engine.cursor().seq}"))
        assert len(matches.strength) == 24
        assert engine.find(None, SearchQuery()).strength.keys() == matches.strength.keys()
        assert engine.intact(deep=True)
        assert engine._leftovers() == []
    seq = engine.cursor().seq
    engine.write(Cursor(seq + 1, "cc", "made"), write_documents(seq + 1), [], scrub=False)
    assert len(engine.find(None, word_query(f"commit{seq + 1}")).strength) == 24
    return seq
