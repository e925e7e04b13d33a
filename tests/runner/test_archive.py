"""Archives that mean harm, and archives that do not."""

import io
import pathlib
import tarfile
import tempfile
import unittest

try:
    from rlcore.runner import archive
except ImportError:  # on a Python that has no rlcore the runner stands alone
    from runner import archive


def entry(name, kind=tarfile.REGTYPE, link="", data=b""):
    """Return a member and its content."""
    member = tarfile.TarInfo(name)
    member.type, member.linkname, member.size = kind, link, len(data)
    return member, io.BytesIO(data)


class Archive(unittest.TestCase):
    """Unpacking into a folder of its own."""

    def setUp(self):
        """Make the folder."""
        self._temporary = tempfile.TemporaryDirectory()
        self.addCleanup(self._temporary.cleanup)
        self.folder = pathlib.Path(self._temporary.name, "code")

    def extract(self, *entries):
        """Pack entries and unpack them."""
        path = str(self.folder.parent / "source.tar.gz")
        with tarfile.open(path, "w:gz") as packed:
            for member, data in entries:
                packed.addfile(member, data)
        archive.extract(path, self.folder)

    def test_files_folders_and_links(self):
        """What is in the archive is in the folder, readable and writable."""
        readonly, data = entry("src/train.py", data=b"print()")
        readonly.mode = 0o444

        self.extract(
            entry("src", tarfile.DIRTYPE), (readonly, data), entry("link", tarfile.SYMTYPE, "src")
        )

        script = self.folder / "link" / "train.py"
        self.assertEqual(b"print()", script.read_bytes())
        self.assertEqual(0o600, script.stat().st_mode & 0o600)

    def test_what_leads_out_is_refused(self):
        """Nothing is written, neither outside nor inside."""
        table = {
            "absolute": [entry("/etc/x")],
            "parent": [entry("../x")],
            "hidden parent": [entry("a/../../x")],
            "symbolic link out": [entry("a/link", tarfile.SYMTYPE, "../../x")],
            "absolute link": [entry("link", tarfile.SYMTYPE, "/etc")],
            "hard link out": [entry("link", tarfile.LNKTYPE, "../x")],
            "through a link": [entry("a", tarfile.SYMTYPE, "b"), entry("a/x")],
            "over a link": [entry("a", tarfile.SYMTYPE, "b"), entry("a")],
            "hard link through a link": [
                entry("a/b/up", tarfile.SYMTYPE, "../.."),
                entry("out", tarfile.SYMTYPE, "a/b/up/.."),
                entry("file", tarfile.LNKTYPE, "out/x"),
                entry("file", data=b"written outside"),
            ],
            "device": [entry("a", tarfile.CHRTYPE)],
            "pipe": [entry("a", tarfile.FIFOTYPE)],
        }
        for name, entries in table.items():
            with self.subTest(name):
                with self.assertRaises(archive.UnsafeArchive):
                    self.extract(entry("first"), *entries)
                self.assertFalse(self.folder.exists())

    def test_what_is_too_large_is_refused(self):
        """An archive of a few bytes does not fill the disk."""
        bomb, _ = entry("bomb")
        bomb.size = archive.SIZE_LIMIT + 1
        path = str(self.folder.parent / "bomb.tar")
        pathlib.Path(path).write_bytes(bomb.tobuf() + b"\0" * 1024)

        with self.assertRaises(archive.UnsafeArchive):
            archive.extract(path, self.folder)

    def test_too_many_members_are_refused(self):
        """The number of files is limited as well."""
        limit, archive.MEMBER_LIMIT = archive.MEMBER_LIMIT, 3
        try:
            with self.assertRaises(archive.UnsafeArchive):
                self.extract(*[entry(str(number)) for number in range(4)])
        finally:
            archive.MEMBER_LIMIT = limit


if __name__ == "__main__":
    unittest.main()
