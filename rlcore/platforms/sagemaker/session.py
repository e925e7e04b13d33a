"""AWS as this platform speaks to it: region, account, bucket, role, and clients made once."""

from __future__ import annotations

import functools
import threading
from typing import TYPE_CHECKING, Any

from rlcore import storage
from rlcore.errors import PlatformError, ServiceError
from rlcore.platforms.sagemaker.failures import service_errors
from rlcore.platforms.sagemaker.regions import region_of

if TYPE_CHECKING:
    import boto3

_READ_TIMEOUT = 80  # seconds; an endpoint has 60 to answer
_POLLS_MOST = 15  # attempts of a call that only looks
_FIRST_REGION = "us-east-1"  # the one that CreateBucket does not take as a location
_OWN = {"BucketAlreadyOwnedByYou", "OperationAborted"}
# Under these names an object like the SageMaker SDK's session brings clients of its own.
_CLIENTS_OF_A_SESSION = {
    "sagemaker": "sagemaker_client",
    "sagemaker-runtime": "sagemaker_runtime_client",
    "s3": "s3_client",
}


class AwsSession:
    """A boto3 session, and what is learned through it once.

    Args:
        given: A boto3 session, an object like the SageMaker SDK's session (`boto_session`, and
            clients under its names), or None for the environment's credentials.
    """

    def __init__(self, given: Any = None) -> None:
        """Hold what is given; nothing is made and nothing is asked."""
        if given is not None and not (
            hasattr(given, "boto_session") or hasattr(given, "get_credentials")
        ):
            msg = (
                "sagemaker_session must be a boto3 Session, or an object whose boto_session is"
                f" one; a {type(given).__name__} was given."
            )
            raise PlatformError(msg)
        self.given = given
        self._clients: dict[tuple[str, bool], Any] = {}
        self._learned: dict[str, str] = {}
        self._roles: dict[str, str] = {}
        self._lock = threading.RLock()

    @property
    def region(self) -> str:
        """The region.

        Raises:
            MissingArgument: None is set anywhere.
        """
        return region_of(self.given)

    def client(self, service: str, *, polling: bool = False) -> Any:
        """Return the client of a service, made once.

        Args:
            service: boto3's name of it.
            polling: Whether it only looks, again and again: it gives way to throttling.
        """
        with self._lock:
            key = (service, polling)
            if key not in self._clients:
                self._clients[key] = self._own(service) or self._made(service, polling=polling)
            return self._clients[key]

    @property
    def account(self) -> str:
        """The account's number, asked once."""
        with self._lock:
            if "account" not in self._learned:
                with service_errors("GetCallerIdentity"):
                    self._learned["account"] = self.client("sts").get_caller_identity()["Account"]
            return self._learned["account"]

    def role_arn(self, role: str) -> str:
        """Return the ARN of a role that is given by name or ARN.

        Raises:
            ServiceError: There is no role of that name.
        """
        if "/" in role:
            return role
        with self._lock:
            if role not in self._roles:
                with service_errors("GetRole"):
                    self._roles[role] = self.client("iam").get_role(RoleName=role)["Role"]["Arn"]
            return self._roles[role]

    def default_bucket(self) -> str:
        """Return the bucket for what has no other place; made where it is not there.

        It is named after region and account, a name that anybody can guess: one that belongs to
        another account is refused.

        Raises:
            PlatformError: It belongs to somebody else.
        """
        with self._lock:
            if "bucket" not in self._learned:
                self._learned["bucket"] = self._own_bucket() or self._derived_bucket()
            return self._learned["bucket"]

    def owner(self, bucket: str) -> dict[str, str]:
        """Return the argument by which S3 checks a bucket whose name can be guessed."""
        return storage.expected_owner(bucket)

    def _own(self, service: str) -> Any:
        return getattr(self.given, _CLIENTS_OF_A_SESSION.get(service, ""), None)

    def _made(self, service: str, *, polling: bool) -> Any:
        from botocore.config import Config  # noqa: PLC0415 - nothing is asked before

        retries = {"mode": "adaptive" if polling else "standard"}
        most = {"total_max_attempts": _POLLS_MOST} if polling else {}
        config = Config(retries={**retries, **most}, read_timeout=_READ_TIMEOUT)
        with service_errors(service):
            return self.boto.client(service, region_name=self.region, config=config)

    @functools.cached_property
    def boto(self) -> boto3.Session:
        """The session of boto3's."""
        import boto3  # noqa: PLC0415 - nothing is asked before

        return getattr(self.given, "boto_session", self.given) or boto3.Session()

    def _own_bucket(self) -> str | None:
        chosen = getattr(self.given, "default_bucket", None)
        found = chosen() if callable(chosen) else chosen
        return str(found) if found else None

    def _derived_bucket(self) -> str:
        name = f"sagemaker-{self.region}-{self.account}"
        where = {} if self.region == _FIRST_REGION else {"LocationConstraint": self.region}
        client = self.client("s3")
        try:
            with service_errors("HeadBucket"):
                client.head_bucket(Bucket=name, ExpectedBucketOwner=self.account)
        except ServiceError as error:
            if error.code == "403":
                msg = (
                    f"The bucket {name} belongs to another account, or may not be used. Name one of"
                    " your own: output_path='s3://BUCKET/...' and code_location likewise."
                )
                raise PlatformError(msg) from error
            if error.code not in {"404", "NoSuchBucket"}:
                raise
            self._make_bucket(client, name, where)
        return name

    def _make_bucket(self, client: Any, name: str, where: dict[str, str]) -> None:
        configuration = {"CreateBucketConfiguration": where} if where else {}
        try:
            with service_errors("CreateBucket"):
                client.create_bucket(Bucket=name, **configuration)
        except ServiceError as error:
            if error.code not in _OWN:
                raise
            with service_errors("HeadBucket"):  # another process was faster: see whose it is
                client.get_waiter("bucket_exists").wait(
                    Bucket=name, ExpectedBucketOwner=self.account
                )
