"""The rlcore plugin for Ray RLlib, keys `ray.tensorflow` and `ray.pytorch`."""
