"""Moments as the service writes them: nobody has seen the form, so several are read."""

import re
from datetime import UTC, datetime

_DOTNET = re.compile(r"/Date\((-?\d+)(?:[+-]\d{4})?\)/")


def parse_when(text: str) -> datetime | None:
    """The moment that `text` names (ISO 8601, seconds or milliseconds since 1970, `/Date(…)/`)."""
    text = text.strip()
    if found := _DOTNET.fullmatch(text):
        text = found.group(1)
    try:
        if re.fullmatch(r"\d{9,14}(\.\d+)?", text):
            number = float(text)
            return datetime.fromtimestamp(number / 1000 if number > 1e11 else number, UTC)
        when = datetime.fromisoformat(text)
    except (ValueError, OverflowError, OSError):
        return None
    return when if when.tzinfo else when.replace(tzinfo=UTC)
