"""What a release needs on an image and the user's requirements, in one file."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rlcore.errors import InvalidArgument
from rlcore.requirements import merged

OURS = ("ray[rllib]==2.60.0", "gymnasium==1.2.2", "onnx>=1.19")
NAMES = st.from_regex(r"[a-z]{3}[a-z0-9._-]{0,8}[a-z0-9]", fullmatch=True)
LINES = st.one_of(
    st.just(""),
    st.from_regex(r"[ \t]?# [a-z=@;]{0,10}\\?", fullmatch=True),
    st.builds("{}>={}.{}".format, NAMES, st.integers(0, 99), st.integers(0, 99)),
    st.builds(
        "{}[extra] == 1.0 ; python_version < '3.{}'  # why".format, NAMES, st.integers(8, 14)
    ),
    st.builds("{} @ https://example.com/{}.whl".format, NAMES, NAMES),
    st.sampled_from(
        [
            *(
                "-r more.txt",
                "-c limits.txt",
                "--index-url https://pypi.example/simple",
                "-e ./lib",
            ),
            *("./wheels/x-1.0-py3-none-any.whl", "x-1.0-py3-none-any.whl", "."),
            *("git+https://example.com/x.git@main#egg=x", "numpy==1.0 \\\n  # more"),
        ]
    ),
)


def test_ours_stand_above_and_the_users_lines_stay_as_they_are():
    """Comments, options and all."""
    users = "# mine\nnumpy<3\n-r more.txt\n"

    lines = merged(OURS, users).splitlines()

    assert list(OURS) == lines[1:4]
    assert users.splitlines() == lines[-3:]


def test_a_release_that_needs_nothing_leaves_the_file_alone():
    """Byte for byte."""
    assert "ray==1.0\r\n" == merged((), "ray==1.0\r\n")


def test_without_the_users_file_ours_make_one():
    """One requirement a line, the last one ended."""
    assert [*OURS] == merged(OURS, "").splitlines()[1:]
    assert merged(OURS, "").endswith("onnx>=1.19\n")


@given(lines=st.lists(LINES, max_size=8), end=st.sampled_from(["\n", "\r\n"]))
def test_whatever_pip_takes_comes_through(lines: list[str], end: str):
    """The user's text is the end of the merged one."""
    users = end.join([*lines, ""])

    together = merged(OURS, "\ufeff" + users)

    assert not users.strip() or together.endswith(users)
    assert "\ufeff" not in together


@pytest.mark.parametrize(
    "line",
    [
        *("ray==2.60.0", "RAY[tune] ~= 2.60", "ray", "gymnasium>=1.0,<2", "onnx==1.0"),
        *("ray==1.0; python_version < '3'", "# ray==1.0", "-c ray==1.0.txt", "raytracer==1.0"),
    ],
)
def test_what_goes_with_ours_is_kept(line):
    """The same distribution may be asked for twice where one version pleases both."""
    assert merged(OURS, line).endswith(line)


@pytest.mark.parametrize(
    "line",
    [
        *(
            "ray==2.9.0",
            "ray[tune]<2",
            "Gymnasium != 1.2.2",
            "ray>=2.61 # newer",
            "gymnasium==1.*,>1.3",
        ),
        *("ray @ https://example.com/ray.whl", "-e git+https://example.com/ray.git#egg=Ray"),
        *("ray \\\n  ==1.0", "# a comment \\\nray==1.0"),
    ],
)
def test_what_excludes_ours_is_refused(line):
    """Both are named, and what to do."""
    with pytest.raises(InvalidArgument, match=r"(ray\[rllib\]|gymnasium)==.*exclude each other"):
        merged(OURS, line)


@pytest.mark.parametrize("line", ["ray=2.60.0", "numpy==", "numpy 1.0", "numpy>=1;; x"])
def test_what_is_no_requirement_is_refused(line):
    """Rather than by pip, once the machines are rented."""
    with pytest.raises(InvalidArgument, match=r"is no requirement: "):
        merged(OURS, f"scipy\n{line}\n")


@pytest.mark.parametrize("line", ["numpy==1.0 \\\n  --hash=sha256:00", "--require-hashes"])
def test_hashes_are_refused(line):
    """One hash in a file means that pip wants one for each line."""
    with pytest.raises(InvalidArgument, match="wants hashes"):
        merged(OURS, line)
