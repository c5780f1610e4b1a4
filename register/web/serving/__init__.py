"""How the register is served: one supervisor, one worker, and what both are strict about.

``launch`` binds the address and becomes the supervisor. ``supervisor`` watches one ``worker``,
which runs waitress as ``strict`` and ``embedded`` make it. ``grown`` runs gunicorn instead when
several processes are asked for. The supervisors import nothing of the application: they stay small,
and what they start after an upgrade is the upgraded code.
"""
