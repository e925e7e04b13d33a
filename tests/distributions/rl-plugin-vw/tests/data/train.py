"""What a run of the toolkit prints and leaves, without the toolkit."""

import os
from pathlib import Path

print("example 1000 average loss = 0.25")  # noqa: T201 - the log is what metrics are read from
Path(os.environ["SM_MODEL_DIR"], "policy.vw").write_text("weights", encoding="utf-8")
