"""The log: one JSON object a line on standard error, with the request's number, without what people typed or looked for."""

import json
import logging
import sys
from datetime import datetime, timezone

_EXTRA = ("request_id", "account", "method", "path", "status", "ms", "address")


class JsonLines(logging.Formatter):
    """JSON escapes line ends and control characters, so nobody can forge a line."""

    def format(self, record):
        line = {
            "at": datetime.fromtimestamp(record.created, timezone.utc).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        line |= {name: getattr(record, name) for name in _EXTRA if hasattr(record, name)}
        if record.exc_info:
            line["trace"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=True)


def configure(stream=None):
    """Sends this process's log to standard error as JSON lines."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
