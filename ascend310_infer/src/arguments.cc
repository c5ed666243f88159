#include "arguments.h"

#include <cmath>
#include <cstdlib>
#include <functional>
#include <map>
#include <set>

#include "failure.h"
#include "images.h"
#include "picture.h"

namespace mindframes {

const char* const kUsageText =
    "usage: infer --mindir_path X.mindir [--device_target Ascend310|Ascend|CPU] [--device_id N] [--threads N]\n"
    "             [--input_path FOLDER|- --output_path FOLDER|- [--size WxH] [--image_format png|ppm]]\n"
    "             [--selftest [--tolerance T]] [--bench RUNS]\n"
    "X.json, the manifest, lies beside X.mindir; so does X.golden.npz, which --selftest and --bench read.\n"
    "A folder holds PNG or PPM images; - is raw RGB, 3 bytes a pixel, of --size, as ffmpeg's -f rawvideo -pix_fmt rgb24.\n"
    "Exit codes: 0 done, 2 usage, 3 bad input, 4 a bad export, 5 environment or device, 6 out of memory or disk.\n";

namespace {

int read_whole(const std::string& flag, const std::string& value, int low, int high) {
    char* end = nullptr;
    const long number = std::strtol(value.c_str(), &end, 10);
    const bool is_plain = !value.empty() && value.find_first_not_of("0123456789") == std::string::npos;
    if (!is_plain || *end != '\0' || value.size() > 9 || number < low || number > high) {
        fail(kUsage, flag, " is a whole number from ", low, " to ", high, "; got '", value, "'");
    }
    return static_cast<int>(number);
}

std::string read_choice(const std::string& flag, const std::string& value, const std::set<std::string>& choices) {
    if (choices.count(value) == 0) {
        std::string names;
        for (const std::string& choice : choices) {
            names += (names.empty() ? "" : ", ") + choice;
        }
        fail(kUsage, flag, " is one of ", names, "; got '", value, "'");
    }
    return value;
}

void read_size(const std::string& value, Arguments* arguments) {
    const std::size_t times = value.find('x');
    if (times == std::string::npos) {
        fail(kUsage, "--size is WIDTHxHEIGHT, as in 1280x720; got '", value, "'");
    }
    arguments->width = read_whole("the width of --size", value.substr(0, times), 1, kLargestSide);
    arguments->height = read_whole("the height of --size", value.substr(times + 1), 1, kLargestSide);
    if (!is_sane_size(arguments->width, arguments->height)) {
        fail(kUsage, "--size is up to ", kMostPixels, " pixels; got '", value, "'");
    }
}

double read_tolerance(const std::string& value) {
    char* end = nullptr;
    const double tolerance = std::strtod(value.c_str(), &end);
    if (value.empty() || *end != '\0' || !(tolerance >= 0) || std::isinf(tolerance)) {
        fail(kUsage, "--tolerance is a number from 0; got '", value, "'");
    }
    return tolerance;
}

// Returns what reads the value of each flag that has one.
std::map<std::string, std::function<void(const std::string&)>> value_readers(Arguments* arguments) {
    return {
        {"--mindir_path", [=](const std::string& value) { arguments->mindir_path = value; }},
        {"--input_path", [=](const std::string& value) { arguments->input_path = value; }},
        {"--output_path", [=](const std::string& value) { arguments->output_path = value; }},
        {"--size", [=](const std::string& value) { read_size(value, arguments); }},
        {"--image_format",
         [=](const std::string& value) {
             arguments->image_format = read_choice("--image_format", value, {"png", "ppm"});
         }},
        {"--device_target",
         [=](const std::string& value) {
             arguments->device.target = read_choice("--device_target", value, {"Ascend310", "Ascend", "CPU"});
         }},
        {"--device_id",
         [=](const std::string& value) { arguments->device.id = read_whole("--device_id", value, 0, 1023); }},
        {"--threads",
         [=](const std::string& value) { arguments->device.threads = read_whole("--threads", value, 1, 1024); }},
        {"--tolerance", [=](const std::string& value) { arguments->tolerance = read_tolerance(value); }},
        {"--bench", [=](const std::string& value) { arguments->bench = read_whole("--bench", value, 1, 1000000); }},
    };
}

void check_combination(const Arguments& arguments, const std::set<std::string>& given) {
    if (arguments.mindir_path.empty()) {
        fail(kUsage, "--mindir_path is missing: the file that export.py wrote; --help tells more");
    }
    const bool has_input = !arguments.input_path.empty(), has_output = !arguments.output_path.empty();
    if (has_input != has_output) {
        fail(kUsage, "--input_path and --output_path belong together; ", has_input ? "--output_path" : "--input_path",
             " is missing");
    }
    if (!has_input && !arguments.selftest && arguments.bench == 0) {
        fail(kUsage, "nothing to do: give --input_path and --output_path, --selftest or --bench");
    }
    if ((arguments.input_path == "-") != (given.count("--size") == 1)) {
        fail(kUsage, "--size belongs to raw frames, --input_path -; got ",
             given.count("--size") == 1 ? "it without them" : "them without it");
    }
    if (arguments.output_path == "-" && (arguments.selftest || arguments.bench > 0)) {
        fail(kUsage, "--output_path - has standard output for itself; run --selftest and --bench without it");
    }
    if (given.count("--image_format") == 1 && (!has_output || arguments.output_path == "-")) {
        fail(kUsage, "--image_format belongs to a folder as --output_path");
    }
    if (given.count("--tolerance") == 1 && !arguments.selftest) {
        fail(kUsage, "--tolerance belongs to --selftest");
    }
}

}  // namespace

Arguments parse_arguments(const std::vector<std::string>& words) {
    Arguments arguments;
    arguments.image_format = has_png() ? "png" : "ppm";
    const auto readers = value_readers(&arguments);
    std::set<std::string> given;
    for (std::size_t index = 0; index < words.size(); ++index) {
        const std::size_t equals = words[index].find('=');
        const std::string flag = words[index].substr(0, equals);
        const bool is_help = flag == "--help" || flag == "-h", is_selftest = flag == "--selftest";
        const auto reader = readers.find(flag);
        if (reader == readers.end() && !is_help && !is_selftest) {
            fail(kUsage, "unknown argument '", words[index], "'; --help tells which there are");
        }
        if (!given.insert(flag).second) {
            fail(kUsage, flag, " is there twice");
        }
        arguments.help = arguments.help || is_help;
        arguments.selftest = arguments.selftest || is_selftest;
        if (reader == readers.end()) {
            if (equals != std::string::npos) {
                fail(kUsage, flag, " takes no value");
            }
            continue;
        }
        if (equals == std::string::npos && index + 1 == words.size()) {
            fail(kUsage, flag, " needs a value");
        }
        reader->second(equals == std::string::npos ? words[++index] : words[index].substr(equals + 1));
    }
    if (!arguments.help) {
        check_combination(arguments, given);
    }
    return arguments;
}

}  // namespace mindframes
