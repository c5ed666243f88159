// Backward warping with bilinear sampling: frame (B, C, H, W), flow (B, 2, H, W) in pixels -> (B, C, H, W).
#include <algorithm>
#include <cmath>
#include <vector>

#include "operator.h"

namespace {
enum class Outside { kEdge, kZero };

struct Sizes {
  int64_t batch, channels, height, width;
};

// Along one axis: the two neighbours of each position, the share of the second, and how that follows the flow.
// A neighbour that does not exist counts nothing, and stands at a place that does.
struct Axis {
  int32_t first, second;
  float first_share, second_share, first_slope, second_slope;
};

Axis Along(float position, int64_t length, Outside outside) {
  const float lowest = outside == Outside::kEdge ? 0.0F : -1.0F;
  const float highest = static_cast<float>(outside == Outside::kEdge ? length - 1 : length);
  const bool follows = position >= lowest && position <= highest;
  // not a number stays that in the shares, but is no place
  const float limited = position < lowest ? lowest : (position > highest ? highest : position);
  const float floor = std::floor(limited == limited ? limited : 0.0F);
  const auto first = static_cast<int32_t>(floor), second = first + 1, last = static_cast<int32_t>(length - 1);
  const float share = limited - floor;
  Axis axis{std::clamp(first, 0, last), std::clamp(second, 0, last), 1.0F - share, share, follows ? -1.0F : 0.0F,
            follows ? 1.0F : 0.0F};
  if (outside == Outside::kZero && (first < 0 || first > last)) axis.first_share = axis.first_slope = 0.0F * share;
  if (outside == Outside::kZero && (second < 0 || second > last)) axis.second_share = axis.second_slope = 0.0F * share;
  return axis;
}

// One row of positions, by neighbour: where it stands in a map, what it counts, and how that follows either flow.
struct Taps {
  explicit Taps(int64_t columns)
      : place(4, std::vector<int32_t>(columns)),
        share(4, std::vector<float>(columns)),
        by_x(4, std::vector<float>(columns)),
        by_y(4, std::vector<float>(columns)) {}

  std::vector<std::vector<int32_t>> place;
  std::vector<std::vector<float>> share, by_x, by_y;

  void Read(const float *flow, const Sizes &sizes, int64_t sample, int64_t row, Outside outside) {
    const float *flow_x = flow + ((2 * sample) * sizes.height + row) * sizes.width;
    const float *flow_y = flow_x + sizes.height * sizes.width;
    for (int64_t column = 0; column < sizes.width; ++column) {
      const auto x = Along(static_cast<float>(column) + flow_x[column], sizes.width, outside);
      const auto y = Along(static_cast<float>(row) + flow_y[column], sizes.height, outside);
      const auto width = static_cast<int32_t>(sizes.width);
      const int32_t places[] = {y.first * width + x.first, y.first * width + x.second, y.second * width + x.first,
                                y.second * width + x.second};
      const float shares_x[] = {x.first_share, x.second_share}, shares_y[] = {y.first_share, y.second_share};
      const float slopes_x[] = {x.first_slope, x.second_slope}, slopes_y[] = {y.first_slope, y.second_slope};
      for (int tap = 0; tap < 4; ++tap) {
        place[tap][column] = places[tap];
        share[tap][column] = shares_y[tap / 2] * shares_x[tap % 2];
        by_x[tap][column] = shares_y[tap / 2] * slopes_x[tap % 2];
        by_y[tap][column] = slopes_y[tap / 2] * shares_x[tap % 2];
      }
    }
  }
};

// Calls work(sample, row, taps) for every row of the flow, on all threads.
template <typename Work>
void ForEachRow(const float *flow, const Sizes &sizes, Outside outside, const Work &work) {
#pragma omp parallel
  {
    Taps taps(sizes.width);
#pragma omp for collapse(2)
    for (int64_t sample = 0; sample < sizes.batch; ++sample) {
      for (int64_t row = 0; row < sizes.height; ++row) {
        taps.Read(flow, sizes, sample, row, outside);
        work(sample, row, taps);
      }
    }
  }
}

void Warp(const float *frame, const float *flow, float *out, const Sizes &sizes, Outside outside) {
  ForEachRow(flow, sizes, outside, [&](int64_t sample, int64_t row, const Taps &taps) {
    const int32_t *p0 = taps.place[0].data(), *p1 = taps.place[1].data();
    const int32_t *p2 = taps.place[2].data(), *p3 = taps.place[3].data();
    const float *s0 = taps.share[0].data(), *s1 = taps.share[1].data();
    const float *s2 = taps.share[2].data(), *s3 = taps.share[3].data();
    for (int64_t channel = 0; channel < sizes.channels; ++channel) {
      const int64_t map = sample * sizes.channels + channel;
      const float *from = frame + map * sizes.height * sizes.width;
      float *to = out + (map * sizes.height + row) * sizes.width;
      for (int64_t i = 0; i < sizes.width; ++i) {
        to[i] = s0[i] * from[p0[i]] + s1[i] * from[p1[i]] + s2[i] * from[p2[i]] + s3[i] * from[p3[i]];
      }
    }
  });
}

void ByFlow(const float *gradient, const float *frame, const float *flow, float *by_flow, const Sizes &sizes,
            Outside outside) {
  ForEachRow(flow, sizes, outside, [&](int64_t sample, int64_t row, const Taps &taps) {
    float *by_x = by_flow + ((2 * sample) * sizes.height + row) * sizes.width;
    float *by_y = by_x + sizes.height * sizes.width;
    std::fill(by_x, by_x + sizes.width, 0.0F);
    std::fill(by_y, by_y + sizes.width, 0.0F);
    for (int64_t channel = 0; channel < sizes.channels; ++channel) {
      const int64_t map = sample * sizes.channels + channel;
      const float *from = frame + map * sizes.height * sizes.width;
      const float *rate = gradient + (map * sizes.height + row) * sizes.width;
      for (int tap = 0; tap < 4; ++tap) {
        const int32_t *place = taps.place[tap].data();
        const float *slope_x = taps.by_x[tap].data(), *slope_y = taps.by_y[tap].data();
        for (int64_t i = 0; i < sizes.width; ++i) {
          const float part = rate[i] * from[place[i]];
          by_x[i] += slope_x[i] * part;
          by_y[i] += slope_y[i] * part;
        }
      }
    }
  });
}

// Each map is one thread's, which adds in the order of the rows: every run gives the same.
void ByFrame(const float *gradient, const float *flow, float *by_frame, const Sizes &sizes, Outside outside) {
  constexpr int64_t kTogether = 8;  // channels, which share the search for neighbours
  const int64_t map_size = sizes.height * sizes.width;
#pragma omp parallel
  {
    Taps taps(sizes.width);
#pragma omp for collapse(2)
    for (int64_t sample = 0; sample < sizes.batch; ++sample) {
      for (int64_t channel = 0; channel < sizes.channels; channel += kTogether) {
        const int64_t first = sample * sizes.channels + channel;
        const int64_t last = sample * sizes.channels + std::min(channel + kTogether, sizes.channels);
        std::fill(by_frame + first * map_size, by_frame + last * map_size, 0.0F);
        for (int64_t row = 0; row < sizes.height; ++row) {
          taps.Read(flow, sizes, sample, row, outside);
          for (int64_t map = first; map < last; ++map) {
            const float *rate = gradient + (map * sizes.height + row) * sizes.width;
            float *to = by_frame + map * map_size;
            for (int tap = 0; tap < 4; ++tap) {
              const int32_t *place = taps.place[tap].data();
              const float *share = taps.share[tap].data();
              for (int64_t i = 0; i < sizes.width; ++i) to[place[i]] += rate[i] * share[i];
            }
          }
        }
      }
    }
  }
}

Sizes Measure(const int64_t *frame) { return {frame[0], frame[1], frame[2], frame[3]}; }

bool AreFrameAndFlow(const int64_t *frame, const int64_t *flow) {
  return frame[0] == flow[0] && flow[1] == 2 && frame[2] == flow[2] && frame[3] == flow[3];
}

int RunWarp(int count, void **data, int64_t **shapes, const char **types, Outside outside) {
  if (!AreFloats(count, types)) return kUnexpectedType;
  if (!AreFrameAndFlow(shapes[0], shapes[1])) return kUnexpectedShape;
  Warp(Input(data, 0), Input(data, 1), Output(data, 2), Measure(shapes[0]), outside);
  return 0;
}

int RunGradient(int count, void **data, int64_t **shapes, const char **types, Outside outside) {
  if (!AreFloats(count, types)) return kUnexpectedType;
  if (!AreFrameAndFlow(shapes[1], shapes[2])) return kUnexpectedShape;
  const auto sizes = Measure(shapes[1]);
  ByFrame(Input(data, 0), Input(data, 2), Output(data, 3), sizes, outside);
  ByFlow(Input(data, 0), Input(data, 1), Input(data, 2), Output(data, 4), sizes, outside);
  return 0;
}
}  // namespace

// (frame, flow) -> out
OPERATOR(WarpBorder) { return RunWarp(count, data, shapes, types, Outside::kEdge); }
OPERATOR(WarpZeros) { return RunWarp(count, data, shapes, types, Outside::kZero); }

// (gradient of out, frame, flow) -> gradient of frame, gradient of flow
OPERATOR(WarpBorderGradient) { return RunGradient(count, data, shapes, types, Outside::kEdge); }
OPERATOR(WarpZerosGradient) { return RunGradient(count, data, shapes, types, Outside::kZero); }
