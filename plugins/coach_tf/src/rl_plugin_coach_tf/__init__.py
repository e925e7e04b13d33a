"""The rlcore plugin for Coach on TensorFlow, key `coach.tensorflow`."""
