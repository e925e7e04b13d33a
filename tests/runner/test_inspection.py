"""What the output of an inspection says."""

import unittest

try:
    from rlcore.runner import inspection
except ImportError:  # on a Python that has no rlcore the runner stands alone
    from runner import inspection


class Inspection(unittest.TestCase):
    """Answers, and outputs without one."""

    def test_answers(self):
        """The last answer counts, wherever it stands; one without a message says nothing."""
        table = [
            (b'{"check": "export", "message": "no"}', {"warning": "no"}),
            (b'x\n{"check": 1, "message": "a\\n b"}\n[2]\n', {"warning": "a b"}),
            (b'{"check": 1, "message": "a"}\n{"check": 1, "message": ""}', {}),
            (b'\xff\n{"check": "export", "compared": 3, "equal": 3}', {}),
        ]
        for output, expected in table:
            with self.subTest(output):
                self.assertEqual(expected, inspection.found(0, output))

    def test_no_answer(self):
        """A line says why, and what was said last."""
        prefix = "The model could not be checked: the inspection "
        table = [
            (0, b"", "ended with 0: it said nothing"),
            (0, b"{}\nhello", "ended with 0: hello"),
            (1, b'{"check": 1, "message": "a"}', 'ended with 1: {"check": 1, "message": "a"}'),
            (137, b"still looking", "was killed, after 120 s at most."),
        ]
        for exit_code, output, expected in table:
            with self.subTest(output):
                found = inspection.found(exit_code, output)
                self.assertEqual({"unchecked": prefix + expected}, found)


if __name__ == "__main__":
    unittest.main()
