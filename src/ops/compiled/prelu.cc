// Parametric rectified linear unit, one slope a channel or one for all: (B, C, ...), and (C) or (1).
#include <vector>

#include "operator.h"

namespace {
bool AreSlopes(int64_t slopes, int64_t channels) { return slopes == channels || slopes == 1; }
}  // namespace

// (x, slope) -> y
OPERATOR(Rectified) {
  if (!AreFloats(count, types)) return kUnexpectedType;
  if (!AreSlopes(shapes[1][0], shapes[0][1])) return kUnexpectedShape;
  const int64_t own = shapes[1][0];
  const float *x = Input(data, 0), *slopes = Input(data, 1);
  float *y = Output(data, 2);
  const int64_t maps = shapes[0][0] * shapes[0][1], size = Product(shapes[0], 2, ranks[0]);
#pragma omp parallel for
  for (int64_t map = 0; map < maps; ++map) {
    const float slope = slopes[map % own];
    for (int64_t i = map * size; i < (map + 1) * size; ++i) y[i] = x[i] > 0 ? x[i] : slope * x[i];
  }
  return 0;
}

// (gradient of y, x, slope) -> gradient of x, gradient of slope
OPERATOR(RectifiedGradient) {
  if (!AreFloats(count, types)) return kUnexpectedType;
  if (!AreSlopes(shapes[2][0], shapes[1][1])) return kUnexpectedShape;
  const int64_t own = shapes[2][0];
  const float *gradient = Input(data, 0), *x = Input(data, 1), *slopes = Input(data, 2);
  float *by_x = Output(data, 3), *by_slope = Output(data, 4);
  const int64_t maps = shapes[1][0] * shapes[1][1], size = Product(shapes[1], 2, ranks[1]);
  // of each map, and added up in one order, so that every run gives the same
  std::vector<float> sums(maps);
#pragma omp parallel for
  for (int64_t map = 0; map < maps; ++map) {
    const float slope = slopes[map % own];
    float sum = 0;
#pragma omp simd reduction(+ : sum)
    for (int64_t i = map * size; i < (map + 1) * size; ++i) {
      const float negative = x[i] > 0 ? 0 : gradient[i];
      by_x[i] = x[i] > 0 ? gradient[i] : slope * gradient[i];
      sum += negative * x[i];
    }
    sums[map] = sum;
  }
  for (int64_t slope = 0; slope < own; ++slope) {
    by_slope[slope] = 0;
    for (int64_t map = slope; map < maps; map += own) by_slope[slope] += sums[map];
  }
  return 0;
}
