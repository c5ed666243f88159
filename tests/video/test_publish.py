import contextlib
import errno
import os

import pytest

from src.errors import ResourceError, UsageError
from src.video.publish import check_output, publish


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_nothing_has_the_final_name_before_the_end(tmp_path):
    final = tmp_path / "out.mp4"
    with publish(str(final)) as unfinished:
        assert unfinished.endswith(".mp4") and os.path.dirname(unfinished) == str(tmp_path)
        with open(unfinished, "w") as file:
            file.write("new")
        assert not final.exists()
    assert final.read_text() == "new" and names(tmp_path) == ["out.mp4"]
    assert final.stat().st_mode & 0o777 == 0o666 & ~_umask()


def _umask():
    mask = os.umask(0)
    os.umask(mask)
    return mask


def test_folder_appears_whole(tmp_path):
    with publish(str(tmp_path / "out")) as unfinished:
        open(os.path.join(unfinished, "00000000.png"), "w").close()
        assert not (tmp_path / "out").exists()
    assert names(tmp_path) == ["out"] and names(tmp_path / "out") == ["00000000.png"]


def test_an_old_folder_is_replaced_not_mixed(tmp_path):
    old = tmp_path / "out"
    old.mkdir()
    (old / "00000007.png").touch()
    with publish(str(old), overwrite=True) as unfinished:
        open(os.path.join(unfinished, "00000000.png"), "w").close()
    assert names(tmp_path) == ["out"] and names(old) == ["00000000.png"]


@pytest.mark.parametrize("failure", [RuntimeError, KeyboardInterrupt, SystemExit])
@pytest.mark.parametrize("name", ["out.mp4", "out", "new/deep/out.mp4", "new/deep/out"])
def test_a_failure_or_interrupt_leaves_no_trace(tmp_path, failure, name):
    with pytest.raises(failure):
        with publish(str(tmp_path / name)):
            raise failure
    assert names(tmp_path) == []


def test_a_failure_keeps_the_old_result(tmp_path):
    final = tmp_path / "out.mp4"
    final.write_text("old")
    with pytest.raises(RuntimeError):
        with publish(str(final), overwrite=True):
            raise RuntimeError
    assert final.read_text() == "old" and names(tmp_path) == ["out.mp4"]


@pytest.mark.parametrize("overwrite", [False, True])
def test_what_others_put_into_a_result_folder_meanwhile_is_kept(tmp_path, overwrite):
    folder = tmp_path / "out"
    folder.mkdir()
    with pytest.raises(UsageError, match="it holds notes.txt" if overwrite else "--overwrite"):
        with publish(str(folder), overwrite) as unfinished:
            open(os.path.join(unfinished, "00000000.png"), "w").close()
            (folder / "notes.txt").write_text("dear")
    assert names(tmp_path) == ["out"] and (folder / "notes.txt").read_text() == "dear"


def test_a_file_that_appears_meanwhile_is_replaced_by_overwrite_alone(tmp_path):
    final = tmp_path / "out.mp4"
    for overwrite in (False, True):
        with contextlib.ExitStack() as refused:
            if not overwrite:
                refused.enter_context(pytest.raises(UsageError, match="--overwrite"))
            with publish(str(final), overwrite) as unfinished:
                final.write_text("late")
                with open(unfinished, "w") as file:
                    file.write("new")
        assert final.read_text() == ("new" if overwrite else "late") and names(tmp_path) == ["out.mp4"]


def test_what_is_there_before_the_work_begins_ends_it(tmp_path):
    final = tmp_path / "out.mp4"
    final.write_text("old")
    with pytest.raises(UsageError, match="--overwrite"):
        with publish(str(final)):
            pytest.fail("another run has finished between the check and the lock")
    assert final.read_text() == "old" and names(tmp_path) == ["out.mp4"]


def test_an_empty_folder_is_filled_without_overwrite(tmp_path):
    (tmp_path / "out").mkdir()
    with publish(str(tmp_path / "out")) as unfinished:
        open(os.path.join(unfinished, "00000000.png"), "w").close()
    assert names(tmp_path) == ["out"] and names(tmp_path / "out") == ["00000000.png"]


@pytest.mark.parametrize("stood", [[], ["00000007.png"]])
def test_a_link_to_a_folder_stays_and_leads_to_the_result(tmp_path, stood):
    large = tmp_path / "disk" / "large"
    large.mkdir(parents=True)
    for name in stood:
        (large / name).touch()
    (tmp_path / "out").symlink_to(large)
    check_output(str(tmp_path / "out"), "in.mp4", bool(stood))
    with publish(str(tmp_path / "out"), overwrite=bool(stood)) as unfinished:
        assert os.path.dirname(unfinished) == str(large.parent), "on the same disk, or it could not take the name"
        open(os.path.join(unfinished, "00000000.png"), "w").close()
    assert os.readlink(tmp_path / "out") == str(large) and names(large) == ["00000000.png"]
    assert names(tmp_path) == ["disk", "out"] and names(large.parent) == ["large"]


def test_a_link_to_a_video_stays_and_leads_to_the_result(tmp_path):
    (tmp_path / "disk").mkdir()
    (tmp_path / "disk" / "blob").write_text("old")
    (tmp_path / "out.mp4").symlink_to("disk/blob")
    with publish(str(tmp_path / "out.mp4"), overwrite=True) as unfinished:
        assert unfinished.endswith(".mp4"), "the container is told by the name that was given"
        with open(unfinished, "w") as file:
            file.write("new")
    assert (tmp_path / "out.mp4").is_symlink() and (tmp_path / "disk" / "blob").read_text() == "new"
    assert names(tmp_path) == ["disk", "out.mp4"] and names(tmp_path / "disk") == ["blob"]


def test_two_names_of_one_result_are_not_written_at_once(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "out").symlink_to("real")
    with publish(str(tmp_path / "real")):
        with pytest.raises(UsageError, match="another run"):
            with publish(str(tmp_path / "out")):
                pass


def test_missing_parents_are_made(tmp_path):
    with publish(str(tmp_path / "a" / "b" / "out.mkv")):
        pass
    assert (tmp_path / "a" / "b" / "out.mkv").is_file()


def test_a_name_of_the_longest_length_is_possible(tmp_path):
    name = "x" * 251 + ".mp4"
    with publish(str(tmp_path / name)):
        pass
    assert names(tmp_path) == [name]


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG])
def test_a_full_disk_is_told_with_path_and_free_space(tmp_path, code):
    final = tmp_path / "out.mp4"
    with pytest.raises(ResourceError, match=rf"{final}: the disk takes no more \(\d+ bytes free\)") as caught:
        with publish(str(final)):
            raise OSError(code, os.strerror(code))
    assert caught.value.exit_code == 6 and names(tmp_path) == []


@pytest.mark.parametrize("name", ["file/out.mp4", "file/a/out.mp4", "file/a"])
def test_a_parent_that_is_a_file_is_a_usage_error(tmp_path, name):
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match="cannot be written"):
        with publish(str(tmp_path / name)):
            pass


def test_a_folder_that_takes_no_files_is_a_usage_error(tmp_path, monkeypatch):
    def refused(*_, **__):
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    monkeypatch.setattr("pathlib.Path.touch", refused)
    with pytest.raises(UsageError, match="Read-only file system"):
        with publish(str(tmp_path / "out.mp4")):
            pass


def refusal(output, source, overwrite=False):
    with pytest.raises(UsageError) as caught:
        check_output(str(output), str(source), overwrite)
    return str(caught.value)


def test_what_exists_is_kept_without_overwrite(tmp_path):
    source = tmp_path / "in.mp4"
    (tmp_path / "out.mp4").touch()
    assert "--overwrite" in refusal(tmp_path / "out.mp4", source)
    check_output(str(tmp_path / "out.mp4"), str(source), True)
    (tmp_path / "out").mkdir()
    check_output(str(tmp_path / "out"), str(source), False)
    (tmp_path / "out" / "00000000.png").touch()
    assert "--overwrite" in refusal(tmp_path / "out", source)
    check_output(str(tmp_path / "out"), str(source), True)


def test_a_link_that_leads_nowhere_counts_as_existing(tmp_path):
    (tmp_path / "out.mp4").symlink_to(tmp_path / "absent")
    assert "--overwrite" in refusal(tmp_path / "out.mp4", tmp_path / "in.mp4")


def test_the_input_is_never_the_output(tmp_path):
    source = tmp_path / "in.mp4"
    source.touch()
    (tmp_path / "link.mp4").symlink_to(source)
    for output in (source, tmp_path / "." / "in.mp4", tmp_path / "link.mp4"):
        assert "is the input" in refusal(output, source, overwrite=True)
    assert "is the input" in refusal(tmp_path, str(tmp_path) + "/", overwrite=True)


def test_a_folder_with_other_files_is_never_replaced(tmp_path):
    folder = tmp_path / "photos"
    folder.mkdir()
    for name in ("00000000.png", "holiday.png"):
        (folder / name).touch()
    assert "it holds holiday.png" in refusal(folder, tmp_path / "in.mp4", overwrite=True)


def test_file_and_folder_do_not_take_each_others_place(tmp_path):
    (tmp_path / "out").touch()
    assert "needs a folder; there is a file" in refusal(tmp_path / "out", "in.mp4", overwrite=True)
    (tmp_path / "out.mp4").mkdir()
    assert "needs a file; there is a folder" in refusal(tmp_path / "out.mp4", "in.mp4", overwrite=True)


@pytest.mark.parametrize("name", ["out.gif", "out.AVI", "out.png"])
def test_suffixes_that_are_not_written_name_those_that_are(name):
    assert ".mp4, .m4v, .mov, .mkv, .webm" in refusal(name, "in.mp4")


def test_an_empty_name_is_none():
    assert "needs a name" in refusal("", "in.mp4")


def test_a_dot_in_a_folder_name_is_allowed(tmp_path):
    check_output(str(tmp_path / "run-1.5"), "in.mp4", False)
