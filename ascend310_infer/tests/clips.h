// Sources, sinks and networks of the tests: in memory, small, with results known beforehand.
#pragma once

#include <algorithm>
#include <vector>

#include "frames.h"
#include "layout.h"
#include "network.h"

namespace mindframes {

// A picture of one level.
inline Picture plain(int width, int height, int level) {
    Picture picture(width, height);
    picture.pixels.assign(picture.pixels.size(), static_cast<std::uint8_t>(level));
    return picture;
}

// Frames of the levels 0, 10, 20, ...
class CountingSource : public FrameSource {
public:
    CountingSource(int count, int width, int height) : count_(count), width_(width), height_(height) {}
    bool read(Picture* frame) override {
        *frame = plain(width_, height_, 10 * next_);
        return next_++ < count_;
    }

private:
    int count_, width_, height_, next_ = 0;
};

class KeepingSink : public FrameSink {
public:
    void write(const Picture& frame) override { frames.push_back(frame); }
    void finish() override { is_finished = true; }

    std::vector<int> levels() const {
        std::vector<int> levels;
        for (const Picture& frame : frames) {
            levels.push_back(frame.pixels.at(0));
        }
        return levels;
    }

    std::vector<Picture> frames;
    bool is_finished = false;
};

// Keeps what it was given; a predicted frame is the mean of the first values of all frames, one level more than the
// predicted frame before it.
class MeanNetwork : public Network {
public:
    MeanNetwork(const Manifest& manifest, const FrameLayout& layout) : layout_(layout) {
        for (const TensorFacts& each : manifest.inputs) {
            inputs.emplace_back(element_count(each.shape));
        }
        for (const TensorFacts& each : manifest.outputs) {
            outputs.emplace_back(element_count(each.shape));
        }
    }
    float* input(std::size_t index) override { return inputs.at(index).data(); }
    const float* output(std::size_t index) const override { return outputs.at(index).data(); }
    void predict() override {
        float mean = 0;
        for (const Slot& slot : layout_.frames) {
            mean += inputs[slot.tensor][slot.offset] / static_cast<float>(layout_.frames.size());
        }
        for (std::size_t index = 0; index < layout_.predictions.size(); ++index) {
            const Slot& slot = layout_.predictions[index];
            const std::size_t size = std::size_t{3} * layout_.height * layout_.width * layout_.scale * layout_.scale;
            const auto start = outputs[slot.tensor].begin() + static_cast<std::ptrdiff_t>(slot.offset);
            std::fill(start, start + static_cast<std::ptrdiff_t>(size), mean + static_cast<float>(index) / 255.0F);
        }
    }

    std::vector<std::vector<float>> inputs;
    std::vector<std::vector<float>> outputs;

private:
    FrameLayout layout_;
};

// The manifest of a network of `frames` inputs and one output tensor.
inline Manifest manifest_of(int frames, Shape input, Shape output, int scale = 1) {
    Manifest manifest;
    manifest.path = "x.json";
    manifest.model = "mean";
    manifest.scale = scale;
    manifest.frames = frames;
    manifest.inputs.assign(static_cast<std::size_t>(frames), {"frame", input});
    manifest.outputs = {{"frame", output}};
    return manifest;
}

}  // namespace mindframes
