"""JUnit XML: valid for Jenkins, parsed by others, and with each text of the server unchanged."""

from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from xml.etree import ElementTree as ET

import junitparser
import pytest
import xmlschema
from hypothesis import example, given
from hypothesis import strategies as st

from reportgen.exports import junit_xml
from reportgen.model.metrics import Metric
from reportgen.model.origin import Origin
from reportgen.report.report import JobSummary, Report, StreamSummary
from reportgen.text import inert
from reportgen.text.visible import has_visible_text
from tests.samples import HOSTILE, WAITING, report, summary

SCHEMA = xmlschema.XMLSchema(Path(__file__).parents[1] / "junit-10.xsd")

PIECES = [
    *(
        "\x00",
        "\x08",
        "\x0b",
        "\x1b[2J",
        "\x7f",
        "\x85",
        "\ud800",
        "\udfff",
        "\ufffe",
        "\U0001ffff",
    ),
    *("<", ">", "&", "&amp;", '"', "'", "]]>", "<![CDATA[", "<!--", "-->", "</failure>", "\u202e"),
    *(
        "\n",
        "\r\n",
        "\r",
        "\t",
        "  ",
        "\ufeff",
        "\u2028",
        "é",
        "\U0001f600",
        "a",
        "[[ATTACHMENT|/x]]",
    ),
]
texts = st.lists(st.sampled_from(PIECES), max_size=6).map("".join)


def document(shown: Report) -> str:
    return "".join(junit_xml.pieces(shown))


def suites(*jobs: JobSummary) -> ET.Element:
    text = document(report(jobs=jobs))
    SCHEMA.validate(text)
    return ET.fromstring(text.encode())  # noqa: S314 - our own


def case(job: JobSummary) -> ET.Element:
    (found,) = suites(job).iter("testcase")
    return found


def system_out(job: JobSummary) -> str:
    return case(job).findtext("system-out") or ""


# --- The whole -----------------------------------------------------------------------------------


def test_the_schema_refuses_what_jenkins_refuses() -> None:
    good = document(report())
    SCHEMA.validate(good)
    for bad in (
        good.replace("<testcase", "<test").replace("</testcase", "</test"),
        good.replace(' errors="0"', ""),
        good.replace(' time="', ' time="-', 1),
        good.replace("<skipped", '<skipped reason="x"', 1),
    ):
        assert bad != good
        assert not SCHEMA.is_valid(bad)


def test_junitparser_reads_it(tmp_path: Path) -> None:
    file = tmp_path / "junit.xml"
    file.write_text(document(report()), "utf-8")
    parsed = junitparser.JUnitXml.fromfile(str(file))
    (suite,) = parsed
    assert (suite.tests, suite.failures, suite.errors, suite.skipped) == (6, 1, 0, 4)
    assert suite.time == 803 + 241 + 803 + 803
    assert suite.timestamp == "2026-05-01T12:00:00"
    cases = list(suite)
    assert [found.name for found in cases][:3] == [
        "support-bot-v3 (job_01HV9K3Q7W8RUN)",
        "support-bot-v3-long (job_01HV9K2M4B2QUE)",
        "support-bot-v2 (job_01HV8ZZ1A0DONE)",
    ]
    assert {found.classname for found in cases} == {"arkor.studio"}
    results = [type(found.result[0]).__name__ if found.result else None for found in cases]
    assert results == ["Skipped", "Skipped", None, "Failure", "Skipped", "Skipped"]
    counted = junitparser.JUnitXml.fromfile(str(file))
    counted.update_statistics()  # type: ignore[no-untyped-call]
    assert (counted.tests, counted.failures, counted.errors, counted.skipped) == (6, 1, 0, 4)


def test_counts_without_jobs() -> None:
    (suite,) = root = suites()
    assert not list(suite)
    for element in (suite, root):
        assert [element.get(name) for name in ("tests", "failures", "errors", "time")] == [
            *("0", "0", "0", "0.000")
        ]
    assert suite.get("skipped") == "0"


def test_the_time_is_utc_without_a_zone() -> None:
    moment = datetime(2026, 5, 1, 2, 0, 0, 999_999, tzinfo=timezone(timedelta(hours=5)))
    text = document(report(snapshot_at=moment))
    assert ' timestamp="2026-04-30T21:00:00"' in text


def test_the_source_names_the_class() -> None:
    text = document(report(origin=Origin("cloud")))
    assert 'classname="arkor.cloud"' in text


def test_it_begins_with_a_declaration_and_ends_with_a_line() -> None:
    text = document(report())
    assert text.startswith('<?xml version="1.0" encoding="UTF-8"?>\n<testsuites ')
    assert text.endswith("</testsuites>\n")


# --- A case --------------------------------------------------------------------------------------


def test_a_completed_job_passes() -> None:
    found = case(summary())
    assert [child.tag for child in found] == ["system-out"]
    assert found.get("time") == "803.000"


def test_a_failed_job_is_a_failure_with_its_error() -> None:
    error = "\nCUDA out of memory\n  at <trainer>"
    failure = case(summary(status="failed", error=error)).find("failure")
    assert failure is not None
    assert failure.attrib == {"message": "CUDA out of memory", "type": "failed"}
    assert failure.text == error


@pytest.mark.parametrize("error", [None, ""])
def test_a_failure_without_an_error_says_so(error: str | None) -> None:
    failure = case(summary(status="failed", error=error)).find("failure")
    assert failure is not None
    assert failure.get("message") == failure.text == "The job failed; no reason given."


@pytest.mark.parametrize(
    ("job", "reason"),
    [
        (summary(status="cancelled"), "cancelled"),
        (summary(status="queued"), "queued: not started yet"),
        (summary(status="running"), "running"),
        (summary(status="running", last_step=388.0), "running: at step 388 of 400"),
        (summary(status="pau<sed"), "status pau<sed: neither completed nor failed"),
    ],
)
def test_any_other_job_is_skipped_with_the_reason(job: JobSummary, reason: str) -> None:
    skipped = case(job).find("skipped")
    assert skipped is not None
    assert skipped.get("message") == reason
    assert case(job).find("failure") is None


def test_an_incomplete_stream_is_reported_and_fails_nothing() -> None:
    found = case(summary(stream=StreamSummary("interrupted", "HTTP 502", 3, 0, 0)))
    assert found.find("failure") is None
    assert "stream interrupted: HTTP 502" in (found.findtext("system-out") or "").split("\n")


def test_the_properties_of_a_case() -> None:
    job = summary(
        loss=Metric(400, 2.3, 0.41, 0.39, 388, 2.31),
        eval_loss=Metric(8, 2.2, 0.6, 0.58, 350, 2.2),
        not_finite=1,
        stream=WAITING,
        listed=False,
    )
    assert system_out(job).split("\n") == [
        "loss: last 0.41, lowest 0.39 at step 388",
        "eval loss: last 0.6, lowest 0.58 at step 350",
        "1 loss not finite",
        "stream caught-up: still open when the wait ended",
        "no longer listed",
        "page: jobs/job_01HV8ZZ1A0DONE.html",
    ]


@pytest.mark.parametrize(
    ("seconds", "time"), [(None, None), (-1.0, None), (0.0, "0.000"), (3e11, "300000000000.000")]
)
def test_time_is_given_where_it_is_known(seconds: float | None, time: str | None) -> None:
    assert case(summary(duration_seconds=seconds)).get("time") == time


def test_a_job_without_a_name_goes_by_its_id() -> None:
    assert case(summary("job_1", None)).get("name") == case(summary("job_1", "")).get("name")
    assert case(summary("job_1", None)).get("name") == "job_1"


def test_a_long_error_is_cut() -> None:
    text = document(report(jobs=(summary(status="failed", error=f"{'x' * 100_000}\n{HOSTILE}"),)))
    assert len(text) < 10_000
    assert "x…" in text


@given(texts, texts, st.sampled_from(["failed", "completed", "running", None]))
@example("", "[[[ATTACHMENT|/x]]", "failed")
def test_every_text_comes_back(name: str, text: str, status: str | None) -> None:
    # Line feeds and tabs come back too, which the parser would turn into spaces.
    job = summary(text, name, status=text if status is None else status, error=text)
    found = case(replace(job, stream=StreamSummary("interrupted", text, 0, 0, 0)))
    assert found.get("name") == inert.xml(f"{name} ({text})" if has_visible_text(name) else text)
    failure = found.find("failure")
    assert (failure is not None) == (job.status == "failed")
    if failure is not None and text:
        assert failure.text == inert.xml(text)
    assert "[[" not in (found.findtext("system-out") or "")
