"""The version of the portal; CHANGELOG.md says what each release brings."""

from datetime import UTC, datetime

NAME = "Evidence portal"
VERSION = "1.0.0"
# When the accessibility statement was written, and when the pages were last tested against it.
# A release that changes a page sets the second to the day of its tests.
ACCESSIBILITY_PREPARED = datetime(2026, 11, 22, 12, tzinfo=UTC)
ACCESSIBILITY_TESTED = datetime(2026, 11, 22, 12, tzinfo=UTC)
