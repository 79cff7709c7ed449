"""Which release of the portal this is; CHANGELOG.md says what came with it."""

NAME = "Evidence portal"
VERSION = "0.1.0"
