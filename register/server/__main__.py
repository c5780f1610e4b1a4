"""``python -m register.server``: the parent process of the service, or a child that it starts."""

from __future__ import annotations

import gc
import os
import sys

from register.server import process_start
from register.server.parent import Parent


def main(role: str, *arguments: str) -> int:
    """Run one process of the service; its exit code."""
    if role == process_start.PARENT:
        process_start.protect()
        return Parent(*arguments).run()
    # Before the application is loaded, which takes a second in which the parent may end.
    process_start.become_child(role)
    parent, *arguments_of_child = arguments
    if os.getppid() != int(parent):
        return 1
    # As in register/__main__.py.
    gc.disable()
    from register.server import launch

    gc.enable()
    return launch.start_child(role, *arguments_of_child)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
