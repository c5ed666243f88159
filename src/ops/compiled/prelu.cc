// Parametric rectified linear unit, one slope a channel: (B, C, ...) and (C).
#include <vector>

#include "operator.h"

// (x, slope) -> y
OPERATOR(Rectified) {
  if (!AreFloats(count, types)) return kUnexpectedType;
  const float *x = Input(data, 0), *slopes = Input(data, 1);
  float *y = Output(data, 2);
  const int64_t channels = shapes[0][1], maps = shapes[0][0] * channels, size = Product(shapes[0], 2, ranks[0]);
#pragma omp parallel for
  for (int64_t map = 0; map < maps; ++map) {
    const float slope = slopes[map % channels];
    for (int64_t i = map * size; i < (map + 1) * size; ++i) y[i] = x[i] > 0 ? x[i] : slope * x[i];
  }
  return 0;
}

// (gradient of y, x, slope) -> gradient of x, gradient of slope
OPERATOR(RectifiedGradient) {
  if (!AreFloats(count, types)) return kUnexpectedType;
  const float *gradient = Input(data, 0), *x = Input(data, 1), *slopes = Input(data, 2);
  float *by_x = Output(data, 3), *by_slope = Output(data, 4);
  const int64_t channels = shapes[1][1], maps = shapes[1][0] * channels, size = Product(shapes[1], 2, ranks[1]);
  // of each map, and added up in one order, so that every run gives the same
  std::vector<float> sums(maps);
#pragma omp parallel for
  for (int64_t map = 0; map < maps; ++map) {
    const float slope = slopes[map % channels];
    float sum = 0;
#pragma omp simd reduction(+ : sum)
    for (int64_t i = map * size; i < (map + 1) * size; ++i) {
      const float negative = x[i] > 0 ? 0 : gradient[i];
      by_x[i] = x[i] > 0 ? gradient[i] : slope * gradient[i];
      sum += negative * x[i];
    }
    sums[map] = sum;
  }
  for (int64_t channel = 0; channel < channels; ++channel) {
    by_slope[channel] = 0;
    for (int64_t map = channel; map < maps; map += channels) by_slope[channel] += sums[map];
  }
  return 0;
}
