#include "failure.h"

#include <cerrno>
#include <cstring>

namespace mindframes {

void fail_system(int exit_code, const std::string& what, int number) {
    const bool is_full = number == ENOSPC || number == EDQUOT || number == EFBIG;
    fail(is_full ? kResource : exit_code, what, ": ", std::strerror(number));
}

}  // namespace mindframes
