"""The event logs in a source's folder, and facts about them that save reading them.

The facts are kept in `logs.json` beside the logs. That file is only a cache: facts that are missing
or out of date are read from the log again.
"""

import hashlib
import io
import os
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Final

from reportgen.errors import DamagedRecordError
from reportgen.events import event_log
from reportgen.events.event_log import Ended, Readable, Record
from reportgen.events.stream_state import StreamState, says_complete
from reportgen.files import Directory
from reportgen.snapshot import log_index
from reportgen.snapshot.failures import make_private, reading, writing
from reportgen.snapshot.log_index import LogFacts
from reportgen.text.javascript import JSON

FACTS: Final = "logs.json"
FOLDER: Final = "events"

_NAME: Final = re.compile(r"(?:[a-z0-9-]{1,40}-)?[0-9a-f]{20}\.log")


class EventLogs:
    """A source's event logs, one per job. `folder` opens the source's folder."""

    def __init__(self, path: Path, folder: Callable[[], Directory]) -> None:
        self.path = path / FOLDER
        self._folder = folder
        self._facts_changed = False

    @cached_property
    def directory(self) -> Directory:
        """The folder of the logs. Raises `OSError`, such as `FileNotFoundError`."""
        return self._folder().folder(FOLDER)

    def make_private(self, warn: Callable[[str], None]) -> bool:
        """Make the logs private; return whether that was possible."""
        with writing(self.path):
            return make_private(
                self.directory, filter(_NAME.fullmatch, self.directory.names()), warn
            )

    def name(self, job_id: str) -> str:
        """Return the file name for a job's log: safe for any id, and the same in every build."""
        return _name(job_id)

    def path_of(self, job_id: str) -> Path:
        """Return the path of a job's log, for messages."""
        return self.path / self.name(job_id)

    def open(self, job_id: str) -> io.FileIO:
        """Open a job's log for reading. Raises `OSError`."""
        return self.directory.open_for_reading(self.name(job_id))

    @contextmanager
    def reading(self, job_id: str) -> Iterator[Iterator[Record]]:
        """Yield an iterator over the records in a job's log, empty if it has no log.

        Raises `SnapshotError`, and in the block `DamagedRecordError`.
        """
        with ExitStack() as stack:
            file: Readable = io.BytesIO()
            with reading(self.path_of(job_id)), suppress(FileNotFoundError):
                file = stack.enter_context(self.open(job_id))
            try:
                yield event_log.read(file)
            except event_log.DamagedLogError as error:
                raise DamagedRecordError(self.path_of(job_id), str(error)) from error

    def status(self, job_id: str) -> os.stat_result | None:
        """Return the file status of a job's log; None if it has no log. Raises `SnapshotError`."""
        try:
            return self.directory.file_status(self.name(job_id))
        except FileNotFoundError:
            return None
        except OSError:
            with reading(self.path_of(job_id)):
                raise

    def size(self, job_id: str) -> int:
        """Return the size of a job's log in bytes; 0 if it has no log."""
        status = self.status(job_id)
        return 0 if status is None else status.st_size

    def fingerprint(self, job_id: str) -> JSON:
        """Return a value that changes whenever a page shows a log differently; None if unknown."""
        end = self.end_of(job_id)
        if end is None:
            return "no log" if self.status(job_id) is None else None
        return {"state": end.state, "reason": end.reason, "fingerprint": end.fingerprint}

    def ends_complete(self, job_id: str) -> bool:
        """Return whether a job's log ends with a note that its stream is complete."""
        return says_complete(self.end_of(job_id))

    def end_of(self, job_id: str) -> Ended | None:
        """Return the end note of a job's log, which is read only if it may have changed."""
        known = self._known(job_id)
        return self._end_in(self.name(job_id)) if known is None else known.end

    def is_as_left(self, job_id: str) -> bool:
        """Return whether a job's log is unchanged since this tool last wrote or read it."""
        return self._known(job_id) is not None

    def _known(self, job_id: str) -> LogFacts | None:
        """Return the facts about a job's log; None if it has no log or may have changed."""
        known, status = self._facts.get(self.name(job_id)), self.status(job_id)
        return known if known and status and known.holds_for(status) else None

    def _end_in(self, name: str) -> Ended | None:
        path = self.path / name
        with (
            reading(path),
            suppress(FileNotFoundError),
            self.directory.open_for_reading(name) as file,
        ):
            return log_index.end_note(file)
        return None

    # Facts about the logs

    def facts(self, job_id: str) -> LogFacts | None:
        """Return the facts about a job's log, reading it if it may have changed; None without one.

        For a dropped log, these are the facts known when it was dropped. Raises `SnapshotError`.
        """
        name = self.name(job_id)
        known, status = self._facts.get(name), self.status(job_id)
        if status is None:
            return known if known and known.size == log_index.DROPPED else None
        if known and known.holds_for(status):
            return known
        try:
            with reading(self.path_of(job_id)), self.open(job_id) as file:
                end = log_index.end_note(file)
                if known and end and (known.size, known.end) == (status.st_size, end):
                    facts = replace(known, mtime_ns=status.st_mtime_ns)  # it holds the same events
                else:
                    file.seek(0)
                    facts = LogFacts.of(status, end, log_index.examine(event_log.read(file)))
        except event_log.DamagedLogError:
            return LogFacts.of(status, None, StreamState())  # the renderer has it fetched again
        self._set_facts(name, facts)
        return facts

    def learn(self, job_id: str, state: StreamState, end: Ended | None) -> None:
        """Record the facts about a job's log as it is now: its stream's state and its end note."""
        status = self.status(job_id)
        if status is None:
            self._facts.pop(self.name(job_id), None)
        else:
            self._set_facts(self.name(job_id), LogFacts.of(status, end, state))

    def keep_facts(self) -> None:
        """Write the facts about the logs to `logs.json` if they changed. Raises `WriteError`."""
        if self._facts_changed:
            with writing(self.path), self._folder().replacing(FACTS) as file:
                file.write(log_index.document(self._facts))
            self._facts_changed = False

    @cached_property
    def _facts(self) -> dict[str, LogFacts]:
        with reading(self.path), suppress(FileNotFoundError, PermissionError):
            facts = log_index.read(self._folder().read(FACTS))
            return {name: facts[name] for name in filter(_NAME.fullmatch, facts)}
        return {}

    def _set_facts(self, name: str, facts: LogFacts) -> None:
        self._facts[name] = facts
        self._facts_changed = True

    def drop(self, job_id: str, *, forget: bool) -> None:
        """Remove a job's log and, if `forget` is set, the facts about it. Raises `WriteError`."""
        name = self.name(job_id)
        facts = self.facts(job_id)
        self.remove(name)
        if forget or facts is None:
            if self._facts.pop(name, None) is not None:
                self._facts_changed = True
        elif facts.size != log_index.DROPPED:
            self._set_facts(name, facts.dropped())

    def remove(self, name: str) -> None:
        """Remove the log with this name, if it exists. Raises `WriteError`."""
        with writing(self.path / name), suppress(FileNotFoundError):
            self.directory.remove(name)

    # Logs that are fetched again

    def renew(self, job_id: str, fresh: str) -> bool:
        """Replace a log with the one fetched again, named `fresh`, if that is at least as good.

        A complete log always is. If neither log is complete, the one with more events is kept.
        Returns whether the fresh log was kept. Raises `WriteError`.
        """
        old = self.name(job_id)
        with writing(self.path_of(job_id)):
            if says_complete(self._end_in(fresh)) or not (
                says_complete(self._end_in(old)) or self._events_in(old) > self._events_in(fresh)
            ):
                self.directory.rename(fresh, old)
                return True
            self.directory.remove(fresh)
            return False

    def _events_in(self, name: str) -> int:
        """Count a log's job events; a damaged or missing log has none."""
        try:
            with self.directory.open_for_reading(name) as file:
                return log_index.examine(event_log.read(file)).events
        except (FileNotFoundError, event_log.DamagedLogError):
            return 0

    def place(self, job_id: str, data: Iterable[bytes]) -> None:
        """Replace a job's log atomically. Raises `WriteError`."""
        with writing(self.path), self.directory.replacing(self.name(job_id)) as file:
            file.writelines(data)


@lru_cache(1 << 12)
def _name(job_id: str) -> str:
    digest = hashlib.sha256(job_id.encode("utf-8", "surrogatepass")).hexdigest()[:20]
    readable = re.sub(r"[^A-Za-z0-9]+", "-", job_id)[:40].strip("-").lower()
    return f"{readable}-{digest}.log".removeprefix("-")
