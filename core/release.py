"""Which release of the portal this is; CHANGELOG.md says what came with it."""

from datetime import UTC, datetime

NAME = "Evidence portal"
VERSION = "0.1.0"
# When the accessibility statement was written, and when what it says was last tested; a release
# that changes a page sets the second to the day of its tests.
ACCESSIBILITY_PREPARED = datetime(2026, 11, 22, 12, tzinfo=UTC)
ACCESSIBILITY_TESTED = datetime(2026, 11, 22, 12, tzinfo=UTC)
