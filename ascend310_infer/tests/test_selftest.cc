#include "selftest.h"

#include <cmath>

#include "check.h"
#include "clips.h"

using namespace mindframes;

namespace {

const Manifest kManifest = manifest_of(2, {1, 3, 1, 2}, {1, 3, 1, 2});

Arrays golden_arrays() {
    const Shape shape = {1, 3, 1, 2};
    return {{"input_0", {shape, std::vector<float>(6, 0.25F)}},
            {"input_1", {shape, std::vector<float>(6, 0.75F)}},
            {"output_0", {shape, std::vector<float>(6, 0.5F)}}};
}

double difference(const Arrays& golden) {
    MeanNetwork network(kManifest, frame_layout(kManifest));
    return largest_difference(&network, kManifest, golden);
}

}  // namespace

TEST(selftest, the_largest_difference_is_returned) {
    Arrays golden = golden_arrays();
    CHECK_EQUAL(difference(golden), 0.0);
    golden["output_0"].values = {0.5F, 0.5F, 0.75F, 0.25F, 0.625F, 0.5F};
    CHECK_EQUAL(difference(golden), 0.25);
}

TEST(selftest, a_value_that_is_no_number_is_infinitely_wrong) {
    Arrays golden = golden_arrays();
    golden["input_1"].values[0] = std::nanf("");
    CHECK(std::isinf(difference(golden)));
}

TEST(selftest, golden_arrays_that_do_not_fit_are_refused) {
    Arrays golden = golden_arrays();
    golden["input_1"].shape = {1, 3, 2, 1};
    CHECK_FAILS(kWeights, "input_1 is 1x3x1x2 by the manifest; got 1x3x2x1", difference(golden));
    golden.erase("input_1");
    CHECK_FAILS(kWeights, "no input_1", difference(golden));
    golden = golden_arrays();
    golden.erase("output_0");
    CHECK_FAILS(kWeights, "no output_0", difference(golden));
}
