"""The entry point: runs a command, reports its error, and exits with its code."""

import gc
import os
import sys
from typing import Final, NoReturn

import click

from reportgen.cli import standard_streams
from reportgen.cli.commands import program
from reportgen.cli.configured import INTERRUPTED, PREFIX
from reportgen.cli.session import Session
from reportgen.errors import ReportError

_FAILED: Final = 1
_YOUNG: Final = 10_000
"""The number of new objects that triggers garbage collection: nearly all are long-lived."""


def main() -> NoReturn:
    """Run the command, and exit with its exit code."""
    gc.set_threshold(_YOUNG)
    stdout = standard_streams.prepare()
    # For errors that occur before the options are read.
    session = Session(as_json=os.environ.get(f"{PREFIX}LOG_FORMAT") == "json")
    code, failure = _run(session), stdout.failure
    # A reader that closes its pipe early is not a failure.
    is_lost = failure is not None and not isinstance(failure, ConnectionError)
    if code == 0 and session.printed_the_result and is_lost:
        reason = failure and failure.strerror
        session.stderr.write_end("error", f"Cannot write to stdout: {reason}. Check where it goes.")
        code = _FAILED
    sys.exit(code)


def _run(session: Session) -> int:
    """Run the command and report why it failed; return the exit code."""
    try:
        return program.main(standalone_mode=False, obj=session) or 0
    except click.UsageError as error:
        _report_usage(error, session)
        return error.exit_code
    except click.ClickException as error:
        session.stderr.write_end("error", error.format_message())
        return error.exit_code
    except click.Abort:
        return INTERRUPTED
    except ReportError as error:
        session.stderr.write_end("error", str(error))
        return error.exit_code
    except Exception as error:  # noqa: BLE001 - no traceback without -v
        session.stderr.write_end(
            "error",
            f"Something unexpected went wrong: {type(error).__name__}: {error}. "
            "Run the command again with -v to see where, and please report the problem.",
        )
        return _FAILED


def _report_usage(error: click.UsageError, session: Session) -> None:
    """Write what is wrong and where to find help, or the full help if there is no command."""
    command = error.ctx.command_path if error.ctx else "arkor-report"
    hint = f"Try `{command} --help`."
    if type(error).__name__ != "NoArgsIsHelpError":  # raised since click 8.2
        session.stderr.write_end("usage", error.format_message(), hint=hint)
    elif session.as_json:
        session.stderr.write_end("usage", "Missing command.", hint=hint)
    else:
        error.show()
