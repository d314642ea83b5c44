"""The current time, which the environment may set."""

from datetime import UTC, datetime

import pytest

from reportgen import settings
from reportgen.errors import UsageError


def test_now_is_what_source_date_epoch_says() -> None:
    epoch = {"SOURCE_DATE_EPOCH": "1777636800"}
    assert settings.now(epoch) == datetime(2026, 5, 1, 12, tzinfo=UTC)
    assert settings.now({"SOURCE_DATE_EPOCH": "0"}) == datetime(1970, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize("environment", [{}, {"SOURCE_DATE_EPOCH": ""}])
def test_now_is_the_clocks_time_by_default(environment: dict[str, str]) -> None:
    before = datetime.now(UTC)
    assert before <= settings.now(environment) <= datetime.now(UTC)


@pytest.mark.parametrize(
    "epoch", ["soon", "1.5", "2026-05-01", "9" * 30, "9" * 5000, "-" + "9" * 30]
)
def test_an_invalid_epoch_is_reported(epoch: str) -> None:
    with pytest.raises(UsageError, match="SOURCE_DATE_EPOCH"):
        settings.now({"SOURCE_DATE_EPOCH": epoch})
