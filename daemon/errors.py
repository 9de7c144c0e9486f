"""The errors this project raises on purpose, sorted by what the caller must do."""


class HomewardError(Exception):
    """Root of all that this project raises on purpose."""

    is_ordinary = False
    """Part of the ordinary course: nothing is wrong, so no span and no log line is an error for it."""


class TransientError(HomewardError):
    """Nothing was done; try again later."""

    def __init__(self, message: str, *, retry_after_seconds: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class IncompleteReadError(TransientError):
    """An answer left something out: what it does not show is not known to be absent. Read again."""


class ThrottledError(TransientError):
    """Over the other side's limit: nothing was done, and it said when to come again."""

    is_ordinary = True


class WritesHeldError(TransientError):
    """Nothing was sent, since somebody holds what would be: nothing is wrong with the other side."""

    is_ordinary = True


class LeftAloneError(TransientError):
    """Not even sent: the other side has not answered of late."""

    is_ordinary = True


class OutcomeUnknownError(HomewardError):
    """It may have been done; look before repeating."""


class RejectedError(HomewardError):
    """The other side refused, and will refuse again."""

    def __init__(self, message: str, *, status: int = 0, code: str = "") -> None:
        super().__init__(message)
        self.status, self.code = status, code


class NothingThereError(RejectedError):
    """The other side's documented way to say that there is none of what was asked for."""

    is_ordinary = True


class NotPermittedError(RejectedError):
    """Our key or token is not accepted, for this one resource or for all of them."""


class StillRefusedError(NotPermittedError):
    """Not even sent: the other side refuses our key or token, and it has not been changed since."""

    is_ordinary = True


class NotFoundError(HomewardError):
    """There is no such thing; nothing was done."""


class MalformedPayloadError(HomewardError):
    """The other side broke its own contract."""


class AnswerTooLargeError(MalformedPayloadError):
    """The other side's answer is larger than is read; less may be asked for at once."""


class LeaseLostError(HomewardError):
    """Another worker owns this now; write nothing."""


class SettingsError(HomewardError):
    """The configuration is wrong; every fault is listed."""


class KeyUnusableError(NotPermittedError, SettingsError):
    """Our own key or token cannot be read or opened: nothing can be signed, so nothing was asked."""


class DatabaseUnusableError(HomewardError):
    """There is no PostgreSQL to work with; the message names the ways out."""
