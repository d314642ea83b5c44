"""The command line: options, the configuration file and the commands.

Text comes in, final values go out to the pipeline, and nothing else prints or exits.
"""

from reportgen.cli.main import main

__all__ = ["main"]
