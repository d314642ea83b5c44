"""Labels: jobs of one name can be told apart, and a name that nobody can see is not one."""

from zoneinfo import ZoneInfo

import pytest

from reportgen.report.labels import Label, labels
from reportgen.report.report import JobSummary
from tests import samples

UTC = ZoneInfo("UTC")


def job(job_id: str, name: str | None, created: str | None = None) -> JobSummary:
    return samples.summary(job_id, name, slug=f"slug-{job_id[-3:]}", created_at=created)


def marks(*jobs: JobSummary, zone: ZoneInfo = UTC) -> list[str]:
    return [label.mark for label in labels(jobs, 10, zone)]


@pytest.mark.parametrize(
    "name",
    [
        None,
        "",
        "   ",
        "\t\n",
        "\u200b",
        "\u2060\ufeff",
        "\u00ad",
        "\u3164",
        "\u2800",
        "\u202e\u0301",
    ],
)
def test_a_name_that_nobody_can_see_reads_as_the_id(name: str | None) -> None:
    assert job("job_1", name).display_name == "job_1"


def test_where_nobody_can_see_the_id_either_the_file_name_is_shown() -> None:
    assert job("\u200b", " ").display_name == "slug-\u200b"


@pytest.mark.parametrize("name", ["0", "é", "e\u0301", "失敗", "🙂", "ا", "\u200bx"])
def test_any_other_name_is_shown(name: str) -> None:
    assert job("job_1", name).display_name == name


def test_names_that_differ_need_no_mark() -> None:
    assert marks(job("a", "bot-1"), job("b", "bot-2")) == ["", ""]


def test_jobs_of_one_name_are_marked_with_their_times() -> None:
    one, two = job("a", "bot", "2026-05-01T09:00:00Z"), job("b", "bot", "2026-05-02T10:30:00Z")
    found = labels([one, job("c", "other"), two], 10, UTC)
    assert found == [
        Label("bot", "2026-05-01 09:00"),
        Label("other", ""),
        Label("bot", "2026-05-02 10:30"),
    ]
    assert found[0].text == "bot (2026-05-01 09:00)"
    assert found[1].text == "other"


def test_names_that_differ_only_after_the_cut_are_alike() -> None:
    found = labels([job("a1111", "support-bot-one"), job("a2222", "support-bot-two")], 10, UTC)
    assert [label.text for label in found] == ["support-b… (…1111)", "support-b… (…2222)"]


@pytest.mark.parametrize(("one", "other"), [("Bot", "bot"), ("a  b", "a b"), ("bot ", "bot")])
def test_names_that_look_alike_are_alike(one: str, other: str) -> None:
    assert all(marks(job("id-one", one), job("id-two", other)))


@pytest.mark.parametrize(
    ("ids", "times", "expected"),
    [
        (("a", "b"), ("2026-05-01T09:00:01Z", "2026-05-01T09:00:59Z"),
         ["2026-05-01 09:00:01 UTC", "2026-05-01 09:00:59 UTC"]),
        (("id-0001", "id-0002"), ("2026-05-01T09:00:01Z",) * 2, ["…0001", "…0002"]),
        (("id-0001", "id-0002"), (None, "2026-05-01T09:00:01Z"), ["…0001", "…0002"]),
        (("id-10001", "id-20001"), (None, None), ["…10001", "…20001"]),
        (("1" + "0" * 20, "2" + "0" * 20), (None, None), ["slug-000", "slug-000"]),
    ],
)  # fmt: skip
def test_the_shortest_mark_that_distinguishes_is_used(
    ids: tuple[str, str], times: tuple[str | None, str | None], expected: list[str]
) -> None:
    assert marks(*(job(one, "bot", time) for one, time in zip(ids, times, strict=True))) == expected


def test_an_hour_that_comes_twice_carries_its_offset() -> None:
    summer, winter = "2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z"
    found = marks(job("a", "bot", summer), job("b", "bot", winter), zone=ZoneInfo("Europe/Berlin"))
    assert found == ["2026-10-25 02:30:00 +02:00 CEST", "2026-10-25 02:30:00 +01:00 CET"]
