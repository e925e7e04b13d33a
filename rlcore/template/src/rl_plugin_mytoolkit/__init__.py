"""The rlcore plugin for mytoolkit, key `mytoolkit.numpy`."""
