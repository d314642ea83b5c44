"""The command line: options, the configuration file and the commands.

Text comes in, and final values go to the pipeline; nothing else prints or exits.
"""

from reportgen.cli.main import main

__all__ = ["main"]
