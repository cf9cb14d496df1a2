"""Why the command does not go on: one clear line and an exit code. Never a traceback for a person."""

GOOD, JUDGED_FALSE, USAGE, NOT_RUNNING = 0, 1, 2, 3


class CliError(Exception):
    """The command refuses; its text is one line that names the value and the fix."""

    def __init__(self, text: str, code: int = USAGE) -> None:
        super().__init__(text)
        self.code = code
