#include "captured_log.h"

#include <unistd.h>

#include "failure.h"

namespace mindframes {
namespace {

// Cuts a line of the form "[LEVEL] PART(process,thread,program):date [file:line] function] message".
std::string message_of(const std::string& line) {
    const std::size_t bracket = line.find(" [", 1);
    const std::size_t place = bracket == std::string::npos ? bracket : line.find("] ", bracket);
    const std::size_t function = place == std::string::npos ? place : line.find("] ", place + 2);
    const std::size_t end = function == std::string::npos ? place : function;
    return end == std::string::npos ? line : line.substr(end + 2);
}

}  // namespace

CapturedLog::CapturedLog() : file_(std::tmpfile()), standard_error_(file_ == nullptr ? -1 : dup(STDERR_FILENO)) {
    std::fflush(stderr);
    if (standard_error_ >= 0) {
        dup2(fileno(file_), STDERR_FILENO);
    }
}

std::string CapturedLog::stop() {
    std::string log;
    if (standard_error_ >= 0) {
        std::fflush(stderr);
        dup2(standard_error_, STDERR_FILENO);
        close(standard_error_);
        standard_error_ = -1;
        char part[4096];
        std::rewind(file_);
        while (const std::size_t count = std::fread(part, 1, sizeof part, file_)) {
            log.append(part, count);
        }
    }
    if (file_ != nullptr) {
        std::fclose(file_);
        file_ = nullptr;
    }
    return log;
}

std::string reason_in(const std::string& log) {
    for (const char* const telling : {"Unsupported primitive type", "maximum mind ir version", "[ERROR]"}) {
        const std::size_t found = log.find(telling);
        if (found != std::string::npos) {
            const std::size_t start = found == 0 ? 0 : log.rfind('\n', found - 1) + 1;
            return message_of(log.substr(start, log.find('\n', found) - start));
        }
    }
    return "";
}

}  // namespace mindframes
