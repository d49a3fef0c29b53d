"""What SQLite is asked for: durable commits, the write lock, and a disk of this machine."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import event, text

from submitter.errors import ConfigurationError
from submitter.store import sqlite
from submitter.store.database import Database
from submitter.store.sqlite import mounted_at, refuse_network_file_system, wal_is_safe

pytestmark = pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)


@pytest.mark.parametrize(
    ("version", "safe"),
    [
        ((3, 40, 1), False),
        ((3, 44, 5), False),
        ((3, 44, 6), True),
        ((3, 45, 0), False),
        ((3, 50, 6), False),
        ((3, 50, 7), True),
        ((3, 51, 0), False),
        ((3, 51, 2), False),
        ((3, 51, 3), True),
        ((3, 52, 0), True),
        ((4, 0, 0), True),
    ],
)
def test_the_write_ahead_log_is_used_only_where_it_loses_nothing(
    dialect: str, version: tuple[int, int, int], safe: bool
) -> None:
    assert wal_is_safe(version) is safe


def test_commits_are_durable_and_keys_are_checked(database: Database) -> None:
    safe = wal_is_safe(sqlite3.sqlite_version_info[:3])
    with database.transaction() as c:
        assert c.execute(text("PRAGMA foreign_keys")).scalar_one() == 1
        assert c.execute(text("PRAGMA busy_timeout")).scalar_one() == 30000
        assert c.execute(text("PRAGMA synchronous")).scalar_one() == (2 if safe else 3)
        assert c.execute(text("PRAGMA journal_mode")).scalar_one() == ("wal" if safe else "delete")


def test_a_writing_transaction_takes_the_write_lock_when_it_begins(database: Database) -> None:
    said: list[str] = []
    event.listen(database._writing, "before_cursor_execute", lambda *a: said.append(a[2]))
    with database.transaction(), pytest.raises(sqlite3.OperationalError, match="locked"):
        other = sqlite3.connect(database.url.removeprefix("sqlite:///"), timeout=0, isolation_level=None)
        try:
            other.execute("BEGIN IMMEDIATE")
        finally:
            other.close()
    assert said[0] == "BEGIN IMMEDIATE"


# -- a disk of this machine ----------------------------------------------------------------------------------------

MOUNTS = r"""
22 28 0:20 / /proc rw,nosuid - proc proc rw
28 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw,discard
31 28 0:40 /exports/office /mnt/office rw,relatime shared:2 master:7 - nfs4 filer:/exports/office rw,vers=4.2
32 31 254:1 / /mnt/office/local rw - xfs /dev/vdb rw
33 28 0:41 / /mnt/with\040a\040space rw - cifs //filer/share rw
34 28 0:42 / /mnt/ssh rw - fuse.sshfs clerk@host:/ rw
35 28 0:43 / /mnt/twice rw - nfs filer:/twice rw
36 28 254:2 / /mnt/twice rw - ext4 /dev/vdc rw
37 28 0:44 / /mnt/thrice rw - ext4 /dev/vdd rw
38 28 0:45 / /mnt/thrice rw - ceph mon:/ rw
39 28 0:46 / /mnt/tab\011and\134slash rw - smb3 //filer/share rw
this line is damaged
40 28 0:47
"""


@pytest.mark.parametrize(
    ("path", "type_", "place"),
    [
        ("/srv/clerk/submitter/data/submitter.sqlite", "ext4", "/"),
        ("/mnt/office/data/submitter.sqlite", "nfs4", "/mnt/office"),
        ("/mnt/office/local/submitter.sqlite", "xfs", "/mnt/office/local"),
        ("/mnt/officers/submitter.sqlite", "ext4", "/"),  # begins with the same letters, and is another folder
        ("/mnt/with a space/x.sqlite", "cifs", "/mnt/with a space"),
        ("/mnt/tab\tand\\slash/x.sqlite", "smb3", "/mnt/tab\tand\\slash"),
        ("/mnt/ssh/x.sqlite", "fuse.sshfs", "/mnt/ssh"),
        ("/mnt/twice/x.sqlite", "ext4", "/mnt/twice"),  # the later mount hides the earlier one
        ("/mnt/thrice/x.sqlite", "ceph", "/mnt/thrice"),
    ],
)
def test_a_file_belongs_to_the_nearest_mount_above_it(dialect: str, path: str, type_: str, place: str) -> None:
    assert mounted_at(Path(path), MOUNTS) == (type_, place)


@pytest.mark.parametrize("mounts", ["", "nonsense", "1 2 3 4 /elsewhere rw - nfs a rw"])
def test_a_list_that_does_not_tell_refuses_nothing(dialect: str, mounts: str) -> None:
    assert mounted_at(Path("/data/submitter.sqlite"), mounts) is None
    refuse_network_file_system(Path("/data/submitter.sqlite"), mounts)


NETWORK = ["nfs", "nfs4", "cifs", "smb3", "smbfs", "afs", "ceph", "glusterfs", "lustre", "fuse.sshfs", "fuse.s3fs"]
LOCAL = ["ext4", "xfs", "btrfs", "zfs", "tmpfs", "overlay", "vfat", "fuseblk", "f2fs", "nfsd", "fuse.gocryptfs"]


@pytest.mark.parametrize("type_", NETWORK)
def test_a_file_on_another_machines_disk_is_refused(dialect: str, type_: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        refuse_network_file_system(Path("/mnt/x/data/submitter.sqlite"), f"1 2 0:3 / /mnt/x rw - {type_} there rw")
    assert caught.value.message == (
        f"The database file lies on a network file system ({type_} at /mnt/x); SQLite would lose or double work there. "
        "Put data/ on a local disk, or use PostgreSQL: see docs/operations.md."
    )


@pytest.mark.parametrize("type_", LOCAL)
def test_a_file_on_a_disk_of_this_machine_is_not(dialect: str, type_: str) -> None:
    refuse_network_file_system(Path("/mnt/x/data/submitter.sqlite"), f"1 2 0:3 / /mnt/x rw - {type_} there rw")


def test_opening_looks_where_the_file_really_lies(
    dialect: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A link into a share is the share; the machine's own list is asked."""
    share, home = tmp_path / "share", tmp_path / "home"
    share.mkdir()
    home.symlink_to(share)
    listed = tmp_path / "mounts"
    listed.write_text(f"28 1 254:0 / / rw - ext4 /dev/vda rw\n31 28 0:40 / {share} rw - nfs filer:/x rw\n")
    monkeypatch.setattr(sqlite, "MOUNTS", listed)
    with pytest.raises(ConfigurationError, match=f"nfs at {share}"):
        Database(f"sqlite:///{home / 'submitter.sqlite'}")
    Database(f"sqlite:///{tmp_path / 'submitter.sqlite'}").close()


def test_a_sqlite_without_what_is_needed_is_refused(
    dialect: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "OLDEST", (99, 0))
    with pytest.raises(ConfigurationError, match=r"comes with SQLite 3\.[\d.]+; submitter needs 99\.0\."):
        Database(f"sqlite:///{tmp_path / 'submitter.sqlite'}")
