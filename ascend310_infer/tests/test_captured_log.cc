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
        "[ERROR] ME(1,7f,infer):2026-01-01-00:00:00.000.000 [a/model.cc:2180] Parse] cut off\n"
        "[ERROR] LITE(1,7f,infer):2026-01-01-00:00:00.000.000 [a/c.cc:9] Build] Build failed\n";
    CHECK_EQUAL(reason_in(log), "cut off");
    CHECK_EQUAL(reason_in("[WARNING] nothing\n"), "");
    CHECK_EQUAL(reason_in("[ERROR] in another form"), "[ERROR] in another form");
}

TEST(captured_log, an_unknown_operator_tells_more_than_the_first_error) {
    const std::string log =
        "[ERROR] LITE(1,7f,infer):2026-01-01-00:00:00.000.000 [a/c.cc:9] Build] Build failed\n"
        "[WARNING] LITE(1,7f,infer):2026-01-01-00:00:00.000.000 [a/b.cc:1] Create] Unsupported primitive type: Warp";
    CHECK_EQUAL(reason_in(log), "Unsupported primitive type: Warp");
}
