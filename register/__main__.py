"""``webcitoyen`` and ``python -m register``: the command."""

from __future__ import annotations

import gc


def main() -> None:
    """Load the application and run a command."""
    # Modules that are loaded stay: looking for garbage among them takes a fifth of the start.
    gc.disable()
    from register import cli

    gc.freeze()
    gc.enable()
    cli.main()


if __name__ == "__main__":
    main()
