"""What the fake holds, and the operations that it answers."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from rlcore.testing import wire
from rlcore.testing.endpoints import Configurations, Endpoints, Things
from rlcore.testing.errors import unknown
from rlcore.testing.jobs import Job, Jobs
from rlcore.testing.logs import Logs
from rlcore.testing.metrics import Metrics
from rlcore.testing.pages import page
from rlcore.testing.transforms import TransformJobs

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


class Service:
    """SageMaker, CloudWatch and CloudWatch Logs of one account in one region.

    Args:
        clock: The time.
        region: The region.
        account: Number of the account.
        make_job: Makes a training job, from the arguments of `Job`.
        endpoints: Makes the endpoints, from the arguments of `Endpoints`.
    """

    def __init__(
        self,
        clock: Callable[[], float],
        region: str,
        account: str,
        *,
        make_job: Callable[..., Job] = Job,
        endpoints: Callable[..., Endpoints] = Endpoints,
    ) -> None:
        """Nothing is there yet."""
        self._region, self._account = region, account
        self._tags: dict[str, dict[str, str]] = {}
        self._lock = threading.RLock()
        self.jobs = Jobs(self._arn, clock, make_job)
        self.models = Things("model", "Model", self._arn, clock)
        self.configurations = Configurations(self.models, self._arn, clock)
        self.endpoints = endpoints(self.configurations, self._arn, clock, account)
        self.transforms = TransformJobs(self.models, self._arn, clock)
        self._logs = Logs(self.jobs, f"arn:aws:logs:{region}:{account}")
        self._metrics = Metrics(self.jobs)
        self._operations = self._of_sagemaker() | self._of_cloudwatch()

    def answer(self, service: str, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        """Answer an operation, once its request is as the service's model has it."""
        wire.check_request(service, operation, request)
        if (service, operation) not in self._operations:
            raise unknown(operation)
        with self._lock:
            found: dict[str, Any] = self._operations[service, operation](request)
            wire.check_answer(service, operation, found)
            self._keep_tags(operation, request, found)
        return found

    def write_log(self, job: str, host: int, text: str) -> None:
        """Write a line to the log of a host of a job, numbered from 1, now."""
        with self._lock:
            self.jobs.by_name[job].write(host, text)

    def tags(self, arn: str) -> dict[str, str]:
        """Return the tags of a resource."""
        return dict(self._tags.get(arn, {}))

    def _of_sagemaker(self) -> dict[tuple[str, str], Any]:
        found = {
            "CreateTrainingJob": self.jobs.create,
            "DescribeTrainingJob": self.jobs.describe,
            "StopTrainingJob": self.jobs.stop,
            "ListTrainingJobs": self.jobs.list,
            "CreateModel": self.models.create,
            "DescribeModel": self.models.describe,
            "DeleteModel": self.models.delete,
            "CreateEndpointConfig": self.configurations.create,
            "DescribeEndpointConfig": self.configurations.describe,
            "DeleteEndpointConfig": self.configurations.delete,
            "CreateEndpoint": self.endpoints.create,
            "DescribeEndpoint": self.endpoints.describe,
            "DeleteEndpoint": self.endpoints.delete,
            "ListEndpoints": self.endpoints.list,
            "CreateTransformJob": self.transforms.create,
            "DescribeTransformJob": self.transforms.describe,
            "StopTransformJob": self.transforms.stop,
            "AddTags": self._add_tags,
            "ListTags": self._list_tags,
        }
        return {("sagemaker", name): operation for name, operation in found.items()}

    def _of_cloudwatch(self) -> dict[tuple[str, str], Any]:
        return {
            ("logs", "DescribeLogStreams"): self._logs.describe_log_streams,
            ("logs", "GetLogEvents"): self._logs.get_log_events,
            ("cloudwatch", "GetMetricData"): self._metrics.get_metric_data,
            ("cloudwatch", "GetMetricStatistics"): self._metrics.get_metric_statistics,
        }

    def _arn(self, kind: str, name: str) -> str:
        return f"arn:aws:sagemaker:{self._region}:{self._account}:{kind}/{name}"

    def _keep_tags(
        self, operation: str, request: Mapping[str, Any], answer: Mapping[str, Any]
    ) -> None:
        """Keep the tags that something was created with; a new thing has none of an old one."""
        if operation.startswith("Create"):
            (arn,) = (value for name, value in answer.items() if name.endswith("Arn"))
            self._tags[arn] = _by_key(request.get("Tags", ()))

    def _add_tags(self, request: Mapping[str, Any]) -> dict[str, Any]:
        known = self._tags.setdefault(request["ResourceArn"], {})
        known.update(_by_key(request["Tags"]))
        return {"Tags": _listed(known)}

    def _list_tags(self, request: Mapping[str, Any]) -> dict[str, Any]:
        return page("Tags", _listed(self.tags(request["ResourceArn"])), request)


def _by_key(tags: Any) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in tags}


def _listed(tags: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]
