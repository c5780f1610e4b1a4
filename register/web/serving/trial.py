"""A process that only tries whether an application may be served, and says why if not."""

from __future__ import annotations

import sys

from register.web.serving import starting


def main(arguments: list[str]) -> int:
    """0 when the application may be served; else 1, and the reason on standard output."""
    refused = starting.refusal(arguments[0])
    if refused:
        print(refused)
    return 1 if refused else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
