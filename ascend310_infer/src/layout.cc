#include "layout.h"

#include "failure.h"

namespace mindframes {
namespace {

// Appends the places of the frames in a tensor of (1, 3, height, width) or (1, N, 3, height, width); false for another.
bool append_slots(const Shape& shape, std::size_t tensor, std::int64_t height, std::int64_t width,
                  std::vector<Slot>* slots) {
    const std::size_t rank = shape.size();
    if ((rank != 4 && rank != 5) || shape[0] != 1 || shape[rank - 3] != 3 || shape[rank - 2] != height ||
        shape[rank - 1] != width) {
        return false;
    }
    const std::size_t count = rank == 5 ? static_cast<std::size_t>(shape[1]) : 1;
    for (std::size_t index = 0; index < count; ++index) {
        slots->push_back({tensor, index * static_cast<std::size_t>(3 * height * width)});
    }
    return true;
}

}  // namespace

FrameLayout frame_layout(const Manifest& manifest) {
    const Shape& first = manifest.inputs.front().shape;
    FrameLayout layout;
    layout.scale = manifest.scale;
    const std::int64_t height = first.size() < 4 ? 0 : first[first.size() - 2];
    const std::int64_t width = first.size() < 4 ? 0 : first.back();
    for (std::size_t index = 0; index < manifest.inputs.size(); ++index) {
        const TensorFacts& input = manifest.inputs[index];
        if (element_count(input.shape) == 1) {
            layout.times.push_back(index);
        } else if (!append_slots(input.shape, index, height, width, &layout.frames)) {
            fail(kUsage, manifest.path, ": frames are run one window at a time, as inputs of 1x3x", height, "x", width,
                 "; got ", shape_text(input.shape), " for ", input.name);
        }
    }
    for (std::size_t index = 0; index < manifest.outputs.size(); ++index) {
        const TensorFacts& output = manifest.outputs[index];
        if (!append_slots(output.shape, index, height * layout.scale, width * layout.scale, &layout.predictions)) {
            fail(kUsage, manifest.path, ": ", manifest.model, " does not predict frames of 1x3x", height * layout.scale,
                 "x", width * layout.scale, "; it returns ", shape_text(output.shape));
        }
    }
    if (layout.frames.size() != static_cast<std::size_t>(manifest.frames)) {
        fail(kWeights, manifest.path, ": says ", manifest.frames, " frames; its inputs hold ", layout.frames.size());
    }
    const bool fits = layout.is_interpolation() ? layout.scale == 1 : layout.predictions.size() == 1;
    if (!fits) {
        fail(kUsage, manifest.path, ": an even number of frames is interpolated at their size, an odd one enlarged to one; ",
             "got ", manifest.frames, " frames, ", layout.predictions.size(), " predicted, scale ", layout.scale);
    }
    layout.height = static_cast<int>(height);
    layout.width = static_cast<int>(width);
    return layout;
}

}  // namespace mindframes
