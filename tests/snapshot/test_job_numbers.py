"""Job numbers: assigned by age, and kept for good."""

from hypothesis import given, settings
from hypothesis import strategies as st

from reportgen.snapshot.job_list import numbered
from reportgen.text import javascript


def entries(**created: str) -> dict[str, bytes]:
    return {
        job_id: javascript.encode({"id": job_id, "createdAt": time})
        for job_id, time in created.items()
    }


def test_a_first_list_is_numbered_by_age() -> None:
    found = numbered(entries(c="2026-05-03", a="2026-05-01", b="2026-05-02", x="no time"), {})
    assert found == {"x": 0, "a": 1, "b": 2, "c": 3}


def test_a_number_is_kept_whatever_comes_and_goes() -> None:
    known = numbered(entries(b="2026-05-02", a="2026-05-01"), {})
    later = numbered(entries(c="2026-04-30", b="2026-05-02"), known)
    assert later == {"b": known["b"], "c": 2}
    assert numbered(entries(d="2026-05-09", c="2026-04-30"), later) == {"c": 2, "d": 3}


@given(st.lists(st.sets(st.sampled_from("abcdefgh"), min_size=1), min_size=1, max_size=6))
@settings(deadline=None)
def test_no_two_jobs_have_one_number(lists: list[set[str]]) -> None:
    numbers: dict[str, int] = {}
    for ids in lists:
        before, numbers = numbers, numbered(entries(**dict.fromkeys(ids, "2026-05-01")), numbers)
        assert set(numbers) == ids
        assert len(set(numbers.values())) == len(ids)
        assert all(numbers[job_id] == before[job_id] for job_id in ids & before.keys())
