"""The parts of a multipart/form-data body by name."""

from __future__ import annotations

import logging

from python_multipart.multipart import MultipartParser, parse_options_header

MOST_PARTS = 100  # Meta's own forms have about ten
_SILENT = logging.Logger("multipart", logging.CRITICAL + 1)  # noqa: LOG001 - of nobody else; the answer says what is wrong


class _Form:
    """Hears what the parser finds."""

    def __init__(self) -> None:
        self.parts: dict[str, bytes] = {}
        self.is_whole = False
        self._count = 0
        self._field, self._value = bytearray(), bytearray()
        self._name: str | None = None
        self._data: list[bytes] = []

    def begin_part(self) -> None:
        self._count += 1
        if self._count > MOST_PARTS:
            raise ValueError("too many parts")
        self._name = None
        self._data = []

    def begin_header(self) -> None:
        self._field.clear()
        self._value.clear()

    def end_header(self) -> None:
        if bytes(self._field).lower() == b"content-disposition":
            name = parse_options_header(self._value.decode("latin-1"))[1].get(b"name")
            self._name = None if name is None else name.decode("utf-8", "replace")

    def end_part(self) -> None:
        if self._name is not None:
            self.parts.setdefault(self._name, b"".join(self._data))

    def end(self) -> None:
        self.is_whole = True

    def hear_field(self, data: bytes, start: int, end: int) -> None:
        self._field += data[start:end]

    def hear_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def hear_data(self, data: bytes, start: int, end: int) -> None:
        self._data.append(data[start:end])


def read_parts(body: bytes, content_type: str) -> dict[str, bytes]:
    """Return the parts, files as well as fields; of a name that comes twice the first.

    Raises:
        ValueError: the body is not what its Content-Type says, is cut off, or has more than MOST_PARTS parts.
    """
    form = _Form()
    boundary = parse_options_header(content_type)[1].get(b"boundary", b"")
    if not boundary:
        raise ValueError("no boundary")
    parser = MultipartParser(
        boundary,
        {
            "on_part_begin": form.begin_part,
            "on_part_data": form.hear_data,
            "on_part_end": form.end_part,
            "on_header_begin": form.begin_header,
            "on_header_field": form.hear_field,
            "on_header_value": form.hear_value,
            "on_header_end": form.end_header,
            "on_end": form.end,
        },
    )
    parser.logger = _SILENT
    parser.write(body)
    parser.finalize()
    if not form.is_whole:
        raise ValueError("cut off")
    return form.parts
