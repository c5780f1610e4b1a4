"""How the register is served: a supervisor, the processes behind it, what they are strict about.

``process_start`` binds the address and becomes the supervisor. ``supervisor`` watches what answers
and what follows: one ``worker``, which runs waitress as ``waitress_server`` and ``waitress_strict``
make it, or ``gunicorn_server`` when several processes are asked for; and one ``follower``. The
supervisor and gunicorn's parent import nothing of the application: they stay small, and what they
start after an upgrade is the upgraded code.
"""
