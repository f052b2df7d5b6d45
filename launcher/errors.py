"""What can go wrong before the application runs, told in words for whoever typed the command."""


class LauncherError(Exception):
    """Something the operator has to know or decide. The message says what happened and what to do about it.

    exit_code: 1 when starting failed, 2 when the request itself can't be met (a busy port, a second start).
    """

    def __init__(self, message: str, *, exit_code: int = 1) -> None:
        super().__init__(message)
        self.exit_code = exit_code
