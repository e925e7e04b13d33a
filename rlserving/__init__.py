"""A model's policies, answering requests: numpy and ONNX Runtime alone, Python 3.6 and later.

The endpoint's worker, evaluations and other hosting's containers use the same code: an export
carries a copy of this folder as `code/rlserving`. A user's inference code needs none of the two:
`worker`, `models`, `handlers`, `frames` and `manifest` start with the standard library alone.
"""
