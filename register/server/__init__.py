"""How the register is served: one parent process, a web server and a worker.

``launch`` starts them, after the checks of ``startup_checks``. ``parent`` keeps them running.
``web_server`` is gunicorn with our settings. ``process_start`` has what each process needs first.
"""
