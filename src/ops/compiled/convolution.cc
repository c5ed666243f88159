// Convolutions of any number of axes by oneDNN, in the layouts that are fastest on this processor.
#include <cstdlib>
#include <dnnl.hpp>
#include <map>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "operator.h"

namespace {
using dnnl::algorithm;
using dnnl::convolution_backward_data;
using dnnl::convolution_backward_weights;
using dnnl::convolution_forward;
using dnnl::memory;
using dnnl::prop_kind;
using dims = memory::dims;

dnnl::engine &Engine() {
  static dnnl::engine engine(dnnl::engine::kind::cpu, 0);
  return engine;
}

class Buffer {
 public:
  ~Buffer() { std::free(data_); }
  void *OfSize(size_t bytes) {
    if (bytes > bytes_) {
      std::free(data_);
      bytes_ = (bytes + 4095) / 4096 * 4096;
      data_ = std::aligned_alloc(4096, bytes_);
    }
    return data_;
  }

 private:
  void *data_ = nullptr;
  size_t bytes_ = 0;
};

memory::format_tag Plain(size_t axes) {
  static const memory::format_tag tags[] = {memory::format_tag::undef, memory::format_tag::a, memory::format_tag::ab,
                                            memory::format_tag::abc, memory::format_tag::abcd, memory::format_tag::abcde};
  return tags[axes];
}

memory::desc Given(const dims &shape) { return {shape, memory::data_type::f32, Plain(shape.size())}; }
memory::desc Any(const dims &shape) { return {shape, memory::data_type::f32, memory::format_tag::any}; }

struct Operand {
  int argument;
  memory::desc given, wanted;
  bool is_result;
  dnnl::reorder reorder;
};

// One primitive, with what brings its operands from plain layouts into its own and back.
struct Plan {
  dnnl::primitive primitive;
  memory::desc scratchpad;
  std::vector<Operand> operands;

  void Add(int argument, const memory::desc &given, const memory::desc &wanted, bool is_result = false) {
    Operand operand{argument, given, wanted, is_result, {}};
    if (given != wanted) {
      const auto &from = is_result ? wanted : given;
      const auto &to = is_result ? given : wanted;
      operand.reorder = dnnl::reorder(dnnl::reorder::primitive_desc(Engine(), from, Engine(), to));
    }
    operands.push_back(operand);
  }

  void Run(const std::vector<void *> &data) const {
    static thread_local dnnl::stream stream(Engine());
    static thread_local Buffer buffers[4], workspace;
    std::unordered_map<int, memory> arguments;
    if (scratchpad.get_size() > 0) {
      arguments.emplace(DNNL_ARG_SCRATCHPAD,
                        memory(scratchpad, Engine(), workspace.OfSize(scratchpad.get_size())));
    }
    for (size_t i = 0; i < operands.size(); ++i) {
      const auto &operand = operands[i];
      memory plain(operand.given, Engine(), data[i]);
      if (operand.given == operand.wanted) {
        arguments.emplace(operand.argument, plain);
        continue;
      }
      memory own(operand.wanted, Engine(), buffers[i].OfSize(operand.wanted.get_size()));
      if (!operand.is_result) operand.reorder.execute(stream, plain, own);
      arguments.emplace(operand.argument, own);
    }
    primitive.execute(stream, arguments);
    for (size_t i = 0; i < operands.size(); ++i) {
      const auto &operand = operands[i];
      if (!operand.is_result || operand.given == operand.wanted) continue;
      memory plain(operand.given, Engine(), data[i]);
      auto own = arguments.at(operand.argument);
      operand.reorder.execute(stream, own, plain);
    }
    stream.wait();
  }
};

struct Geometry {
  dims x, weight, bias, y, strides, margins;
};

// Padding (kernel - 1) / 2; the stride, 1 or 2, follows from the sizes. An axis with one place left has both.
bool Deduce(Geometry *geometry) {
  for (size_t i = 2; i < geometry->x.size(); ++i) {
    const auto kernel = geometry->weight[i], margin = (kernel - 1) / 2;
    const auto reach = geometry->x[i] + 2 * margin - kernel;
    int stride = 1;
    while (stride <= 2 && reach / stride + 1 != geometry->y[i]) ++stride;
    if (stride > 2) return false;
    geometry->strides.push_back(stride);
    geometry->margins.push_back(margin);
  }
  return true;
}

// oneDNN's own scratchpads belong to the thread that made the primitive; MindSpore runs it on any.
dnnl::primitive_attr Attributes() {
  dnnl::primitive_attr attributes;
  attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  return attributes;
}

convolution_forward::primitive_desc Forward(const Geometry &g, bool biased) {
  if (!biased) {
    return {Engine(), prop_kind::forward_training, algorithm::convolution_direct, Any(g.x), Any(g.weight), Any(g.y),
            g.strides, g.margins, g.margins, Attributes()};
  }
  return {Engine(), prop_kind::forward_training, algorithm::convolution_direct, Any(g.x), Any(g.weight), Any(g.bias),
          Any(g.y), g.strides, g.margins, g.margins, Attributes()};
}

enum class Pass { kForward, kForwardBiased, kByInput, kByWeight, kByWeightAndBias };

std::shared_ptr<Plan> Make(Pass pass, const Geometry &g) {
  auto plan = std::make_shared<Plan>();
  if (pass == Pass::kForward || pass == Pass::kForwardBiased) {
    const auto desc = Forward(g, pass == Pass::kForwardBiased);
    plan->primitive = convolution_forward(desc);
    plan->scratchpad = desc.scratchpad_desc();
    plan->Add(DNNL_ARG_SRC, Given(g.x), desc.src_desc());
    plan->Add(DNNL_ARG_WEIGHTS, Given(g.weight), desc.weights_desc());
    if (pass == Pass::kForwardBiased) plan->Add(DNNL_ARG_BIAS, Given(g.bias), desc.bias_desc());
    plan->Add(DNNL_ARG_DST, Given(g.y), desc.dst_desc(), true);
  } else if (pass == Pass::kByInput) {
    const convolution_backward_data::primitive_desc desc(Engine(), algorithm::convolution_direct, Any(g.x),
                                                         Any(g.weight), Any(g.y), g.strides, g.margins, g.margins,
                                                         Forward(g, false), Attributes());
    plan->primitive = convolution_backward_data(desc);
    plan->scratchpad = desc.scratchpad_desc();
    plan->Add(DNNL_ARG_DIFF_DST, Given(g.y), desc.diff_dst_desc());
    plan->Add(DNNL_ARG_WEIGHTS, Given(g.weight), desc.weights_desc());
    plan->Add(DNNL_ARG_DIFF_SRC, Given(g.x), desc.diff_src_desc(), true);
  } else {
    const bool biased = pass == Pass::kByWeightAndBias;
    const auto desc =
        biased ? convolution_backward_weights::primitive_desc(Engine(), algorithm::convolution_direct, Any(g.x),
                                                              Any(g.weight), Any(g.bias), Any(g.y), g.strides,
                                                              g.margins, g.margins, Forward(g, true), Attributes())
               : convolution_backward_weights::primitive_desc(Engine(), algorithm::convolution_direct, Any(g.x),
                                                              Any(g.weight), Any(g.y), g.strides, g.margins, g.margins,
                                                              Forward(g, false), Attributes());
    plan->primitive = convolution_backward_weights(desc);
    plan->scratchpad = desc.scratchpad_desc();
    plan->Add(DNNL_ARG_SRC, Given(g.x), desc.src_desc());
    plan->Add(DNNL_ARG_DIFF_DST, Given(g.y), desc.diff_dst_desc());
    plan->Add(DNNL_ARG_DIFF_WEIGHTS, Given(g.weight), desc.diff_weights_desc(), true);
    if (biased) plan->Add(DNNL_ARG_DIFF_BIAS, Given(g.bias), desc.diff_bias_desc(), true);
  }
  return plan;
}

std::shared_ptr<Plan> Cached(Pass pass, Geometry g) {
  static std::mutex mutex;
  static std::map<std::vector<int64_t>, std::shared_ptr<Plan>> plans;
  std::vector<int64_t> key{static_cast<int64_t>(pass)};
  for (const auto *shape : {&g.x, &g.weight, &g.y}) key.insert(key.end(), shape->begin(), shape->end());
  const std::lock_guard<std::mutex> lock(mutex);
  auto &plan = plans[key];
  if (!plan) {
    if (!Deduce(&g)) return nullptr;
    plan = Make(pass, g);
  }
  return plan;
}

// Sizes of x, weight and y by their places among an operator's inputs and outputs.
Geometry Among(int x, int weight, int y, const int *ranks, int64_t **shapes) {
  const auto shape = [&](int index) { return dims(shapes[index], shapes[index] + ranks[index]); };
  return {shape(x), shape(weight), {shapes[y][1]}, shape(y), {}, {}};
}

int Run(Pass pass, Geometry geometry, const std::vector<void *> &data) {
  try {
    const auto plan = Cached(pass, geometry);
    if (!plan) return kUnexpectedShape;
    plan->Run(data);
    return 0;
  } catch (const dnnl::error &) {
    return kLibraryFailed;
  }
}
}  // namespace

// (x, weight) or (x, weight, bias) -> y
OPERATOR(Convolution) {
  if (!AreFloats(count, types)) return kUnexpectedType;
  if (count == 3) return Run(Pass::kForward, Among(0, 1, 2, ranks, shapes), {data[0], data[1], data[2]});
  return Run(Pass::kForwardBiased, Among(0, 1, 3, ranks, shapes), {data[0], data[1], data[2], data[3]});
}

// (gradient of y, weight, x) -> gradient of x, of which only the size is asked
OPERATOR(ConvolutionByInput) {
  if (!AreFloats(count, types)) return kUnexpectedType;
  return Run(Pass::kByInput, Among(3, 1, 0, ranks, shapes), {data[0], data[1], data[3]});
}

// (x, weight, bias) -> y: what a convolution's gradient by its input computes, and a bias
OPERATOR(TransposedConvolution) {
  if (!AreFloats(count, types)) return kUnexpectedType;
  const auto geometry = Among(3, 1, 0, ranks, shapes);
  const int failure = Run(Pass::kByInput, geometry, {data[0], data[1], data[3]});
  if (failure) return failure;
  const float *bias = Input(data, 2);
  float *out = Output(data, 3);
  const int64_t channels = shapes[3][1], maps = shapes[3][0] * channels, size = Product(shapes[3], 2, ranks[3]);
#pragma omp parallel for
  for (int64_t map = 0; map < maps; ++map) {
    for (int64_t i = map * size; i < (map + 1) * size; ++i) out[i] += bias[map % channels];
  }
  return 0;
}

// (x, gradient of y, weight) -> gradient of weight, of which only the size is asked
OPERATOR(ConvolutionByWeight) {
  if (!AreFloats(count, types)) return kUnexpectedType;
  return Run(Pass::kByWeight, Among(0, 3, 1, ranks, shapes), {data[0], data[1], data[3]});
}

// (x, gradient of y, weight) -> gradient of weight, gradient of bias
OPERATOR(ConvolutionByWeightAndBias) {
  if (!AreFloats(count, types)) return kUnexpectedType;
  return Run(Pass::kByWeightAndBias, Among(0, 3, 1, ranks, shapes), {data[0], data[1], data[3], data[4]});
}

// (gradient of y) -> gradient of bias
OPERATOR(ByBias) {
  if (!AreFloats(count, types)) return kUnexpectedType;
  const float *gradient = Input(data, 0);
  float *by_bias = Output(data, 1);
  const int64_t batch = shapes[0][0], channels = shapes[0][1], size = Product(shapes[0], 2, ranks[0]);
#pragma omp parallel for
  for (int64_t channel = 0; channel < channels; ++channel) {
    float sum = 0;
    for (int64_t sample = 0; sample < batch; ++sample) {
      const float *map = gradient + (sample * channels + channel) * size;
      float part = 0;
#pragma omp simd reduction(+ : part)
      for (int64_t i = 0; i < size; ++i) part += map[i];
      sum += part;
    }
    by_bias[channel] = sum;
  }
  return 0;
}
