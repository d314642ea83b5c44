"""A stand-in for Studio and for the cloud API: a real server that follows a test's script.

    with StandIn(job("job_1", events=training(20))) as studio:
        httpx.get(f"{studio.url}/api/jobs", headers={"X-Arkor-Studio-Token": studio.token})

A job's `script` says how each opening of its stream is answered (`script.py`); without one its
events are served as Studio does. `python -m tests.standin` starts one by hand.
"""

from tests.standin.app import Cloud, Request
from tests.standin.events import (
    Event,
    Framing,
    checkpoint,
    completed,
    end,
    failed,
    log,
    numbered,
    ping,
    started,
    training,
)
from tests.standin.jobs import Job, job
from tests.standin.script import (
    EMPTY_REPLY,
    NO_REPLY,
    Close,
    Cut,
    Flow,
    Follow,
    Hold,
    Opening,
    Pause,
    Replay,
    Script,
    Send,
    Stream,
    WaitFor,
    raw,
    refusal,
    reply,
    sse,
)
from tests.standin.server import StandIn

__all__ = [
    "EMPTY_REPLY",
    "NO_REPLY",
    "Close",
    "Cloud",
    "Cut",
    "Event",
    "Flow",
    "Follow",
    "Framing",
    "Hold",
    "Job",
    "Opening",
    "Pause",
    "Replay",
    "Request",
    "Script",
    "Send",
    "StandIn",
    "Stream",
    "WaitFor",
    "checkpoint",
    "completed",
    "end",
    "failed",
    "job",
    "log",
    "numbered",
    "ping",
    "raw",
    "refusal",
    "reply",
    "sse",
    "started",
    "training",
]
