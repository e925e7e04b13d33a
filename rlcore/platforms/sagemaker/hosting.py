"""SageMaker's hosting: models, endpoint configurations and endpoints, made once."""

from __future__ import annotations

import functools
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import attrs
from botocore.exceptions import ClientError

from rlcore.endpoints import Answer, EndpointState, EndpointStatus
from rlcore.errors import (
    EndpointExists,
    EndpointNotFound,
    InvalidArgument,
    InvocationFailed,
    PlatformError,
    ServiceError,
)
from rlcore.platforms.sagemaker import answers, hostingrequests, making, modelfiles, requests
from rlcore.platforms.sagemaker.endpointstates import STATES, Served, endpoint_status, release_text
from rlcore.platforms.sagemaker.failures import is_taken, service_errors
from rlcore.platforms.sagemaker.making import CONFIGURATION, ENDPOINT, MODEL, Making
from rlcore.warning import warn

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from rlcore.endpoints import Deployment
    from rlcore.platforms.sagemaker.session import AwsSession
    from rlcore.platforms.sagemaker.transforms import SageMakerTransforms
    from rlcore.source import Bundle

_HERE = ("port", "strict", "max_body_size", "queue_size", "body_timeout", "timeout")
_CREATING = "Creating"
_TOO_LARGE = 413


class SageMakerHosting:
    """Serves models on Amazon SageMaker.

    Args:
        session: AWS.
    """

    name = "sagemaker"

    def __init__(self, session: AwsSession) -> None:
        """Hold the session; nothing is asked."""
        self._session = session
        self._served: dict[tuple[str, str], Served] = {}  # by endpoint and configuration
        self._models: dict[str, str] = {}  # by endpoint, deleted or not

    @functools.cached_property
    def transforms(self) -> SageMakerTransforms:
        """What runs models over data in S3, without endpoints."""
        from rlcore.platforms.sagemaker.transforms import (  # noqa: PLC0415 - endpoints need none
            SageMakerTransforms,
        )

        return SageMakerTransforms(self._session)

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
        if making.described(self._session, ENDPOINT, deployment.name) is not None:
            raise _endpoint_exists(deployment.name)
        role = self._session.role_arn(requests.check_role(deployment.model.role))
        content = modelfiles.digest(deployment.model, bundle)
        name = hostingrequests.model_name(deployment)
        request = modelfiles.sent(self._session, deployment.model, name, bundle, content)
        ready = attrs.evolve(deployment, model=request)
        self._models[deployment.name] = name
        with Making(self._session) as block:
            for operation, fields in hostingrequests.all_of(
                ready, self._session.region, role, content
            ):
                self._make(block, operation, fields, deployment.name)
        return deployment.name

    def describe(self, name: str) -> EndpointStatus:
        """Return the endpoint as it is now."""
        found = self._described(name)
        served = self._what_is_served(found)
        return endpoint_status(found, served)

    def endpoints(self) -> Iterable[EndpointStatus]:
        """Yield the endpoints of the account in this region, newest first, page by page.

        Each is told by its line of the list; one that failed is asked why.
        """
        client = self._session.client("sagemaker", polling=True)
        with service_errors("ListEndpoints"):
            pages = client.get_paginator("list_endpoints").paginate(
                SortBy="CreationTime", SortOrder="Descending"
            )
            for page in pages:
                for each in page["Endpoints"]:
                    failed = STATES[each["EndpointStatus"]] is EndpointState.FAILED
                    name = each["EndpointName"]
                    # One may be gone since the list was made.
                    asked = making.described(self._session, ENDPOINT, name) if failed else None
                    yield endpoint_status(asked or each, Served())

    def invoke(
        self, name: str, body: bytes, *, content_type: str, accept: str, attributes: str = ""
    ) -> Answer:
        """Send a request and return the answer.

        Raises:
            EndpointNotFound: There is no such endpoint.
            InvocationFailed: It is not in service, the request is too large, or the model answered
                with an error; `status` is the model's own.
            ServiceError: AWS refused, or could not be reached.
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
        """Delete the endpoint and its configuration; the model stays.

        Raises:
            EndpointNotFound: There is no such endpoint.
            PlatformError: It is being created still, which the service does not interrupt.
        """
        found = self._described(name)
        if found["EndpointStatus"] == _CREATING:
            msg = (
                f"{name} is being created, and SageMaker deletes it only once it is in service or"
                " has failed. Delete it then: it costs money until it is deleted."
            )
            raise PlatformError(msg)
        self._what_is_served(found)  # learns the model's name, for `delete_model`
        making.delete(self._session, ENDPOINT, name)
        making.delete(self._session, CONFIGURATION, found["EndpointConfigName"])

    def delete_model(self, name: str) -> None:
        """Delete the model that an endpoint serves, or served; its archive stays in S3.

        Raises:
            EndpointNotFound: The endpoint is gone, and this object has not seen what it served.
        """
        if name not in self._models:
            self._what_is_served(self._described(name))
        if name in self._models:
            making.delete(self._session, MODEL, self._models[name])

    # How an endpoint comes about.

    def _check(self, deployment: Deployment, bundle: Bundle | None) -> None:
        """See that the service would take all three requests, with facts as they might be."""
        serverless = deployment.options.get("serverless_inference_config")
        if not deployment.instance_type.startswith("ml.") and not serverless:
            given = deployment.instance_type
            told = "" if given == "local" else f" {given!r} was given."
            msg = f"SageMaker needs an instance_type, such as 'ml.m5.large'.{told}"
            raise InvalidArgument(msg)
        requests.check_role(deployment.model.role)
        ready = attrs.evolve(deployment, model=modelfiles.check(deployment.model, bundle))
        hostingrequests.check(ready, self._session.region)
        without = [name for name in _HERE if name in deployment.options]
        if without:
            msg = f"Of no effect on SageMaker: {', '.join(without)}."
            warn(msg)

    def _make(self, block: Making, operation: str, fields: Mapping[str, Any], name: str) -> None:
        try:
            block.make(operation, fields)
        except ServiceError as error:
            if operation == ENDPOINT and is_taken(error):
                raise _endpoint_exists(name) from error
            raise

    # What is there.

    def _described(self, name: str) -> Mapping[str, Any]:
        found = making.described(self._session, ENDPOINT, name)
        if found is None:
            msg = (
                f"SageMaker knows no endpoint {name!r} in this account and region. See: rlcore"
                " endpoints --platform sagemaker"
            )
            raise EndpointNotFound(msg)
        return found

    def _what_is_served(self, found: Mapping[str, Any]) -> Served:
        """Return what an endpoint serves, asked once: it changes with the configuration alone."""
        key = found["EndpointArn"], found["EndpointConfigName"]
        if key not in self._served:
            self._served[key] = self._asked(found)
        if self._served[key].model:
            self._models[found["EndpointName"]] = self._served[key].model
        return self._served[key]

    def _asked(self, found: Mapping[str, Any]) -> Served:
        configuration = making.described(self._session, CONFIGURATION, found["EndpointConfigName"])
        if configuration is None:
            return Served()
        name = configuration["ProductionVariants"][0].get("ModelName", "")
        model = making.described(self._session, MODEL, name) if name else None
        container = (model or {}).get("PrimaryContainer") or {}
        release = ""
        with suppress(ServiceError):  # who may not look at tags has the image
            release = release_text(answers.tags(self._session, found["EndpointArn"]))
        return Served(
            model=name,
            model_data=container.get("ModelDataUrl", ""),
            release=release or container.get("Image", "").rpartition("/")[2],
        )

    def _explain(self, name: str, error: ClientError) -> None:
        """Raise for what the model, or the endpoint's state, is the reason of; else return."""
        told: Any = error.response
        code, said = told["Error"]["Code"], told["Error"]["Message"]
        sent = told.get("ResponseMetadata", {}).get("HTTPStatusCode")
        if code == "ModelError":
            status = told.get("OriginalStatusCode")
            msg = f"{name} answered {status}: {told.get('OriginalMessage') or said}"
            raise InvocationFailed(msg, status=status) from error
        if _TOO_LARGE in {sent, _number(code)}:
            msg = f"The request is larger than {name} takes: {said}"
            raise InvocationFailed(msg, status=_TOO_LARGE) from error
        if code in {"ValidationError", "ValidationException"}:
            try:
                status = self._described(name)["EndpointStatus"]  # or it is not there at all
            except ServiceError:  # who may only ask it is told what it answered
                return
            state = STATES[status]
            if state is not EndpointState.IN_SERVICE:
                msg = f"{name} is {state.value}, and answers when it is in service."
                raise InvocationFailed(msg) from error


def _number(code: str) -> int | None:
    return int(code) if code.isdecimal() else None


def _endpoint_exists(name: str) -> EndpointExists:
    msg = (
        f"There is an endpoint {name!r} on SageMaker already. Choose another endpoint_name, or"
        f" delete it: rlcore delete {name} --platform sagemaker"
    )
    return EndpointExists(msg)
