// What a custom operator of MindSpore is given: data, ranks and shapes of all inputs, then of all outputs.
// It returns 0, or else the operator fails.
#ifndef SRC_OPS_COMPILED_OPERATOR_H_
#define SRC_OPS_COMPILED_OPERATOR_H_

#include <cstdint>
#include <cstring>

#define OPERATOR(name)                                                                                              \
  extern "C" int name([[maybe_unused]] int count, void **data, [[maybe_unused]] int *ranks, int64_t **shapes,       \
                      const char **types, [[maybe_unused]] void *stream, [[maybe_unused]] void *extra)

enum Failure { kUnexpectedType = 1, kUnexpectedShape = 2, kLibraryFailed = 3 };

inline bool AreFloats(int count, const char **types) {
  for (int i = 0; i < count; ++i) {
    if (std::strcmp(types[i], "float32") != 0) return false;
  }
  return true;
}

inline const float *Input(void **data, int index) { return static_cast<const float *>(data[index]); }
inline float *Output(void **data, int index) { return static_cast<float *>(data[index]); }

inline int64_t Product(const int64_t *shape, int from, int to) {
  int64_t product = 1;
  for (int i = from; i < to; ++i) product *= shape[i];
  return product;
}

#endif  // SRC_OPS_COMPILED_OPERATOR_H_
