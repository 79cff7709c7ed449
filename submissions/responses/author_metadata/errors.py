"""Why the author's details cannot be taken out of a file."""


class CannotBeCleaned(Exception):
    """`reason` is one sentence for people who read files.csv, or who asked for the file."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


SIGNED = "It is signed digitally, and the signature names who signed."
EARLIER_VERSIONS = "It holds earlier versions of itself, which name their authors."
PICTURE_INSIDE = "It holds a picture of a type from which details cannot be taken out."
FILES_INSIDE = "Other files are embedded in it."
NOT_READ = "It could not be read."
