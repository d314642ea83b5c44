"""What the command writes to stderr: lines for people or, with `--log-format json`, JSON objects.

No secret that was read gets through, and nothing that a terminal would obey.
"""

import logging
import os
import sys
import traceback
from dataclasses import dataclass
from datetime import datetime

from reportgen.cli.lazy import lazily
from reportgen.cli.session import Session
from reportgen.console import messages, plain
from reportgen.console.messages import ERROR, WARNING, Record
from reportgen.sources.credentials import TOKEN_VARIABLE
from reportgen.text import inert
from reportgen.text.secrets import Secrets


@dataclass(frozen=True, slots=True)
class Verbosity:
    """How much the command says."""

    quiet: bool
    verbose: bool
    progress: bool | None
    """Whether to show a live display; None to decide by the terminal."""
    log_format: str


class Stderr:
    """Stderr, as everything that the command says is written to it."""

    def __init__(self, session: Session) -> None:
        self.secrets = Secrets([os.environ.get(TOKEN_VARIABLE, "").strip()])
        self._session = session

    def safe(self, text: str) -> str:
        """Return a text as it may be shown on a terminal, on stdout too."""
        return inert.terminal(self._redacted(text))

    def now(self) -> datetime:
        """Return the time in the user's own zone: lines are read as they appear."""
        return datetime.now().astimezone()

    def write(self, record: Record) -> None:
        """Write a line about something as it happens."""
        colour = messages.in_colour(os.environ, terminal=sys.stderr.isatty())
        _put(self._line(record, colour=colour))

    def warn(self, message: str) -> None:
        """Write a warning."""
        self.write(Record(self.now(), WARNING, "warning", message))

    def write_raw(self, line: str) -> None:
        """Write a line that is meant to be obeyed, such as a CI runner's annotation.

        Its texts must be inert already. It is left out among JSON objects.
        """
        if not self._session.as_json:
            _put(self._redacted(line))

    def write_end(self, event: str, message: str, *, hint: str = "") -> None:
        """Write why the command ends, in two lines at most; with --verbose also a traceback."""
        trace = ""
        if self._session.verbose and sys.exc_info()[0] is not None and event == "error":
            trace = traceback.format_exc()
        if self._session.as_json:
            details = {"hint": hint, "traceback": trace}
            details = {name: text for name, text in details.items() if text}
            self.write(Record(self.now(), ERROR, event, message, details=details))
            return
        for line in (f"arkor-report: {message}", hint, *trace.splitlines()):
            if line:
                _put(messages.bounded(self.safe(line)))

    def capture_libraries(self, *, quiet: bool) -> None:
        """Write what libraries log or warn of like everything else."""
        logging.captureWarnings(capture=True)
        level = logging.ERROR if quiet else logging.WARNING
        logging.getLogger().addHandler(_LibraryHandler(self, level))

    def progress(self, verbosity: Verbosity) -> plain.Plain:
        """Return the progress listener that the user asked for."""
        if verbosity.quiet:
            return plain.Quiet()
        live = messages.is_live(verbosity.progress, os.environ, terminal=sys.stderr.isatty())
        if self._session.as_json or not live:
            return plain.Plain(self.write, self.now, verbose=verbosity.verbose)
        colour = messages.in_colour(os.environ, terminal=True)
        # rich takes longer to import than all else here.
        display: plain.Plain = lazily("reportgen.console.live:on_stderr")(
            lambda record: self._line(record, colour=colour),
            self.now,
            self.safe,
            colour=colour,
            verbose=verbosity.verbose,
        )
        return display

    def _line(self, record: Record, *, colour: bool) -> str:
        if self._session.as_json:
            return messages.json_line(record, self._redacted)
        return messages.text_line(record, self.safe, colour=colour)

    def _redacted(self, text: str) -> str:
        return self.secrets.redactor.text(text)


def _put(line: str) -> None:
    sys.stderr.write(f"{line}\n")


class _LibraryHandler(logging.Handler):
    """Writes what libraries log."""

    def __init__(self, stderr: Stderr, level: int) -> None:
        super().__init__(level)
        self._stderr = stderr

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record as a warning."""
        self._stderr.warn(record.getMessage())
