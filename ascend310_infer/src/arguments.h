// The command line.
#pragma once

#include <string>
#include <vector>

#include "network.h"

namespace mindframes {

extern const char* const kUsageText;

struct Arguments {
    bool help = false;
    std::string mindir_path;
    std::string input_path;   // a folder, or "-" for raw RGB on standard input
    std::string output_path;  // a folder, or "-" for raw RGB on standard output
    int width = 0;            // of raw frames
    int height = 0;
    std::string image_format = "png";
    Device device{"Ascend310"};
    bool selftest = false;
    double tolerance = 1e-4;
    int bench = 0;  // how many predictions are timed
};

// Flags are `--name value` or `--name=value`. Throws a Failure (kUsage) for what is unknown, missing, twice there or out
// of range, and for combinations that cannot be meant.
Arguments parse_arguments(const std::vector<std::string>& words);

}  // namespace mindframes
