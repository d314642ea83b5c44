"""The commands: their names, help and options. What they do is in `run`, imported when they run."""

from typing import Any, Final

import click

from reportgen import __version__
from reportgen.cli import options
from reportgen.cli.configured import Command
from reportgen.cli.lazy import lazily
from reportgen.cli.parameters import PathType

# The backspace keeps click from folding the lines after it into one.
_HELP: Final = """Keep what Arkor Studio shows: training jobs as self-contained HTML pages.

\b
arkor-report build                  report on the running Studio, into out/
arkor-report build --source demo    try it: a recording of real training runs

Every option can also come from a variable, --max-wait from ARKOR_REPORT_MAX_WAIT (an empty one
counts as not set), and from arkor-report.toml: max-wait = "10m". The command line wins, then
the variable, then the file; `arkor-report config` shows what is in force.
"""


@click.group(
    help=_HELP,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, prog_name="arkor-report", message="%(prog)s %(version)s")
def program() -> None:
    """Hold all commands."""


@program.command(cls=Command)
@options.source
@options.selection
@options.retention
@options.following
@options.snapshot_dir
@options.output
@options.gates
@options.github
@options.config_file
@options.verbosity
@click.pass_obj
def build(session: object, /, **settings: Any) -> int:
    """Snapshot, then render: the main job. Prints the path of the home page.

    Waits for jobs that have not ended, unless --max-wait sets a limit.
    """
    code: int = lazily("reportgen.cli.run:build")(session, **settings)
    return code


@program.command(cls=Command)
@options.source
@options.selection
@options.retention
@options.following
@options.snapshot_dir
@options.config_file
@options.verbosity
@click.pass_obj
def snapshot(session: object, /, **settings: Any) -> int:
    """Fetch only: the job list and every job's events. Prints the snapshot directory's path."""
    code: int = lazily("reportgen.cli.run:snapshot")(session, **settings)
    return code


@program.command(cls=Command)
@options.fetched_source
@options.selection
@options.retention
@options.snapshot_dir
@options.output
@options.gates
@options.github
@options.project_dir
@options.config_file
@options.verbosity
@click.pass_obj
def render(session: object, /, **settings: Any) -> int:
    """Pages only, from what was fetched last, without network. Prints the home page's path.

    Shows what the last snapshot selected, narrowed by the options given here, which are matched
    against what the pages show.
    """
    code: int = lazily("reportgen.cli.run:render")(session, **settings)
    return code


@program.command(cls=Command)
@click.argument("directories", metavar="DIR...", nargs=-1, required=True, type=PathType())
@options.snapshot_dir
@options.project_dir
@options.config_file
@options.verbosity
@click.pass_obj
def merge(session: object, /, **settings: Any) -> int:
    """Merge several snapshot directories, such as shards, into --snapshot-dir. Prints its path.

    What that directory already holds is included. If several hold a job, the complete log wins,
    else the longer one; selections are united.
    """
    code: int = lazily("reportgen.cli.run:merge")(session, **settings)
    return code


@program.command(cls=Command)
@options.source
@options.config_file
@options.verbosity
@click.pass_obj
def doctor(session: object, /, **settings: Any) -> None:
    """Report what a build would read and how, and whether it can; never a secret's value."""
    lazily("reportgen.cli.run:doctor")(session, **settings)


@program.command(cls=Command)
@options.source
@options.selection
@options.retention
@options.following
@options.snapshot_dir
@options.output
@options.gates
@options.github
@options.config_file
@options.verbosity
@click.pass_context
def config(ctx: click.Context, /, **_settings: Any) -> None:
    """Show each setting in force for a build, and where its value comes from; never a secret."""
    lazily("reportgen.cli.run:config")(ctx)
