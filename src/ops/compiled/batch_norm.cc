// Batch normalisation, by the statistics of the batch itself or by given ones, and a rectified linear unit:
// (B, C, H, W), and (C) each.
#include <cmath>

#include "operator.h"

namespace {
constexpr float kEpsilon = 1e-5F;

struct Sizes {
  int64_t batch, channels, size;
};

Sizes Measure(const int64_t *shape, int rank) { return {shape[0], shape[1], Product(shape, 2, rank)}; }

// One channel of x, normalised: as a multiple and a shift.
void Rectify(const float *x, float *y, const Sizes &sizes, int64_t channel, float factor, float shift) {
  for (int64_t sample = 0; sample < sizes.batch; ++sample) {
    const int64_t start = (sample * sizes.channels + channel) * sizes.size;
    for (int64_t i = start; i < start + sizes.size; ++i) {
      const float value = factor * x[i] + shift;
      y[i] = value < 0 ? 0 : value;
    }
  }
}

// follows: whether mean and variance are those of x itself, and change with it
int Gradient(bool follows, int count, void **data, int *ranks, int64_t **shapes, const char **types) {
  if (!AreFloats(count, types)) return kUnexpectedType;
  const float *gradient = Input(data, 0), *x = Input(data, 1), *scales = Input(data, 2), *y = Input(data, 3);
  const float *means = Input(data, 4), *variances = Input(data, 5);
  float *by_x = Output(data, 6), *by_scale = Output(data, 7), *by_offset = Output(data, 8);
  const int64_t batch = shapes[1][0], channels = shapes[1][1], size = Product(shapes[1], 2, ranks[1]);
  const auto places = static_cast<double>(batch * size);
#pragma omp parallel for
  for (int64_t channel = 0; channel < channels; ++channel) {
    const float mean = means[channel], inverse = 1.0F / std::sqrt(variances[channel] + kEpsilon);
    double sum = 0, product = 0;
    for (int64_t sample = 0; sample < batch; ++sample) {
      const int64_t start = (sample * channels + channel) * size;
#pragma omp simd reduction(+ : sum, product)
      for (int64_t i = start; i < start + size; ++i) {
        const float passed = y[i] > 0 ? gradient[i] : 0;
        sum += passed;
        product += passed * (x[i] - mean);
      }
    }
    by_offset[channel] = static_cast<float>(sum);
    by_scale[channel] = static_cast<float>(product) * inverse;
    const float factor = scales[channel] * inverse, common = follows ? static_cast<float>(sum / places) : 0;
    const float slope = follows ? static_cast<float>(product / places) * inverse * inverse : 0;
    for (int64_t sample = 0; sample < batch; ++sample) {
      const int64_t start = (sample * channels + channel) * size;
      for (int64_t i = start; i < start + size; ++i) {
        const float passed = y[i] > 0 ? gradient[i] : 0;
        by_x[i] = factor * (passed - common - (x[i] - mean) * slope);
      }
    }
  }
  return 0;
}
}  // namespace

// (x, scale, offset) -> y, mean, variance (biased)
OPERATOR(NormalisedRectified) {
  if (!AreFloats(count, types)) return kUnexpectedType;
  const float *x = Input(data, 0), *scales = Input(data, 1), *offsets = Input(data, 2);
  float *y = Output(data, 3), *means = Output(data, 4), *variances = Output(data, 5);
  const auto sizes = Measure(shapes[0], ranks[0]);
  const int64_t batch = sizes.batch, channels = sizes.channels, size = sizes.size;
#pragma omp parallel for
  for (int64_t channel = 0; channel < channels; ++channel) {
    double sum = 0, squares = 0;
    for (int64_t sample = 0; sample < batch; ++sample) {
      const float *map = x + (sample * channels + channel) * size;
#pragma omp simd reduction(+ : sum)
      for (int64_t i = 0; i < size; ++i) sum += map[i];
    }
    const auto mean = static_cast<float>(sum / static_cast<double>(batch * size));
    for (int64_t sample = 0; sample < batch; ++sample) {
      const float *map = x + (sample * channels + channel) * size;
#pragma omp simd reduction(+ : squares)
      for (int64_t i = 0; i < size; ++i) squares += (map[i] - mean) * (map[i] - mean);
    }
    const auto variance = static_cast<float>(squares / static_cast<double>(batch * size));
    const float factor = scales[channel] / std::sqrt(variance + kEpsilon);
    Rectify(x, y, sizes, channel, factor, offsets[channel] - mean * factor);
    means[channel] = mean;
    variances[channel] = variance;
  }
  return 0;
}

// (gradient of y, x, scale, y, mean, variance) -> gradient of x, of scale, of offset
OPERATOR(NormalisedRectifiedGradient) { return Gradient(true, count, data, ranks, shapes, types); }

// (x, scale, offset, mean, variance) -> y
OPERATOR(HeldRectified) {
  if (!AreFloats(count, types)) return kUnexpectedType;
  const float *x = Input(data, 0), *scales = Input(data, 1), *offsets = Input(data, 2);
  const float *means = Input(data, 3), *variances = Input(data, 4);
  const auto sizes = Measure(shapes[0], ranks[0]);
#pragma omp parallel for
  for (int64_t channel = 0; channel < sizes.channels; ++channel) {
    const float factor = scales[channel] / std::sqrt(variances[channel] + kEpsilon);
    Rectify(x, Output(data, 5), sizes, channel, factor, offsets[channel] - means[channel] * factor);
  }
  return 0;
}

// (gradient of y, x, scale, y, mean, variance) -> gradient of x, of scale, of offset
OPERATOR(HeldRectifiedGradient) { return Gradient(false, count, data, ranks, shapes, types); }
