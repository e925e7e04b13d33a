"""The local platform: jobs as processes of this machine, by the contract of the container."""
