"""Unpacking archives of others."""

import gzip
import io
import tarfile
import tempfile
import unittest
from pathlib import Path
from unittest import mock

from rlscript import archives
from rlscript.archives import ArchiveError, extract


def member(name, kind=tarfile.REGTYPE, link=""):
    """Return a member of an archive."""
    made = tarfile.TarInfo(name)
    made.type, made.linkname = kind, link
    made.size = 4 if kind == tarfile.REGTYPE else 0
    return made


HOSTILE = (
    member("/etc/passwd"),
    member("../outside"),
    member("a/../../outside"),
    member("a\\..\\..\\outside"),
    member("link", tarfile.SYMTYPE, "/etc/passwd"),
    member("hard", tarfile.LNKTYPE, "weights"),
    member("device", tarfile.CHRTYPE),
    member("pipe", tarfile.FIFOTYPE),
)


class Extract(unittest.TestCase):
    """Every test has a folder with an archive to be."""

    def setUp(self):
        """Make the folder."""
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.archive = Path(scratch.name) / "model.tar.gz"
        self.target = Path(scratch.name) / "target"
        self.target.mkdir()

    def pack(self, *members):
        """Write an archive of these members, each file holding `data`."""
        with tarfile.open(str(self.archive), "w:gz") as packed:
            for each in members:
                packed.addfile(each, io.BytesIO(b"data") if each.isfile() else None)

    def test_files(self):
        """Files and folders arrive."""
        self.pack(member("sub", tarfile.DIRTYPE), member("sub/weights"), member("./policy.json"))
        extract(self.archive, self.target)

        self.assertEqual(b"data", (self.target / "sub" / "weights").read_bytes())
        self.assertEqual(b"data", (self.target / "policy.json").read_bytes())

    def test_hostile(self):
        """One bad member and nothing is written."""
        for bad in HOSTILE:
            self.pack(member("weights"), bad)
            with self.assertRaises(ArchiveError, msg=bad.name):
                extract(self.archive, self.target)
            self.assertEqual([], list(self.target.iterdir()))

    def test_absolute_though_inside(self):
        """An absolute name is refused even where it leads into the folder."""
        self.pack(member(str(self.target / "weights")))
        self.assertRaises(ArchiveError, extract, self.archive, self.target)

    def test_link_in_the_folder(self):
        """A link that is in the folder already is not followed out of it."""
        (self.target / "exit").symlink_to(self.target.parent)
        self.pack(member("exit/weights"))
        self.assertRaises(ArchiveError, extract, self.archive, self.target)

    def test_too_large(self):
        """An archive beyond the limits is refused."""
        self.pack(member("a"), member("b"))
        for limit, value in (("MAXIMUM_MEMBERS", 1), ("MAXIMUM_BYTES", 7)):
            with mock.patch.object(archives, limit, value):
                self.assertRaises(ArchiveError, extract, self.archive, self.target)
        self.assertRaises(ArchiveError, extract, self.archive, self.target, 7)
        extract(self.archive, self.target, 8)

    def test_a_bomb_is_not_read(self):
        """An archive that says of a member that it is huge is refused at once, unread."""
        huge = member("huge")
        huge.size = 1 << 50
        with gzip.open(str(self.archive), "wb") as packed:
            packed.write(huge.tobuf(tarfile.GNU_FORMAT) + bytes(10 << 20))
        with self.assertRaises(ArchiveError) as raised:
            extract(self.archive, self.target)

        self.assertIn("which is all that is allowed", str(raised.exception))

    def test_a_header_that_fills_the_memory(self):
        """A header that is as long as a film is refused, unread."""
        for kind in (tarfile.XHDTYPE, tarfile.GNUTYPE_LONGNAME):
            header = member("header", kind)
            header.size = 1 << 40
            with gzip.open(str(self.archive), "wb") as packed:
                packed.write(header.tobuf(tarfile.GNU_FORMAT) + bytes(10 << 20))
            with self.assertRaises(ArchiveError) as raised:
                extract(self.archive, self.target)

            self.assertIn("a header of 1099511627776 bytes", str(raised.exception))

    def test_damaged(self):
        """What is no archive, or only a part of one, is refused."""
        self.pack(member("weights"))
        whole = self.archive.read_bytes()
        for content in (b"", b"no archive", whole[: len(whole) // 2], whole[:40] + b"x" * 40):
            self.archive.write_bytes(content)
            self.assertRaises(ArchiveError, extract, self.archive, self.target)


if __name__ == "__main__":
    unittest.main()
