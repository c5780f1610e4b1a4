"""``python -m register``: the ``webcitoyen`` command."""

from register.cli import main

main()
