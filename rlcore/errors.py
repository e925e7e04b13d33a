"""Every error that rlcore raises on purpose.

Each derives from the builtin that the SageMaker SDK's class raised in the same case, so that
callers who catch that one go on working::

    RLCoreError(Exception)
    ├── InvalidToolkit(ValueError)            no installed plugin answers to the name
    ├── InvalidFramework(ValueError, AttributeError)
    │                                         the toolkit has no plugin for the framework
    ├── UnsupportedVersion(AttributeError)    the plugin does not know the version
    ├── PluginError(RuntimeError)             a plugin is broken, doubled or breaks its contract
    ├── ReleaseUnavailable(RuntimeError)      the release cannot run where it was asked to
    ├── MissingArgument(AttributeError)       a required argument is not there
    ├── UnknownArgument(TypeError)            an argument that nobody knows
    ├── InvalidArgument(ValueError)           an argument has a value that is not allowed
    │   └── ConflictingArguments(TypeError)   two arguments, or two vocabularies, for one thing
    ├── SourceError(ValueError)               the script or its folder cannot be packed
    ├── StorageError(OSError)                 reading or writing an artefact failed
    │   └── DiskFull                          there is no room left
    ├── EnvironmentUnavailable(RuntimeError)  the environment of a release cannot be had
    │   ├── InterpreterNotFound               no Python that fits is on this machine
    │   └── BuildFailed                       the installer failed
    ├── PlatformError(RuntimeError)           a platform cannot do what it was asked to
    │   ├── UnknownPlatform(ValueError)       no installed platform answers to the name
    │   ├── PortTaken                         another process listens on the port
    │   └── ServiceError                      a service refused, or could not be reached
    ├── JobExists(ValueError)                 the name is taken
    ├── JobNotFound(ValueError)               no platform knows the job
    ├── JobNotStarted(ValueError)             asked about a training job before fit
    ├── TrainingFailed(ValueError, RuntimeError)
    ├── TransformFailed(ValueError, RuntimeError)
    ├── MissingExtra(ImportError)             an optional dependency is not installed
    ├── NotDeployable(NotImplementedError)    the release has no way to be served
    ├── InvalidModel(ValueError)              an archive is damaged, dangerous or no model
    ├── EndpointExists(ValueError)            the name is taken
    ├── EndpointNotFound(ValueError)          no platform knows the endpoint
    ├── EndpointFailed(ValueError, RuntimeError)
    ├── InvocationFailed(RuntimeError)        the endpoint answered with an error
    ├── EvaluationFailed(RuntimeError)        the environment could not be played or checked
    └── ExportWarning(UserWarning)            only warned of: a model is not what was trained
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable


class RLCoreError(Exception):
    """Base of every error that rlcore raises on purpose."""


class InvalidToolkit(RLCoreError, ValueError):
    """No installed plugin answers to the toolkit's name."""


class InvalidFramework(RLCoreError, ValueError, AttributeError):
    """The toolkit has no installed plugin for the framework.

    The original raised ValueError for a name that is none, AttributeError for a combination that
    there was not.
    """


class UnsupportedVersion(RLCoreError, AttributeError):
    """The plugin does not know the toolkit version."""


class PluginError(RLCoreError, RuntimeError):
    """A plugin is broken, doubled, or does not keep the contract of its hooks."""


class ReleaseUnavailable(RLCoreError, RuntimeError):
    """The toolkit release cannot run where it was asked to; the message says why."""


class MissingArgument(RLCoreError, AttributeError):
    """A required argument is missing."""


class UnknownArgument(RLCoreError, TypeError):
    """A keyword that no generation of the estimator ever had."""


class InvalidArgument(RLCoreError, ValueError):
    """An argument has a value that is not allowed."""


class ConflictingArguments(InvalidArgument, TypeError):
    """Two arguments, or two names of one argument, exclude each other."""


class SourceError(RLCoreError, ValueError):
    """The training script or its folder cannot be packed."""


class StorageError(RLCoreError, OSError):
    """An artefact could not be read or written."""


class DiskFull(StorageError):
    """There is no room left where something had to be written."""


class EnvironmentUnavailable(RLCoreError, RuntimeError):
    """The Python environment of a release cannot be had on this machine."""


class InterpreterNotFound(EnvironmentUnavailable):
    """No Python interpreter that fits the release is on this machine."""


class BuildFailed(EnvironmentUnavailable):
    """The installer failed; the message ends with its last lines."""


class PlatformError(RLCoreError, RuntimeError):
    """A platform cannot do what it was asked to."""


class UnknownPlatform(PlatformError, ValueError):
    """No installed platform answers to the name."""


class PortTaken(PlatformError):
    """Another process listens on the port that was asked for."""


class ServiceError(PlatformError):
    """A service that a platform relies on refused a request, or could not be reached.

    Attributes:
        operation: What was asked of it.
        code: The service's code of the error, or the name of what went wrong on the way.
        request_id: The service's number of the request, for its support; None without an answer.
        retried: Whether the request was sent more than once.
        unanswered: Whether the request may have had its effect, though no answer came.
    """

    def __init__(  # noqa: PLR0913 - what a service tells
        self,
        message: str,
        *,
        operation: str,
        code: str,
        request_id: str | None = None,
        retried: bool = False,
        unanswered: bool = False,
    ) -> None:
        """Keep the facts beside the message."""
        super().__init__(message)
        self.operation = operation
        self.code = code
        self.request_id = request_id
        self.retried = retried
        self.unanswered = unanswered

    def __reduce__(self) -> tuple[Any, ...]:
        """Return how it is made again, in another process."""
        return _service_error, (str(self), self.__dict__)


def _service_error(message: str, facts: dict[str, Any]) -> ServiceError:
    return ServiceError(message, **facts)


class JobExists(RLCoreError, ValueError):
    """The name is that of a job that exists."""


class JobNotFound(RLCoreError, ValueError):
    """No platform that was asked knows the job."""


class JobNotStarted(RLCoreError, ValueError):
    """Something was asked of a training job before `fit` or `attach`."""


class TrainingFailed(RLCoreError, ValueError, RuntimeError):
    """The training job failed, or ended otherwise than by success.

    Attributes:
        job_name: Name of the job.
        exit_code: Exit code of the training script, where it got so far.
        actual_status: The job's state, as the original's exception called it.
        allowed_statuses: The states that would not have raised.
    """

    def __init__(
        self,
        message: str,
        *,
        job_name: str,
        actual_status: str,
        exit_code: int | None = None,
        allowed_statuses: tuple[str, ...] = ("Completed", "Stopped"),
    ) -> None:
        """Keep the facts beside the message."""
        super().__init__(message)
        self.job_name = job_name
        self.exit_code = exit_code
        self.actual_status = actual_status
        self.allowed_statuses = allowed_statuses


class TransformFailed(RLCoreError, ValueError, RuntimeError):
    """A job that ran a model over stored data failed.

    Attributes:
        job_name: Name of the job.
        actual_status: The job's state, as the original's exception called it.
        allowed_statuses: The states that would not have raised.
    """

    def __init__(
        self,
        message: str,
        *,
        job_name: str,
        actual_status: str,
        allowed_statuses: tuple[str, ...] = ("Completed", "Stopped"),
    ) -> None:
        """Keep the facts beside the message."""
        super().__init__(message)
        self.job_name = job_name
        self.actual_status = actual_status
        self.allowed_statuses = allowed_statuses


class MissingExtra(RLCoreError, ImportError):
    """An optional dependency is not installed; the message has the command that installs it."""


class NotDeployable(RLCoreError, NotImplementedError):
    """The release has no way to be served."""


class InvalidModel(RLCoreError, ValueError):
    """A model's archive is damaged, would write outside its folder, or holds no model."""


class EndpointExists(RLCoreError, ValueError):
    """The name is that of an endpoint that exists."""


class EndpointNotFound(RLCoreError, ValueError):
    """No platform that was asked knows the endpoint."""


class EndpointFailed(RLCoreError, ValueError, RuntimeError):
    """The endpoint could not be brought into service; the message has its last lines.

    Attributes:
        endpoint_name: Name of the endpoint.
    """

    def __init__(self, message: str, *, endpoint_name: str) -> None:
        """Keep the name beside the message."""
        super().__init__(message)
        self.endpoint_name = endpoint_name


class InvocationFailed(RLCoreError, RuntimeError):
    """An endpoint answered with an error, or not at all.

    Attributes:
        status: The HTTP status of the answer; None where there was none.
    """

    def __init__(self, message: str, *, status: int | None = None) -> None:
        """Keep the status beside the message."""
        super().__init__(message)
        self.status = status


class EvaluationFailed(RLCoreError, RuntimeError):
    """An environment could not be made, played or checked; the message has its traceback."""


class ExportWarning(RLCoreError, UserWarning):
    """The model of a training job is not what the job had trained, as its inspection found."""


def did_you_mean(given: str, known: Iterable[str]) -> str:
    """Return ` Did you mean 'x'?` for the nearest of *known*, or the empty string."""
    import difflib  # noqa: PLC0415 - most processes end without an error

    names = list(known)
    # Few mistype the first letter: what begins otherwise must be nearer, or `nobob` gets `bob1`.
    alike = [name for name in names if name[:1] == given[:1]]
    nearest = difflib.get_close_matches(given, names, n=1, cutoff=0.7)
    nearest = nearest or difflib.get_close_matches(given, alike, n=1, cutoff=0.6)
    return f" Did you mean {nearest[0]!r}?" if nearest else ""
