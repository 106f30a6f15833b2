"""Files that appear whole or not at all."""

import os
from pathlib import Path

import numpy as np
import pytest

from edgec.codegen.source_tree import SourceTree, output_folder
from edgec.driver.ports import write_npz
from edgec.errors import EdgecError


@pytest.mark.parametrize("path", ["/etc/x", "../x", "a/../../x", ""])
def test_paths_stay_inside(path: str) -> None:
    with pytest.raises(ValueError, match="leaves the tree"):
        SourceTree({path: b""})


def test_digest_depends_on_names_and_contents_not_on_order() -> None:
    one = SourceTree({"a": b"1", "b": b"2"})
    assert one.digest() == SourceTree({"b": b"2", "a": b"1"}).digest()
    assert one.digest() != SourceTree({"a": b"12", "b": b""}).digest()


def test_merge_refuses_two_contents_for_one_path() -> None:
    with pytest.raises(ValueError, match="two different"):
        SourceTree({"a": b"1"}).merge(SourceTree({"a": b"2"}))


def test_output_appears_whole(tmp_path: Path) -> None:
    target = tmp_path / "deep" / "out"
    with output_folder(target) as folder:
        SourceTree({"x/y.c": b"int y;"}).write(folder)
        assert not target.exists()
    assert (target / "x" / "y.c").read_bytes() == b"int y;"
    assert [each.name for each in target.parent.iterdir()] == ["out"]


def test_a_failure_leaves_the_old_output(tmp_path: Path) -> None:
    target = tmp_path / "out"
    target.mkdir()
    (target / "old").write_text("kept")
    with pytest.raises(FileNotFoundError), output_folder(target) as folder:
        (folder / "new" / "half").write_text("no such folder")
    assert [each.name for each in target.iterdir()] == ["old"]
    assert [each.name for each in tmp_path.iterdir()] == ["out"]


def test_a_new_output_replaces_the_old(tmp_path: Path) -> None:
    target = tmp_path / "out"
    for text in ("first", "second"):
        with output_folder(target) as folder:
            (folder / text).write_text(text)
    assert [each.name for each in target.iterdir()] == ["second"]
    assert [each.name for each in tmp_path.iterdir()] == ["out"]


def test_an_unwritable_place_is_the_users_error(tmp_path: Path) -> None:
    blocker = tmp_path / "file"
    blocker.write_text("")
    with pytest.raises(EdgecError) as caught, output_folder(blocker / "out"):
        pass
    assert caught.value.code == "unwritable-output"


@pytest.mark.parametrize("filled", [True, False])
def test_a_link_is_followed_not_replaced(tmp_path: Path, *, filled: bool) -> None:
    there = tmp_path / "disk" / "out"
    if filled:
        there.mkdir(parents=True)
        (there / "old").write_text("")
    link = tmp_path / "out"
    link.symlink_to(there, target_is_directory=True)
    with output_folder(link) as folder:
        (folder / "new").write_text("")
    assert link.is_symlink()
    assert [each.name for each in there.iterdir()] == ["new"]
    assert {each.name for each in tmp_path.iterdir()} == {"disk", "out"}
    assert [each.name for each in (tmp_path / "disk").iterdir()] == ["out"]


def test_links_in_a_circle_are_the_users_error(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to(tmp_path / "b")
    (tmp_path / "b").symlink_to(tmp_path / "a")
    with pytest.raises(EdgecError) as caught, output_folder(tmp_path / "a"):
        pass
    assert caught.value.code == "unwritable-output"


def test_files_follow_links_and_devices_stay(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "real.npz")
    write_npz(tmp_path / "link", {"a": np.zeros(1)})
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real.npz").is_file()
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(EdgecError, match="no file") as caught:
        write_npz(tmp_path / "pipe", {"a": np.zeros(1)})
    assert caught.value.code == "unwritable-output"
    assert (tmp_path / "pipe").is_fifo()
