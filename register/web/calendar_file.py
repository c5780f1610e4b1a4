"""Downloads of days for a calendar application (iCalendar, RFC 5545).

The library is imported with the first download: it is a tenth of a second of the start.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from flask import Response

from register.db import now
from register.web.request_context import settings

if TYPE_CHECKING:
    from icalendar import Event

# All-day events begin at midnight: nine in the morning, a week and a day before.
_ALARMS = (timedelta(days=-7, hours=9), timedelta(days=-1, hours=9))


@dataclass(frozen=True)
class CalendarDay:
    """A day with a title; ``key`` tells it apart from every other day of the register.

    The same key gives the same event, so that a second download does not double it.
    """

    key: str
    day: date
    title: str
    text: str = ""
    has_alarms: bool = True


def calendar_file(days: Iterable[CalendarDay], *, filename: str) -> Response:
    """A calendar as a download that no cache stores.

    :param filename: of letters, digits, dots and dashes.
    """
    from icalendar import Calendar

    calendar, at = Calendar(), now()
    calendar.add("prodid", "-//Web Citoyen//Web Citoyen//FR")
    calendar.add("version", "2.0")
    for calendar_day in days:
        calendar.add_component(_event(calendar_day, at))
    headers = {
        "Content-Disposition": f'attachment; filename="{filename}"',
        "Cache-Control": "no-store",
        "X-Robots-Tag": "noindex",
    }
    return Response(calendar.to_ical(), headers=headers, mimetype="text/calendar")


def _event(calendar_day: CalendarDay, at: datetime) -> Event:
    from icalendar import Alarm, Event

    event, host = Event(), settings().host
    # A name of the namespace of addresses, whose digest says nothing of the key.
    event.add("uid", f"{uuid.uuid5(uuid.NAMESPACE_URL, f'{host}/{calendar_day.key}')}@{host}")
    event.add("dtstamp", at)
    event.add("dtstart", calendar_day.day)
    event.add("dtend", calendar_day.day + timedelta(days=1))
    event.add("summary", calendar_day.title)
    if calendar_day.text:
        event.add("description", calendar_day.text)
    # The day stays free, and a shared calendar shows others that something is on it, not what.
    event.add("transp", "TRANSPARENT")
    event.add("class", "PRIVATE")
    for before in _ALARMS if calendar_day.has_alarms else ():
        alarm = Alarm()
        alarm.add("action", "DISPLAY")
        alarm.add("description", calendar_day.title)
        alarm.add("trigger", before)
        event.add_component(alarm)
    return event
