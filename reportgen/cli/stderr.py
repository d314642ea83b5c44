"""Stderr: redacted, inert lines of text or, with `--log-format json`, JSON objects."""

import logging
import os
import sys
import traceback
from dataclasses import dataclass
from datetime import datetime

from reportgen.cli.lazy import lazily
from reportgen.cli.session import Session
from reportgen.console import messages, plain
from reportgen.console.messages import ERROR, WARNING, Message
from reportgen.sources.credentials import TOKEN_VARIABLE
from reportgen.text import inert
from reportgen.text.secrets import Secrets


@dataclass(frozen=True, slots=True)
class Verbosity:
    """What stderr shows."""

    quiet: bool
    verbose: bool
    progress: bool | None
    """Whether to show a live display; None to decide based on the terminal."""
    log_format: str


class Stderr:
    """Writes all of the command's messages."""

    def __init__(self, session: Session) -> None:
        self.secrets = Secrets([os.environ.get(TOKEN_VARIABLE, "").strip()])
        self._session = session

    def safe(self, text: str) -> str:
        """Redact text and make it inert in a terminal; also used for stdout."""
        return inert.terminal(self._redacted(text))

    def now(self) -> datetime:
        """Return the current time in the user's time zone."""
        return datetime.now().astimezone()

    def write(self, message: Message) -> None:
        """Write a line about an event as it happens."""
        colour = messages.in_colour(os.environ, terminal=sys.stderr.isatty())
        _put(self._line(message, colour=colour))

    def warn(self, text: str) -> None:
        """Write a warning."""
        self.write(Message(self.now(), WARNING, "warning", text))

    def write_raw(self, line: str) -> None:
        """Write a CI runner's command, whose text is already inert; drop it if stderr is JSON."""
        if not self._session.as_json:
            _put(self._redacted(line))

    def write_end(self, event: str, text: str, *, hint: str = "") -> None:
        """Write why the command ends, in at most two lines; with --verbose also a traceback."""
        trace = ""
        if self._session.verbose and sys.exc_info()[0] is not None and event == "error":
            trace = traceback.format_exc()
        if self._session.as_json:
            given = {"hint": hint, "traceback": trace}
            details = {name: text for name, text in given.items() if text}
            self.write(Message(self.now(), ERROR, event, text, details=details))
            return
        for line in (f"arkor-report: {text}", hint, *trace.splitlines()):
            if line:
                _put(messages.bounded(self.safe(line)))

    def capture_libraries(self, *, quiet: bool) -> None:
        """Write libraries' log messages and warnings as our own warnings."""
        logging.captureWarnings(capture=True)
        level = logging.ERROR if quiet else logging.WARNING
        logging.getLogger().addHandler(_LibraryHandler(self, level))

    def progress(self, verbosity: Verbosity) -> plain.Plain:
        """Return the progress listener that the user selected."""
        if verbosity.quiet:
            return plain.Quiet()
        live = messages.is_live(verbosity.progress, os.environ, terminal=sys.stderr.isatty())
        if self._session.as_json or not live:
            return plain.Plain(self.write, self.now, verbose=verbosity.verbose)
        colour = messages.in_colour(os.environ, terminal=True)
        # rich takes longer to import than everything else here together.
        display: plain.Plain = lazily("reportgen.console.live:on_stderr")(
            lambda message: self._line(message, colour=colour),
            self.now,
            self.safe,
            colour=colour,
            verbose=verbosity.verbose,
        )
        return display

    def _line(self, message: Message, *, colour: bool) -> str:
        if self._session.as_json:
            return messages.json_line(message, self._redacted)
        return messages.text_line(message, self.safe, colour=colour)

    def _redacted(self, text: str) -> str:
        return self.secrets.redactor.text(text)


def _put(line: str) -> None:
    sys.stderr.write(f"{line}\n")


class _LibraryHandler(logging.Handler):
    """Writes log records as warnings."""

    def __init__(self, stderr: Stderr, level: int) -> None:
        super().__init__(level)
        self._stderr = stderr

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record."""
        self._stderr.warn(record.getMessage())
