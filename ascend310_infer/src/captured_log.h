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

// Returns the message of the first error in a log of MindSpore's: without its level, process, date and place. "" when
// there is none.
std::string first_error(const std::string& log);

}  // namespace mindframes
