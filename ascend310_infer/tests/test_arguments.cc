#include "arguments.h"
#include "check.h"

using namespace mindframes;

TEST(arguments, flags_are_read_in_both_spellings) {
    const Arguments got = parse_arguments({"--mindir_path", "a.mindir", "--input_path=-", "--output_path", "-", "--size",
                                           "448x256", "--device_target=CPU", "--device_id", "3", "--threads=2"});
    CHECK_EQUAL(got.mindir_path, "a.mindir");
    CHECK_EQUAL(got.input_path, "-");
    CHECK_EQUAL(got.output_path, "-");
    CHECK_EQUAL(got.width, 448);
    CHECK_EQUAL(got.height, 256);
    CHECK_EQUAL(got.device.target, "CPU");
    CHECK_EQUAL(got.device.id, 3);
    CHECK_EQUAL(got.device.threads, 2);
}

TEST(arguments, the_device_is_an_ascend_310_unless_told) {
    const Arguments got = parse_arguments({"--mindir_path", "a", "--selftest", "--bench", "20", "--tolerance", "1e-3"});
    CHECK_EQUAL(got.device.target, "Ascend310");
    CHECK_EQUAL(got.tolerance, 1e-3);
    CHECK_EQUAL(got.bench, 20);
    CHECK(got.selftest);
}

TEST(arguments, help_needs_nothing_else) { CHECK(parse_arguments({"--help"}).help); }

TEST(arguments, what_cannot_be_meant_is_refused_in_one_line) {
    CHECK_FAILS(kUsage, "--mindir_path is missing", parse_arguments({}));
    CHECK_FAILS(kUsage, "nothing to do", parse_arguments({"--mindir_path", "a"}));
    CHECK_FAILS(kUsage, "unknown argument 'b'", parse_arguments({"--mindir_path", "a", "b"}));
    CHECK_FAILS(kUsage, "unknown argument '--mindir'", parse_arguments({"--mindir", "a"}));
    CHECK_FAILS(kUsage, "needs a value", parse_arguments({"--mindir_path"}));
    CHECK_FAILS(kUsage, "there twice", parse_arguments({"--mindir_path", "a", "--mindir_path", "b"}));
    CHECK_FAILS(kUsage, "takes no value", parse_arguments({"--mindir_path", "a", "--selftest=1"}));
    CHECK_FAILS(kUsage, "got '-1'", parse_arguments({"--mindir_path", "a", "--selftest", "--device_id", "-1"}));
    CHECK_FAILS(kUsage, "got '2x'", parse_arguments({"--mindir_path", "a", "--bench", "2x"}));
    CHECK_FAILS(kUsage, "from 1", parse_arguments({"--mindir_path", "a", "--bench", "0"}));
    CHECK_FAILS(kUsage, "Ascend, Ascend310, CPU", parse_arguments({"--mindir_path", "a", "--device_target", "GPU"}));
    CHECK_FAILS(kUsage, "--output_path is missing", parse_arguments({"--mindir_path", "a", "--input_path", "b"}));
    CHECK_FAILS(kUsage, "WIDTHxHEIGHT",
                parse_arguments({"--mindir_path", "a", "--input_path", "-", "--output_path", "b", "--size", "448"}));
    CHECK_FAILS(kUsage, "them without it",
                parse_arguments({"--mindir_path", "a", "--input_path", "-", "--output_path", "b"}));
    CHECK_FAILS(kUsage, "it without them",
                parse_arguments({"--mindir_path", "a", "--input_path", "b", "--output_path", "c", "--size", "4x4"}));
    CHECK_FAILS(kUsage, "standard output for itself",
                parse_arguments({"--mindir_path", "a", "--input_path", "b", "--output_path", "-", "--selftest"}));
    CHECK_FAILS(kUsage, "--tolerance belongs", parse_arguments({"--mindir_path", "a", "--bench", "1", "--tolerance=1"}));
    CHECK_FAILS(kUsage, "got 'nan'", parse_arguments({"--mindir_path", "a", "--selftest", "--tolerance", "nan"}));
}
