"""Requests whose uploaded files never touch the disk in clear.

The framework writes a larger file to a temporary one, where its bytes stay after its deletion.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, cast

from flask import Request, request
from werkzeug.formparser import FormDataParser

if TYPE_CHECKING:
    from werkzeug.formparser import TStreamFactory


class StreamedRequest(Request):
    """A request whose files go to streams of :attr:`stream_factory`.

    By default they stay in memory, as the rest of a body of bounded length.
    """

    stream_factory: TStreamFactory = staticmethod(lambda *_args, **_options: io.BytesIO())

    def make_form_data_parser(self) -> FormDataParser:
        """The parser of a form, which writes each file to a stream of ours."""
        parser = super().make_form_data_parser()
        parser.stream_factory = self.stream_factory
        return parser


def set_stream_factory(stream_factory: TStreamFactory) -> None:
    """Send the files of the current request to streams; call it before its form is read."""
    cast(StreamedRequest, request).stream_factory = stream_factory
