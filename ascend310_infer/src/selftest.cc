#include "selftest.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "failure.h"

namespace mindframes {
namespace {

const Array& golden_array(const Arrays& golden, const std::string& name, const Shape& shape) {
    const auto found = golden.find(name);
    if (found == golden.end()) {
        fail(kWeights, "the golden arrays have no ", name);
    }
    if (found->second.shape != shape) {
        fail(kWeights, "the golden ", name, " is ", shape_text(shape), " by the manifest; got ",
             shape_text(found->second.shape));
    }
    return found->second;
}

}  // namespace

void fill_inputs(Network* network, const Manifest& manifest, const Arrays& golden) {
    for (std::size_t index = 0; index < manifest.inputs.size(); ++index) {
        const Array& array = golden_array(golden, text("input_", index), manifest.inputs[index].shape);
        std::copy(array.values.begin(), array.values.end(), network->input(index));
    }
}

double largest_difference(Network* network, const Manifest& manifest, const Arrays& golden) {
    fill_inputs(network, manifest, golden);
    network->predict();
    double largest = 0;
    for (std::size_t index = 0; index < manifest.outputs.size(); ++index) {
        const Array& array = golden_array(golden, text("output_", index), manifest.outputs[index].shape);
        const float* values = network->output(index);
        for (std::size_t place = 0; place < array.values.size(); ++place) {
            const double difference = std::fabs(static_cast<double>(values[place]) - array.values[place]);
            largest = std::max(largest, std::isnan(difference) ? std::numeric_limits<double>::infinity() : difference);
        }
    }
    return largest;
}

}  // namespace mindframes
