"""`python -m tests.standin`: a Studio to try `arkor-report` on, with one job training."""

import argparse
import signal
import tempfile
import time
from pathlib import Path

from tests.standin.demo import TRAINING_SECONDS, demo_jobs, parts, play
from tests.standin.server import StandIn


def main() -> None:
    """Serve until interrupted."""
    arguments = _arguments()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    jobs = demo_jobs()
    with tempfile.TemporaryDirectory(prefix="arkor-standin-") as folder:
        server = StandIn(*jobs, port=arguments.port, trainer="support-bot")
        token_file = server.write_token(arguments.token_file or Path(folder) / "studio-token")
        try:
            with server:
                began = time.monotonic()
                play(server, parts(jobs), lambda: (time.monotonic() - began) * arguments.speed)
                _print_line(server, token_file, TRAINING_SECONDS / arguments.speed)
                signal.pause()
        except KeyboardInterrupt:
            pass
        finally:
            token_file.unlink(missing_ok=True)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.standin", description=__doc__)
    parser.add_argument("--port", type=int, default=4000, help="0 takes any free one")
    parser.add_argument("--token-file", type=Path, help="where to write the token")
    parser.add_argument("--speed", type=float, default=1.0, help="how much faster jobs train")
    return parser.parse_args()


def _print_line(server: StandIn, token_file: Path, seconds: float) -> None:
    lines = (
        f"The stand-in for Studio is at {server.url}; its jobs train for {seconds:g} s. Try:",
        f"  arkor-report build --url {server.url} --token-file {token_file}",
        "Ctrl-C ends it.",
    )
    print("\n".join(lines), flush=True)  # noqa: T201 - started by hand


if __name__ == "__main__":
    main()
