"""The rlcore plugin for Coach on MXNet, key `coach.mxnet`."""
