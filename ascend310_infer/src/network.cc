// The only file that includes MindSpore: a MINDIR run by MindSpore Lite.
#include "network.h"

#include <sched.h>
#include <unistd.h>

#include <cstring>
#include <utility>
#include <vector>

#include "captured_log.h"
#include "failure.h"
#include "include/api/context.h"
#include "include/api/model.h"

namespace mindframes {
namespace {

std::shared_ptr<mindspore::Context> make_context(const Device& device) {
    auto context = std::make_shared<mindspore::Context>();
    context->SetThreadNum(thread_count(device));
    if (device.target != "CPU") {
        auto ascend = std::make_shared<mindspore::AscendDeviceInfo>();
        ascend->SetDeviceID(static_cast<std::uint32_t>(device.id));
        // Half precision only where an operator has nothing else: flow and sampling positions need more.
        ascend->SetPrecisionMode("preferred_fp32");
        context->MutableDeviceInfo().push_back(ascend);
    } else {
        auto cpu = std::make_shared<mindspore::CPUDeviceInfo>();
        cpu->SetEnableFP16(false);
        context->MutableDeviceInfo().push_back(cpu);
    }
    return context;
}

void check_tensors(const std::vector<mindspore::MSTensor>& tensors, const std::vector<TensorFacts>& facts,
                   const std::string& kind, const std::string& mindir_path) {
    if (tensors.size() != facts.size()) {
        fail(kWeights, mindir_path, ": has ", facts.size(), " ", kind, "(s) by its manifest; got ", tensors.size());
    }
    for (std::size_t index = 0; index < facts.size(); ++index) {
        const mindspore::MSTensor& tensor = tensors[index];
        if (tensor.Shape() != facts[index].shape || tensor.DataType() != mindspore::DataType::kNumberTypeFloat32) {
            fail(kWeights, mindir_path, ": ", kind, " ", index, " is ", shape_text(facts[index].shape),
                 " of float32 by its manifest; got ", shape_text(tensor.Shape()), " of type ",
                 static_cast<int>(tensor.DataType()));
        }
    }
}

[[noreturn]] void fail_to_load(const std::string& mindir_path, const Manifest& manifest, const Device& device,
                               const std::string& reason) {
    fail(kEnvironment, mindir_path, ": ", runtime_name(), " cannot load MINDIR version ", manifest.mindir_version,
         " of MindSpore ", manifest.mindspore_version, " for ", device.target, ": ",
         reason.empty() ? "no reason given" : reason);
}

class LiteNetwork : public Network {
public:
    LiteNetwork(const std::string& mindir_path, const Manifest& manifest, const Device& device) {
        CapturedLog log;
        const mindspore::Status status = model_.Build(mindir_path, mindspore::kMindIR, make_context(device));
        const std::string reason = reason_in(log.stop());
        if (status.IsError()) {
            fail_to_load(mindir_path, manifest, device, reason);
        }
        inputs_ = model_.GetInputs();
        check_tensors(inputs_, manifest.inputs, "input", mindir_path);
        check_tensors(model_.GetOutputs(), manifest.outputs, "output", mindir_path);
    }

    float* input(std::size_t index) override { return static_cast<float*>(inputs_[index].MutableData()); }

    void predict() override {
        CapturedLog log;
        const mindspore::Status status = model_.Predict(inputs_, &outputs_);
        const std::string reason = reason_in(log.stop());
        if (status.IsError()) {
            fail(kEnvironment, runtime_name(), " cannot run the network: ", reason.empty() ? "no reason given" : reason);
        }
    }

    const float* output(std::size_t index) const override {
        return static_cast<const float*>(outputs_[index].Data().get());
    }

private:
    mindspore::Model model_;
    std::vector<mindspore::MSTensor> inputs_;
    std::vector<mindspore::MSTensor> outputs_;
};

}  // namespace

std::unique_ptr<Network> load_network(const std::string& mindir_path, const Manifest& manifest, const Device& device) {
    if (access(mindir_path.c_str(), R_OK) != 0) {
        fail_system(kInput, mindir_path, errno);
    }
    return std::make_unique<LiteNetwork>(mindir_path, manifest, device);
}

std::string runtime_name() {
    const std::string version = mindspore::Version();
    return "MindSpore Lite " + (version.empty() ? MINDSPORE_LITE_VERSION : version);
}

int thread_count(const Device& device) {
    cpu_set_t cores;
    if (device.threads > 0 || sched_getaffinity(0, sizeof cores, &cores) != 0) {
        return device.threads > 0 ? device.threads : 1;
    }
    return CPU_COUNT(&cores);
}

}  // namespace mindframes
