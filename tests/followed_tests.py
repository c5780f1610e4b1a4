"""The tests whose lines coverage follows: of what decides and proves, on SQLite.

Following every line of all tests would nearly double their time. The same tests on PostgreSQL run
the same lines; tests of lists, counts and verification have few lines of their own.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

import pytest
from coverage import Coverage

_PACKAGES = ("register.cases.acts", "register.journal", "register.reports.acts")
_ROOMS = ("tests/cases/", "tests/journal/", "tests/reports/")
_LISTS = {
    *(
        f"tests/cases/test_{name}.py"
        for name in (
            *("area_counts", "case_codes", "communes_with_cases", "desk_lists", "duplicates"),
            *("events", "facets", "filters", "home_counts", "known_cases", "map_points"),
            *("member_view", "pieces", "place_counts", "sitemap_data", "statistics", "timeline"),
            *("uncoded_places", "verify_desk", "verify_public"),
        )
    ),
    *(
        f"tests/reports/test_{name}.py"
        for name in (
            *("desk_deadlines", "report_duplicates", "report_races", "report_rules"),
            *("reports_verify", "seized_disk"),
        )
    ),
}
_OTHERS = {
    "tests/operations/test_rotation.py",
    "tests/web/test_source_pages.py",
    "tests/worker/test_source_jobs.py",
}
# The journal and the key store have lines for each engine.
_ON_BOTH = ("tests/journal/", "tests/test_key_store.py")


def is_followed(item: pytest.Item) -> bool:
    """Whether coverage follows a test."""
    path = item.nodeid.partition("::")[0]
    call = getattr(item, "callspec", None)
    is_on_postgresql = call is not None and "postgresql" in call.params.values()
    if path.startswith(_ON_BOTH):
        return True
    is_heart = (path.startswith(_ROOMS) and path not in _LISTS) or path in _OTHERS
    return is_heart and not is_on_postgresql


class FollowedTests:
    """A plugin of pytest that stops coverage before the tests and during those not followed."""

    def __init__(self, coverage_plugin: Any) -> None:
        self.plugin = coverage_plugin

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_collection(self) -> Iterator[None]:
        # The lines of a module itself run when it is first imported.
        for package in _PACKAGES:
            for module in iter_modules(import_module(package).__path__, package + "."):
                import_module(module.name)
        self.plugin.cov_controller.pause()
        # A worker has another one below its own, of no use, which would go on.
        while outer := Coverage.current():
            outer.stop()
        return (yield)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        controller = self.plugin.cov_controller
        if is_followed(item) is not controller.started:
            if controller.started:
                controller.pause()
            else:
                controller.resume()
        return (yield)
