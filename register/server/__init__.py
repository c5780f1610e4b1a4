"""How the register is served: a supervisor, the processes behind it, what they are strict about.

``launch`` binds the address and becomes the supervisor. ``supervisor`` watches what answers and
what follows: one ``worker``, which runs waitress as ``strict`` and ``embedded`` make it, or
``grown``, which runs gunicorn when several processes are asked for; and one ``follower``. The
supervisor and gunicorn's parent import nothing of the application: they stay small, and what they
start after an upgrade is the upgraded code.
"""
