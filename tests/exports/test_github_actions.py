"""Annotations for GitHub Actions: single harmless commands, at most ten."""

import re
from urllib.parse import unquote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from reportgen.exports import github_actions
from reportgen.report.report import JobSummary, StreamSummary
from reportgen.text import inert
from reportgen.text.visible import has_visible_text
from tests.samples import HOSTILE, summary

COMPLETE = StreamSummary("complete", None, 1, 0, 0)
OPEN = StreamSummary("caught-up", "still open when the wait ended", 1, 0, 0)
CUT = StreamSummary("interrupted", "gave up after 8 failures in a row: HTTP 502", 1, 0, 0)

# A command as a runner reads it: from the line's start, with properties up to the next `::`.
COMMAND = re.compile(r"::(error|warning) title=([^:,\r\n]*)::([^\r\n]*)")

PIECES = [
    *("::error::x", "::", ":", ",", "%", "%0A", "%3A", "\n", "\r\n", "\r", "\x1b[2J", "\u202e"),
    *(
        "##[error]",
        "##vso[x]",
        "::stop-commands::t",
        "title=",
        "\x85",
        "\u2028",
        "\ud800",
        "a",
        " ",
    ),
]
texts = st.lists(st.sampled_from(PIECES), max_size=8).map("".join)


def job(number: int = 1, **changes: object) -> JobSummary:
    plain: dict[str, object] = {"name": "support-bot", "stream": COMPLETE}
    return summary(f"job_{number}", **(plain | changes))  # type: ignore[arg-type]


def test_a_job_that_succeeded_gets_no_annotation() -> None:
    assert github_actions.annotations([job(), job(2, status="cancelled")]) == []


def test_an_error_for_a_failed_job() -> None:
    failed = job(status="failed", error="CUDA: 100 % of memory, at step 3\nTraceback")
    assert github_actions.annotations([failed]) == [
        "::error title=support-bot (job_1) failed::CUDA: 100 %25 of memory, at step 3 Traceback"
    ]
    assert github_actions.annotations([job(status="failed", name=None)]) == [
        "::error title=job_1 failed::The job failed; no reason was given."
    ]


def test_a_warning_for_a_stream_that_is_not_complete() -> None:
    (line,) = github_actions.annotations([job(stream=CUT, name="a:b,c")])
    assert line == (
        "::warning title=a%3Ab%2Cc (job_1) is incomplete in the report"
        "::Its event stream is interrupted: gave up after 8 failures in a row: HTTP 502"
    )


def test_errors_come_first_and_what_was_merely_open_last() -> None:
    jobs = [
        job(1, status="running", stream=OPEN),
        job(2, stream=CUT),
        job(3, status="failed", stream=CUT),
        job(4, stream=StreamSummary("unavailable", None, 0, 0, 0)),
    ]
    lines = github_actions.annotations(jobs)
    assert [re.search(r"job_\d", line)[0] for line in lines] == [  # type: ignore[index]
        *("job_3", "job_2", "job_3", "job_4", "job_1")
    ]
    assert [line.split(" ")[0] for line in lines] == ["::error"] + 4 * ["::warning"]


def test_jobs_that_are_no_longer_listed_are_left_alone() -> None:
    assert github_actions.annotations([job(status="failed", stream=CUT, listed=False)]) == []


@pytest.mark.parametrize(
    ("failed", "incomplete", "last"),
    [
        (10, 0, None),
        (7, 3, None),
        (9, 2, "::warning title=More jobs need a look::2 more incomplete; the report has them"),
        (12, 4, "::error title=More jobs need a look::3 more failed and 4 more incomplete; the"),
        (11, 0, "::error title=More jobs need a look::2 more failed; the report has them all."),
    ],
)
def test_ten_lines_at_most(failed: int, incomplete: int, last: str | None) -> None:
    jobs = [job(n, status="failed") for n in range(failed)]
    jobs += [job(100 + n, stream=CUT) for n in range(incomplete)]
    lines = github_actions.annotations(jobs)
    assert len(lines) == 10
    assert len(set(lines)) == 10
    if last is None:
        assert not any("More jobs" in line for line in lines)
    else:
        assert lines[-1].startswith(last)


def test_long_texts_are_cut() -> None:
    long = job(name="%" * 100_000, status="failed", error=HOSTILE * 10_000, stream=CUT)
    assert all(len(line) < 4_000 for line in github_actions.annotations([long]))


@given(texts, texts, texts)
@example("", "", "::error::x" * 9)
def test_each_line_is_the_one_command_that_it_is_meant_to_be(
    name: str, error: str, job_id: str
) -> None:
    reason = StreamSummary("interrupted", error, 0, 0, 0)
    lines = github_actions.annotations([job(name=name, id=job_id, error=error, status="failed")])
    lines += github_actions.annotations([job(name=name, id=job_id, stream=reason)])
    for line in lines:
        command = COMMAND.fullmatch(line)
        assert command
        assert line == inert.html(line)
        assert not re.search(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]", line)
        assert "::" not in command[3]
        assert not re.search(r"##[A-Za-z]*\[", line)
    failed, incomplete = (COMMAND.fullmatch(line) for line in lines)
    assert failed
    assert incomplete
    name, job_id = (text if len(text) <= 80 else f"{text[:79]}…" for text in (name, job_id))
    shown = inert.terminal(f"{name} ({job_id})" if has_visible_text(name) else job_id)
    assert unquote(failed[2]).startswith(shown)
    if error:
        assert unquote(failed[3]) == inert.terminal(error)
        assert unquote(incomplete[3]).endswith(inert.terminal(f": {error}"))
