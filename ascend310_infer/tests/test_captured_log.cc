#include "captured_log.h"

#include "check.h"

using namespace mindframes;

TEST(captured_log, standard_error_is_kept_and_given_back) {
    CapturedLog log;
    std::fputs("inside\n", stderr);
    CHECK_EQUAL(log.stop(), "inside\n");
    CapturedLog second;
    CHECK_EQUAL(second.stop(), "");
}

TEST(captured_log, the_first_error_is_told_without_its_place) {
    const std::string log =
        "[WARNING] LITE(1,7f,infer):2026-01-01-00:00:00.000.000 [a/b.cc:1] Load] not this\n"
        "[ERROR] ME(1,7f,infer):2026-01-01-00:00:00.000.000 [a/load_model.cc:2180] CheckVersion] too new: 3\n"
        "[ERROR] LITE(1,7f,infer):2026-01-01-00:00:00.000.000 [a/c.cc:9] Build] Build failed\n";
    CHECK_EQUAL(first_error(log), "too new: 3");
    CHECK_EQUAL(first_error("[WARNING] nothing\n"), "");
}
