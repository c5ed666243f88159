#include "latency.h"

#include <algorithm>
#include <cstdio>
#include <numeric>

namespace mindframes {

std::string Latency::summary() const {
    if (milliseconds_.empty()) {
        return "latency: no predictions";
    }
    const std::size_t warm_up = milliseconds_.size() > kWarmUp ? kWarmUp : 0;
    std::vector<double> times(milliseconds_.begin() + static_cast<std::ptrdiff_t>(warm_up), milliseconds_.end());
    std::sort(times.begin(), times.end());
    const std::size_t count = times.size();
    const double mean = std::accumulate(times.begin(), times.end(), 0.0) / static_cast<double>(count);
    const double median = (times[(count - 1) / 2] + times[count / 2]) / 2;
    char line[160];
    std::snprintf(line, sizeof line, "latency: mean %.2f ms, median %.2f ms, fastest %.2f ms over %zu runs after %zu of warm-up",
                  mean, median, times.front(), count, warm_up);
    return line;
}

}  // namespace mindframes
