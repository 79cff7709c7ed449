"""What is refused of a call definition or a closing time."""

from core.errors import PortalError


class DefinitionRefused(PortalError):
    """A call definition cannot be loaded; `problems` is a list of one-line sentences."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class ClosingTimeRefused(PortalError):
    """A call cannot be given that closing time; `message` is a sentence for staff."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message
