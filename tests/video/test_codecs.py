import av
import pytest

from src.errors import EnvironmentFault, UsageError
from src.video import codecs
from src.video.codecs import CODECS, CONTAINERS, Codec, Coding, Encoder, check_coding, choose_encoder
from src.video.publish import VIDEO_FORMATS

SIZE = (144, 128)
MISSING = Codec((Encoder("libmissing"),), (0, 51))


@pytest.fixture
def without(monkeypatch):
    def remove(*names):
        for name in names:
            monkeypatch.setitem(codecs.CODECS, name, MISSING)

    return remove


@pytest.mark.parametrize("container", CONTAINERS)
def test_the_muxer_takes_every_codec_of_the_table(container, tmp_path):
    """As libavformat says itself, by the encoders of this build."""
    suffix = next(suffix for suffix, name in VIDEO_FORMATS.items() if name == container)
    with av.open(str(tmp_path / f"any{suffix}"), "w", format=container) as output:
        for name in CONTAINERS[container]:
            for encoder in CODECS[name].encoders:
                if encoder.bits():
                    assert av.codec.Codec(encoder.name, "w").canonical_name in output.supported_codecs


@pytest.mark.parametrize(
    ("coding", "path", "told"),
    [
        (Coding("h264"), "out.webm", "codec h264 goes into .mp4, .m4v, .mov, .mkv; got out.webm, which takes vp9, av1"),
        (Coding("prores"), "out.mp4", "codec prores goes into .mov, .mkv; got out.mp4, which takes h264, h265"),
        (Coding("ffv1", "3"), "out.mkv", "codec ffv1 is lossless and takes no quality; got '3'"),
        (Coding("h264", "52"), "out.mp4", "quality of h264 is auto, or a number from 0, the best, to 51; got '52'"),
        (Coding("auto", "64"), "out.webm", "quality of vp9 is auto, or a number from 0, the best, to 63; got '64'"),
        (Coding("av1", "0"), "out.mkv", "from 1, the best, to 63; got '0'"),
        (Coding("prores", "32"), "out.mov", "from 1, the best, to 31; got '32'"),
        (Coding("h264", "-1"), "out.mp4", "got '-1'"),
        (Coding("h264", "good"), "out.mp4", "got 'good'"),
        (Coding("mpeg4", depth="10"), "out.mp4", "codec mpeg4 holds 8 bits; got depth 10, which goes with h264, h265"),
        (Coding("prores", depth="8"), "out.mov", "codec prores holds 10 bits; got depth 8, which goes with h264"),
        (Coding("h264"), "frames", "codec and quality are for .mp4, .m4v, .mov, .mkv, .webm; got the folder frames"),
        (Coding(quality="16"), "frames", "got the folder frames"),
    ],
)
def test_what_cannot_be_is_refused_with_what_would_go(coding, path, told):
    with pytest.raises(UsageError) as caught:
        check_coding(coding, path)
    assert told in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize("container", CONTAINERS)
def test_whatever_the_table_says_is_accepted_at_both_ends_of_its_quality(container):
    suffix = next(suffix for suffix, name in VIDEO_FORMATS.items() if name == container)
    for name in CONTAINERS[container]:
        for number in CODECS[name].qualities or ("auto",):
            check_coding(Coding(name, str(number)), f"out{suffix}")


def test_deep_frames_go_to_what_holds_them(without):
    assert choose_encoder("mp4", Coding(), 8, SIZE)[0] == "h264"
    codec, encoder, bits = choose_encoder("mp4", Coding(), 16, SIZE)
    assert (codec, encoder.name, bits) == ("h264", "libx264", 10)
    codec, encoder, bits = choose_encoder("webm", Coding(), 16, SIZE)
    assert bits == 10, "vp9 where libvpx is built for it, else av1"
    assert choose_encoder("mov", Coding("prores"), 8, SIZE)[2] == 10, "which has no 8"
    without("h264")
    assert choose_encoder("mp4", Coding(), 16, SIZE)[1:] == (CODECS["mpeg4"].encoders[0], 8)


def test_a_missing_encoder_is_a_fault_of_the_environment_that_offers_those_there_are(without):
    without("h265")
    with pytest.raises(
        EnvironmentFault, match="libmissing for mp4; .*has none; --codec h264 or av1 .*would go"
    ) as caught:
        choose_encoder("mp4", Coding("h265"), 8, SIZE)
    assert "mpeg4" in str(caught.value)
    with pytest.raises(EnvironmentFault) as caught:
        choose_encoder("mp4", Coding("h265"), 16, SIZE)
    assert "mpeg4" not in str(caught.value), "which would lose the depth"
    without("vp9", "av1")
    with pytest.raises(EnvironmentFault, match="libmissing, libmissing for webm; the installed FFmpeg has none$"):
        choose_encoder("webm", Coding(), 8, SIZE)


def test_a_quality_is_no_number_of_another_scale(without):
    without("h264")
    assert choose_encoder("mp4", Coding(), 8, SIZE)[0] == "mpeg4"
    with pytest.raises(EnvironmentFault, match="needs one of the encoders libmissing for mp4; .* --codec h265 or"):
        choose_encoder("mp4", Coding(quality="16"), 8, SIZE)
    without("vp9")
    assert choose_encoder("webm", Coding(quality="16"), 8, SIZE)[0] == "av1"


def test_ten_bits_that_were_asked_for_are_not_given_up(without):
    without("h264")
    with pytest.raises(EnvironmentFault, match="depth 10 needs an encoder of 10 bits; mpeg4 .* has 8; --codec h265 or"):
        choose_encoder("mp4", Coding(depth="10"), 16, SIZE)


@pytest.mark.parametrize("size", [(126, 128), (129, 128), (1, 1)])
def test_sizes_that_would_end_the_process_inside_an_encoder_are_refused(size):
    if not CODECS["h265"].encoders[0].bits():
        pytest.skip("this build has no libx265")
    with pytest.raises(
        UsageError, match=f"h265 needs even sides from 128 pixels on; .*{size[0]}x{size[1]}; --codec h264"
    ):
        choose_encoder("mp4", Coding("h265"), 8, size)
