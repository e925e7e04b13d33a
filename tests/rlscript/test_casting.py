"""Actions as spaces have them, where numpy is."""

import unittest

from rlscript.casting import ActionFailed, cast_action, plain

try:
    import numpy as np
except ImportError:  # most of the interpreters that the tests run on
    np = None  # type: ignore[assignment]


class Space:
    """A space as far as casting looks at it."""

    def __init__(self, dtype=None, shape=(), spaces=None):
        """Take what the kind of space has."""
        self.dtype, self.shape, self.spaces = dtype, shape, spaces
        self.n = 5


# Their kind is told from their names, in gym as in Gymnasium.
Box, Discrete, MultiDiscrete, Dict, Tuple = (
    type(name, (Space,), {}) for name in ("Box", "Discrete", "MultiDiscrete", "Dict", "Tuple")
)


class Plain(unittest.TestCase):
    """Observations as JSON."""

    def test_structures(self):
        """Dictionaries, tuples and values keep their form."""
        self.assertEqual({"a": [1, {"2": "x"}], "b": None}, plain({"a": (1, {2: "x"}), "b": None}))

    @unittest.skipIf(np is None, "numpy is not installed")
    def test_arrays(self):
        """Arrays and numpy's numbers become lists and numbers."""
        self.assertEqual([[1.5], 2, True], plain((np.array([1.5]), np.int64(2), np.bool_(1))))


class Unknown(unittest.TestCase):
    """A space of no known kind."""

    def test_left(self):
        """Its actions are left as they are."""
        self.assertEqual([1, "x"], cast_action(Space(), [1, "x"]))


@unittest.skipIf(np is None, "numpy is not installed")
class Cast(unittest.TestCase):
    """What JSON or a graph gave."""

    def test_discrete(self):
        """Any way to write a whole number gives an int."""
        for given in (3, 3.0, [3], np.int64(3), np.array([[3]])):
            action = cast_action(Discrete(), given)
            self.assertEqual((3, int), (action, type(action)))

    def test_box(self):
        """Type and shape are the space's."""
        action = cast_action(Box(np.float32, (2, 1)), [1, 2.5])

        self.assertEqual((np.float32, [[1.0], [2.5]]), (action.dtype, action.tolist()))

    def test_structures(self):
        """Parts are found by name or by place."""
        space = Dict(
            spaces={"a": Discrete(), "b": Tuple(spaces=(Box(np.float32, (1,)), Discrete()))}
        )

        action = cast_action(space, {"a": 1.0, "b": [[0.5], 2]})

        self.assertEqual({"a": 1, "b": [[0.5], 2]}, plain(action))
        self.assertIsInstance(action["b"], tuple)

    def test_refused(self):
        """What is no action is told with what it is."""
        for space, given, message in (
            (Discrete(), 0.5, "0.5 is no whole number"),
            (Discrete(), 5, "the least is 0, the greatest 4"),
            (Discrete(), -1, "the least is 0, the greatest 4"),
            (Discrete(), None, "answered with None"),
            (Discrete(), float("inf"), "answered with inf"),
            (Box(np.float32, (2,)), [1, float("nan")], "it is not finite"),
            (Box(np.float32, (2,)), [1], "cannot reshape"),
            (Box(np.float32, (2,)), ["1", "2"], "numbers are wanted"),
            (MultiDiscrete(np.int64, (2,)), [[1], 2], "answered with"),
            (Dict(spaces={"a": Discrete()}), {}, "'a'"),
            (Dict(spaces={"a": Discrete()}), [1], "answered with"),
            (Tuple(spaces=[Discrete()]), [1, 2], "1 parts are wanted, not 2"),
        ):
            with self.assertRaisesRegex(ActionFailed, message):
                cast_action(space, given)


if __name__ == "__main__":
    unittest.main()
