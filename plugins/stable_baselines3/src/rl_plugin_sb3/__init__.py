"""The rlcore plugin for Stable-Baselines3, key `sb3.pytorch`."""
