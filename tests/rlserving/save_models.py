"""Write SavedModels by whichever TensorFlow runs this: `python save_models.py FOLDER`.

`old` has the signatures that TensorFlow 1 wrote for predictions, classes and regressions; `new`,
where there is TensorFlow 2, is saved by its own means.
"""

import sys

import tensorflow as tf

v1 = getattr(tf.compat, "v1", tf)


def save_old(folder):
    """Save two policies, a classifier, a regressor, and what measures texts."""
    utils, names = v1.saved_model.utils, v1.saved_model.signature_constants
    with v1.Session(graph=v1.Graph()) as session:
        observation = v1.placeholder(tf.float32, [None, 2], "observation")
        greedy = v1.placeholder(tf.bool, [], "greedy")
        logits = tf.matmul(observation, v1.get_variable("kernel", initializer=[[1.0], [2.0]]))
        doubled = tf.multiply(
            observation, tf.cond(greedy, lambda: tf.constant(2.0), lambda: tf.constant(0.0))
        )
        records = v1.placeholder(tf.string, [None], "records")
        features = {"pair": v1.io.FixedLenFeature([2], tf.float32)}
        pair = v1.parse_example(records, features)["pair"]
        labels = tf.tile(tf.constant([["left", "right"]]), [tf.shape(pair)[0], 1])
        texts = v1.placeholder(tf.string, [None], "texts")
        session.run(v1.global_variables_initializer())
        info = utils.build_tensor_info

        def signature(inputs, outputs, method=names.PREDICT_METHOD_NAME):
            sides = [
                {name: info(each) for name, each in side.items()} for side in (inputs, outputs)
            ]
            return v1.saved_model.signature_def_utils.build_signature_def(*sides, method)

        signatures = {
            "serving_default": signature({"observation": observation}, {"logits": logits}),
            "two": signature(
                {"observation": observation, "greedy": greedy},
                {"logits": logits, "doubled": doubled},
            ),
            "classes": signature(
                {"inputs": records}, {"classes": labels, "scores": pair},
                names.CLASSIFY_METHOD_NAME,
            ),
            "values": signature(
                {"inputs": records}, {"outputs": tf.reduce_sum(pair, 1)},
                names.REGRESS_METHOD_NAME,
            ),
            "texts": signature({"text": texts}, {"echo": tf.identity(texts)}),
        }  # fmt: skip
        builder = v1.saved_model.builder.SavedModelBuilder(folder)
        tags = [v1.saved_model.tag_constants.SERVING]
        builder.add_meta_graph_and_variables(session, tags, signature_def_map=signatures)
        builder.save()


def save_new(folder):
    """Save a module with a signature."""

    class Policy(tf.Module):
        def __init__(self):
            super().__init__()
            self.kernel = tf.Variable([[1.0], [2.0]])

        @tf.function(input_signature=[tf.TensorSpec([None, 2], tf.float32, "observation")])
        def act(self, observation):
            return {"logits": tf.matmul(observation, self.kernel)}

    policy = Policy()
    tf.saved_model.save(policy, folder, signatures={"serving_default": policy.act})


if __name__ == "__main__":
    save_old(sys.argv[1] + "/old/export/Servo/1")
    if v1 is not tf:
        save_new(sys.argv[1] + "/new/1")
