"""The command `doctor`, apart from the others, which need not import what it examines with."""

import os
import sys

from reportgen import settings
from reportgen.cli.session import Session
from reportgen.cli.stderr import Verbosity
from reportgen.errors import SourceError
from reportgen.settings import SourceSettings
from reportgen.sources.doctor import examine


def doctor(session: Session, *, source: SourceSettings, verbosity: Verbosity) -> None:
    """Print what a build would read. Raises `SourceError` if a build can't read it."""
    stderr = session.stderr
    stderr.capture_libraries(quiet=verbosity.quiet)
    diagnosis = examine(
        source, os.environ, lambda: settings.now(os.environ), secrets=stderr.secrets
    )
    for finding in diagnosis.findings:
        sys.stdout.write(f"{finding.what:<10}{stderr.safe(finding.found)}\n")
    if diagnosis.trouble is not None:
        raise SourceError(diagnosis.trouble)
