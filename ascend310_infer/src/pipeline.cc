#include "pipeline.h"

#include "failure.h"
#include "interruption.h"
#include "planes.h"
#include "windows.h"

namespace mindframes {
namespace {

constexpr float kMiddle = 0.5F;

void check_size(const Picture& frame, const FrameLayout& layout) {
    if (frame.width > layout.width || frame.height > layout.height) {
        fail(kInput, "the network was exported for frames up to ", layout.width, "x", layout.height, "; got ",
             frame.width, "x", frame.height);
    }
}

void predict_window(Network* network, const FrameLayout& layout, const Windows& windows, Latency* latency) {
    for (std::size_t index = 0; index < layout.frames.size(); ++index) {
        const Slot& slot = layout.frames[index];
        to_planes(windows.frame(static_cast<int>(index)), layout.height, layout.width,
                  network->input(slot.tensor) + slot.offset);
    }
    for (const std::size_t time : layout.times) {
        *network->input(time) = kMiddle;
    }
    latency->time(network);
}

}  // namespace

Counts run_frames(Network* network, const FrameLayout& layout, FrameSource* source, FrameSink* sink, Latency* latency) {
    Counts counts;
    Windows windows(source, static_cast<int>(layout.frames.size()));
    while (windows.next()) {
        check_interrupted();
        const Picture& frame = windows.center();
        check_size(frame, layout);
        counts.width = frame.width * layout.scale;
        counts.height = frame.height * layout.scale;
        if (layout.is_interpolation()) {
            sink->write(frame);
        }
        predict_window(network, layout, windows, latency);
        for (const Slot& slot : layout.predictions) {
            sink->write(to_picture(network->output(slot.tensor) + slot.offset, layout.height * layout.scale,
                                   layout.width * layout.scale, counts.height, counts.width));
            ++counts.predicted;
        }
    }
    counts.read = static_cast<std::size_t>(windows.count());
    const std::size_t needed = layout.is_interpolation() ? 2 : 1;
    if (counts.read < needed) {
        fail(kInput, "needs at least ", needed, " frame(s); got ", counts.read);
    }
    if (layout.is_interpolation()) {
        sink->write(windows.center());
    }
    sink->finish();
    return counts;
}

}  // namespace mindframes
