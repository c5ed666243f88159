// How long predictions take.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "network.h"

namespace mindframes {

constexpr std::size_t kWarmUp = 3;  // predictions that are not counted: they still take memory and fill caches

class Latency {
public:
    // Runs a prediction and notes its milliseconds.
    void time(Network* network) {
        const auto start = std::chrono::steady_clock::now();
        network->predict();
        add(std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count());
    }

    void add(double milliseconds) { milliseconds_.push_back(milliseconds); }

    // One line: mean, median and fastest of those after the warm-up, or of all when there are no more.
    std::string summary() const;

private:
    std::vector<double> milliseconds_;
};

}  // namespace mindframes
