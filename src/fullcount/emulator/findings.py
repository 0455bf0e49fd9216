"""Diagnostics, aggregated: one entry for each complaint, pixel, event and subject, however often it happens."""

from __future__ import annotations

from typing import Any

import msgspec

from fullcount.emulator.complaints import Complaint

_LEVELS = ("error", "warning", "info")


class Finding(msgspec.Struct):
    """One complaint as Events Manager would show it; `event_id` is the first one seen."""

    complaint: Complaint
    pixel_code: str
    event: str
    event_id: str
    detail: str
    count: int = 1


class Findings:
    """All findings, at most `keep`; beyond that only their number is known."""

    def __init__(self, keep: int) -> None:
        self._keep = keep
        self._found: dict[tuple[str, str, str, str], Finding] = {}
        self.left_out = 0

    def note(
        self, complaint: Complaint, *, pixel_code: str = "", event: str = "", event_id: str = "", detail: str = ""
    ) -> None:
        """Count `complaint`; `detail` tells two subjects apart and never holds an identifier."""
        key = (complaint.id, pixel_code, event, detail)
        finding = self._found.get(key)
        if finding is not None:
            finding.count += 1
        elif len(self._found) < self._keep:
            self._found[key] = Finding(complaint, pixel_code, event, event_id, detail)
        else:
            self.left_out += 1

    def listed(self) -> list[dict[str, Any]]:
        """Return the findings in the control plane's words, the gravest and most frequent first."""
        found = sorted(self._found.copy().values(), key=lambda one: (_LEVELS.index(one.complaint.level), -one.count))
        return [
            {
                "title": one.complaint.title,
                "level": one.complaint.level,
                "event": one.event,
                "event_id": one.event_id,
                "pixel_code": one.pixel_code,
                "detail": _explain(one),
                "count": one.count,
                "evidence": one.complaint.evidence.value,
            }
            for one in found
        ]


def _explain(finding: Finding) -> str:
    """Return where it is wrong, if that is known, and what mends it."""
    fix = finding.complaint.text.replace("`", "")
    return f"{finding.detail}: {fix}" if finding.detail else fix
