// A network ready to run. Only network.cc knows MindSpore; everything else, and every test, knows this.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "manifest.h"

namespace mindframes {

class Network {
public:
    virtual ~Network() = default;
    // The memory of an input, in the order of the graph; what is written there stays between predictions.
    virtual float* input(std::size_t index) = 0;
    // Throws a Failure (kEnvironment) when the runtime cannot.
    virtual void predict() = 0;
    // The values of an output, until the next prediction.
    virtual const float* output(std::size_t index) const = 0;
};

struct Device {
    std::string target;  // CPU, Ascend or Ascend310
    int id = 0;
    int threads = 0;  // on CPU; 0: as many as the process may use cores
};

// Loads a MINDIR for a device. Throws a Failure: kInput when there is no such file, kEnvironment when this runtime or
// this device cannot run it, kWeights when its inputs and outputs are not those of the manifest.
std::unique_ptr<Network> load_network(const std::string& mindir_path, const Manifest& manifest, const Device& device);

// The name and version of the runtime that this program was built against.
std::string runtime_name();

// The number of threads of a device, its 0 replaced.
int thread_count(const Device& device);

}  // namespace mindframes
