// Keeps what a runtime writes to standard error, so that a failure can be told in one line.
#pragma once

#include <cstdio>
#include <string>

namespace mindframes {

// From its construction to `stop` or its end, standard error goes to a temporary file.
class CapturedLog {
public:
    CapturedLog();
    ~CapturedLog() { stop(); }
    CapturedLog(const CapturedLog&) = delete;
    CapturedLog& operator=(const CapturedLog&) = delete;

    // Gives standard error back and returns what was written to it.
    std::string stop();

private:
    std::FILE* file_;
    int standard_error_;
};

// Returns the message in a log of MindSpore's that tells most, without its level, process, date and place: the operator
// or the version it does not know, else its first error, else "".
std::string reason_in(const std::string& log);

}  // namespace mindframes
