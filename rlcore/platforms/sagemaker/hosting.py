"""SageMaker's hosting: models, endpoint configurations and endpoints, made once."""

from __future__ import annotations

import warnings
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from rlcore.endpoints import Answer, EndpointState, EndpointStatus
from rlcore.errors import (
    EndpointNotFound,
    InvalidArgument,
    InvocationFailed,
    NotDeployable,
    ServiceError,
    did_you_mean,
)
from rlcore.platforms.sagemaker import hostingrequests, making, requests, shapes
from rlcore.platforms.sagemaker.failures import is_missing, service_errors

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from rlcore.endpoints import Deployment, ModelRequest
    from rlcore.platforms.sagemaker.session import AwsSession
    from rlcore.source import Bundle

STATES = {
    "Creating": EndpointState.CREATING,
    "InService": EndpointState.IN_SERVICE,
    "Updating": EndpointState.IN_SERVICE,  # the old hosts answer meanwhile
    "SystemUpdating": EndpointState.IN_SERVICE,
    "RollingBack": EndpointState.IN_SERVICE,
    "OutOfService": EndpointState.OUT_OF_SERVICE,
    "Deleting": EndpointState.OUT_OF_SERVICE,
    "Failed": EndpointState.FAILED,
    "UpdateRollbackFailed": EndpointState.FAILED,
}
"""By the service's `EndpointStatus`."""

_OPERATIONS = ("CreateModel", "CreateEndpointConfig", "CreateEndpoint")
_HERE = ("port", "strict", "max_body_size", "queue_size", "body_timeout", "timeout")
# Facts as they might be, for the check before anything is sent.
_ROLE = "arn:aws:iam::123456789012:role/role"


class SageMakerHosting:
    """Serves models on Amazon SageMaker.

    Args:
        session: AWS.
    """

    name = "sagemaker"

    def __init__(self, session: AwsSession) -> None:
        """Hold the session; nothing is asked."""
        self._session = session
        self._models: dict[str, tuple[str, str]] = {}  # by endpoint: configuration and model

    def deploy(self, deployment: Deployment, bundle: Bundle | None) -> str:
        """Start an endpoint and return its name, before it is in service.

        A model or a configuration that is there already is used if it is the same. What this call
        made is deleted again where it fails.

        Raises:
            EndpointExists: There is an endpoint of that name.
            NotDeployable: The model's release has no container.
            InvalidArgument: The service would refuse a request, or the name is that of another
                model or configuration.
            ServiceError: AWS refused, or could not be reached.
        """
        self._check(deployment, bundle)
        self._check_free(deployment.name)
        model_name = deployment.model.name or deployment.name
        role = self._session.role_arn(requests.check_role(deployment.model.role))
        request = making.sent(self._session, deployment.model, model_name, bundle)
        self._models[deployment.name] = (deployment.name, model_name)
        with ExitStack() as undo:
            for operation, fields in self._requests(deployment, request, model_name, role):
                making.create(self._session, operation, fields, undo)
            undo.pop_all()
        return deployment.name

    def describe(self, name: str) -> EndpointStatus:
        """Return the endpoint as it is now."""
        found = self._described(name)
        container = self._container(name, found["EndpointConfigName"])
        status = found["EndpointStatus"]
        return EndpointStatus(
            name=name,
            state=STATES[status],
            stage="" if STATES[status] is EndpointState.IN_SERVICE else status,
            failure_reason=found.get("FailureReason"),
            created_at=found["CreationTime"].timestamp(),
            model_data=container.get("ModelDataUrl", ""),
            release=container.get("Image", "").rpartition("/")[2],
            policies=None,
        )

    def endpoints(self) -> Iterable[EndpointStatus]:
        """Yield the endpoints of the account in this region, newest first, page by page."""
        client = self._session.client("sagemaker")
        with service_errors("ListEndpoints"):
            pages = client.get_paginator("list_endpoints").paginate(
                SortBy="CreationTime", SortOrder="Descending"
            )
            for page in pages:
                for each in page["Endpoints"]:
                    yield self.describe(each["EndpointName"])

    def invoke(
        self, name: str, body: bytes, *, content_type: str, accept: str, attributes: str = ""
    ) -> Answer:
        """Send a request and return the answer.

        Raises:
            EndpointNotFound: There is no such endpoint in service.
            InvocationFailed: The model answered with an error; `status` is its own.
        """
        client = self._session.client("sagemaker-runtime")
        custom = {"CustomAttributes": attributes} if attributes else {}
        fields = {"EndpointName": name, "ContentType": content_type, "Accept": accept, **custom}
        with service_errors("InvokeEndpoint"):
            try:
                found = client.invoke_endpoint(Body=body, **fields)
                return Answer(body=found["Body"].read(), content_type=found["ContentType"])
            except ClientError as error:
                self._explain(name, error)
                raise

    def delete(self, name: str) -> None:
        """Delete the endpoint and its configuration; the model stays."""
        configuration = self._described(name)["EndpointConfigName"]
        self._container(name, configuration)  # learns the model's name, for `delete_model`
        client = self._session.client("sagemaker")
        with service_errors("DeleteEndpoint"):
            client.delete_endpoint(EndpointName=name)
        making.delete(self._session, "delete_endpoint_config", EndpointConfigName=configuration)

    def delete_model(self, name: str) -> None:
        """Delete the model that an endpoint serves, or served; its archive stays in S3."""
        with suppress(EndpointNotFound):
            self._container(name, self._described(name)["EndpointConfigName"])
        _, model = self._models.get(name, (name, name))
        making.delete(self._session, "delete_model", ModelName=model)

    # How an endpoint comes about.

    def _check(self, deployment: Deployment, bundle: Bundle | None) -> None:
        """See that the service would take all three requests, with facts as they might be."""
        if not deployment.instance_type.startswith("ml.") and not deployment.options.get(
            "serverless_inference_config"
        ):
            given = deployment.instance_type
            msg = f"An instance_type such as 'ml.m5.large' is wanted; {given!r} was given."
            raise InvalidArgument(msg)
        requests.check_role(deployment.model.role)
        overrides = deployment.options.get("request_overrides") or {}
        for operation in overrides:
            if operation not in _OPERATIONS:
                msg = (
                    f"request_overrides has fields by operation: {', '.join(_OPERATIONS)}."
                    f" {operation!r} is none.{did_you_mean(operation, _OPERATIONS)}"
                )
                raise InvalidArgument(msg)
        without = [name for name in _HERE if name in deployment.options]
        if without:
            msg = f"Of no effect on SageMaker: {', '.join(without)}."
            warnings.warn(msg, UserWarning, stacklevel=2)
        model_name = deployment.model.name or deployment.name
        request = making.elsewhere(deployment.model, bundle)
        for operation, fields in self._requests(deployment, request, model_name, _ROLE):
            shapes.check(operation, fields)

    def _requests(
        self, deployment: Deployment, request: ModelRequest, model_name: str, role: str
    ) -> list[tuple[str, dict[str, Any]]]:
        """Return the three operations in their order, each with its fields."""
        if deployment.container is None:
            msg = f"{request.release or 'The model'} names no container. Deploy it by its Model."
            raise NotDeployable(msg)
        accelerator = deployment.options.get("accelerator_type")
        container = deployment.container(
            request, self._session.region, deployment.instance_type, accelerator
        )
        fields = (
            hostingrequests.model(model_name, role, container, request, deployment.tags),
            hostingrequests.endpoint_configuration(deployment, model_name),
            hostingrequests.endpoint(deployment),
        )
        return [
            (operation, hostingrequests.overridden(deployment, operation, each))
            for operation, each in zip(_OPERATIONS, fields, strict=True)
        ]

    def _check_free(self, name: str) -> None:
        with suppress(EndpointNotFound):
            self._described(name)
            raise making.endpoint_exists(name)

    # What is there.

    def _described(self, name: str) -> Mapping[str, Any]:
        client = self._session.client("sagemaker", polling=True)
        try:
            with service_errors("DescribeEndpoint"):
                found: Mapping[str, Any] = client.describe_endpoint(EndpointName=name)
        except ServiceError as error:
            if is_missing(error):
                raise _not_found(name) from error
            raise
        return found

    def _container(self, name: str, configuration: str) -> Mapping[str, Any]:
        """Return the container of an endpoint's model; empty where that was deleted."""
        client = self._session.client("sagemaker")
        try:
            with service_errors("DescribeEndpointConfig"):
                found = client.describe_endpoint_config(EndpointConfigName=configuration)
            model = found["ProductionVariants"][0]["ModelName"]
            self._models[name] = (configuration, model)
            with service_errors("DescribeModel"):
                described = client.describe_model(ModelName=model)
        except ServiceError as error:
            if is_missing(error):
                return {}
            raise
        container: Mapping[str, Any] = described.get("PrimaryContainer") or {}
        return container

    def _explain(self, name: str, error: ClientError) -> None:
        """Raise for the errors of a model and of a missing endpoint; return for any other."""
        told: Any = error.response
        code = told["Error"]["Code"]
        if code == "ModelError":
            said = told.get("OriginalMessage") or told["Error"]["Message"]
            status = told.get("OriginalStatusCode")
            msg = f"{name} answered {status}: {said}"
            raise InvocationFailed(msg, status=status) from error
        if code in {"ValidationError", "ValidationException"}:
            state = self.describe(name).state  # or it is not there at all
            if state is not EndpointState.IN_SERVICE:
                msg = f"{name} is {state.value}, and answers when it is in service."
                raise InvocationFailed(msg) from error


def _not_found(name: str) -> EndpointNotFound:
    msg = (
        f"SageMaker knows no endpoint {name!r} in this account and region. See: rlcore endpoints"
        " --platform sagemaker"
    )
    return EndpointNotFound(msg)
