// Runs an exported network on frames, checks it against its golden arrays, or measures it.
#include <unistd.h>

#include <cstdio>
#include <exception>
#include <new>

#include "arguments.h"
#include "failure.h"
#include "frames.h"
#include "interruption.h"
#include "latency.h"
#include "layout.h"
#include "manifest.h"
#include "network.h"
#include "npz.h"
#include "pipeline.h"
#include "selftest.h"

namespace mindframes {
namespace {

// Keeps standard output for the frames: whatever else is written to it from now on goes to standard error.
int take_standard_output() {
    std::fflush(stdout);
    const int descriptor = dup(STDOUT_FILENO);
    if (descriptor < 0 || dup2(STDERR_FILENO, STDOUT_FILENO) < 0) {
        fail_system(kEnvironment, "standard output", errno);
    }
    return descriptor;
}

std::unique_ptr<FrameSource> open_source(const Arguments& arguments) {
    if (arguments.input_path == "-") {
        return std::make_unique<RawSource>(STDIN_FILENO, arguments.width, arguments.height);
    }
    return std::make_unique<FolderSource>(arguments.input_path);
}

std::unique_ptr<FrameSink> open_sink(const Arguments& arguments) {
    if (arguments.output_path == "-") {
        return std::make_unique<RawSink>(take_standard_output());
    }
    return std::make_unique<FolderSink>(arguments.output_path, arguments.image_format);
}

std::string device_text(const Device& device) {
    return device.target == "CPU" ? text("CPU, ", thread_count(device), " thread(s)")
                                  : text(device.target, " ", device.id);
}

void check(Network* network, const Manifest& manifest, const Arrays& golden, const Arguments& arguments) {
    const double difference = largest_difference(network, manifest, golden);
    std::printf("selftest: max |difference| %.3g, limit %.3g; %s, %s\n", difference, arguments.tolerance,
                runtime_name().c_str(), device_text(arguments.device).c_str());
    if (!(difference <= arguments.tolerance)) {
        fail(kWeights, arguments.mindir_path, ": max |difference| from its golden output is at most ",
             arguments.tolerance, "; got ", difference);
    }
}

void measure(Network* network, const Manifest& manifest, const Arrays& golden, const Arguments& arguments) {
    fill_inputs(network, manifest, golden);
    Latency latency;
    for (std::size_t run = 0; run < kWarmUp + static_cast<std::size_t>(arguments.bench); ++run) {
        check_interrupted();
        latency.time(network);
    }
    std::printf("%s; %s, %s\n", latency.summary().c_str(), runtime_name().c_str(), device_text(arguments.device).c_str());
}

void run(const Arguments& arguments) {
    const Manifest manifest = read_manifest(beside(arguments.mindir_path, ".json"));
    Arrays golden;
    if (arguments.selftest || arguments.bench > 0) {
        golden = read_npz(beside(arguments.mindir_path, ".golden.npz"));
    }
    FrameLayout layout;
    std::unique_ptr<FrameSource> source;
    std::unique_ptr<FrameSink> sink;
    if (!arguments.input_path.empty()) {
        layout = frame_layout(manifest);
        source = open_source(arguments);
        sink = open_sink(arguments);
    }
    const auto network = load_network(arguments.mindir_path, manifest, arguments.device);
    if (arguments.selftest) {
        check(network.get(), manifest, golden, arguments);
    }
    if (arguments.bench > 0) {
        measure(network.get(), manifest, golden, arguments);
    }
    if (source != nullptr) {
        Latency latency;
        const Counts counts = run_frames(network.get(), layout, source.get(), sink.get(), &latency);
        std::printf("%s: %zu frames read, %zu of %dx%d predicted; %s; %s, %s\n", arguments.output_path.c_str(),
                    counts.read, counts.predicted, counts.width, counts.height, latency.summary().c_str(),
                    runtime_name().c_str(), device_text(arguments.device).c_str());
    }
}

int run_command(const std::vector<std::string>& words) {
    try {
        const Arguments arguments = parse_arguments(words);
        if (arguments.help) {
            std::fputs(kUsageText, stdout);
        } else {
            watch_signals();
            run(arguments);
        }
        return 0;
    } catch (const Failure& failure) {
        std::fprintf(stderr, "error: %s\n", failure.what());
        return failure.exit_code();
    } catch (const std::bad_alloc&) {
        std::fputs("error: out of memory\n", stderr);
        return kResource;
    } catch (const std::exception& error) {
        std::fprintf(stderr, "error: %s\n", error.what());
        return 1;
    }
}

}  // namespace
}  // namespace mindframes

int main(int count, char** words) { return mindframes::run_command(std::vector<std::string>(words + 1, words + count)); }
