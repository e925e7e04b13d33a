"""A SavedModel that a script of the user's exports, served by the Python of its own release."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from rlcore import RLEstimator, TensorFlowPredictor
from rlcore.errors import InterpreterNotFound
from rlcore.serializers import CSVSerializer

if TYPE_CHECKING:
    from pathlib import Path

SCRIPT = """
import os

import tensorflow as tf

with tf.Graph().as_default(), tf.Session() as session:
    observation = tf.placeholder(tf.float32, [None, 4])
    weights = tf.Variable([[0.0, 0.0], [0.0, 0.0], [-1.0, 1.0], [-0.5, 0.5]])
    policy = tf.nn.softmax(tf.matmul(observation, weights))
    session.run(tf.global_variables_initializer())
    folder = os.path.join(os.environ["SM_MODEL_DIR"], "model/tf-model/00000001")
    tf.saved_model.simple_save(session, folder, {"observation": observation}, {"policy": policy})
"""


@pytest.mark.training
@pytest.mark.timeout(600)
def test_as_tensorflow_serving_answers(tmp_path: Path) -> None:
    """The original's path in the archive, its three ways to ask, and `act` by the probabilities."""
    script = tmp_path / "train.py"
    script.write_text(SCRIPT, encoding="utf-8")
    estimator = RLEstimator(
        script, toolkit="coach", toolkit_version="0.11.1", framework="tensorflow"
    )
    try:
        estimator.fit(logs=False)
    except InterpreterNotFound as error:
        pytest.skip(str(error).partition("\n")[0])
    predictor = estimator.deploy(1, "local")
    try:
        rows = [[0.0, 0.0, 0.1, 0.0], [0.0, 0.0, -0.1, 0.0]]
        expected = [pytest.approx([0.450166, 0.549834]), pytest.approx([0.549834, 0.450166])]

        assert isinstance(predictor, TensorFlowPredictor)
        assert {"predictions": expected} == predictor.predict({"instances": rows})
        assert {"predictions": expected} == predictor.predict(rows)
        predictor.serializer = CSVSerializer()
        assert {"predictions": expected} == predictor.predict(rows)
        assert [1, 0] == [predictor.act(row) for row in rows]
    finally:
        predictor.delete_endpoint()
