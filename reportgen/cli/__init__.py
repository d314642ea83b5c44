"""The command line: options, the configuration file and the commands.

Text comes in, final values go out to the pipeline, and only here does anything print or exit.
"""

from reportgen.cli.commands import main

__all__ = ["main"]
