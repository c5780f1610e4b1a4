"""``python -m tools.docs``: build the documentation into build/docs/."""

from __future__ import annotations

import sys

from tools.docs import rooms
from tools.docs.furnished import demonstration
from tools.docs.gallery import specimens
from tools.docs.site import BrokenLinksError, build


def main() -> int:
    """Build, and say where the front page is; 1 when a link leads nowhere."""
    with demonstration() as app:
        components = specimens(app)
    folder = rooms.TOP / "build" / "docs"
    try:
        build(folder, components)
    except BrokenLinksError as broken:
        print("\n".join(broken.problems), file=sys.stderr)
        return 1
    print(folder / "index.html")
    return 0


if __name__ == "__main__":
    sys.exit(main())
