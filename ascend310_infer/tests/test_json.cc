#include "json.h"

#include "check.h"

using namespace mindframes;

namespace {

void check_refused(const std::string& content, const std::string& words) {
    try {
        Json::parse(content);
    } catch (const JsonError& error) {
        if (std::string(error.what()).find(words) != std::string::npos) {
            return;
        }
        throw TestError(text(content, ": got ", error.what()));
    }
    throw TestError(text(content, ": was read"));
}

}  // namespace

TEST(json, every_kind_of_value_is_read) {
    const Json json = Json::parse(" {\"a\": [1, -2.5e1, 0, true, false, null], \"b\": {\"c\": \"text\"}} \n");
    const std::vector<Json>& list = json.at("a").as_list();
    CHECK_EQUAL(list.size(), std::size_t{6});
    CHECK_EQUAL(list[0].as_whole(), 1);
    CHECK_EQUAL(list[1].as_number(), -25.0);
    CHECK_EQUAL(list[2].as_whole(), 0);
    CHECK(list[3].as_boolean());
    CHECK(!list[4].as_boolean());
    CHECK(list[5].kind() == Json::Kind::null);
    CHECK_EQUAL(json.at("b").at("c").as_text(), "text");
}

TEST(json, escapes_and_surrogates_become_utf_8) {
    CHECK_EQUAL(Json::parse("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"").as_text(), "\"\\/\b\f\n\r\t");
    CHECK_EQUAL(Json::parse("\"\\u0041\\u00e9\\u20AC\\ud83d\\ude00\"").as_text(), "A\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80");
}

TEST(json, what_is_no_json_is_refused) {
    for (const char* content : {"", "{", "[1,]", "{\"a\":1,}", "{a:1}", "'a'", "01", "1.", ".5", "+1", "1e", "nul", "truefalse",
                                "\"a", "\"\n\"", "\"\\x\"", "\"\\u12g4\"", "\"\\ud83d\"", "\"\\ude00\"", "[1 2]", "{\"a\" 1}",
                                "1 1", "// a\n1", "NaN", "-"}) {
        check_refused(content, "expected ");
    }
    check_refused("{\"a\":1,\"a\":2}", "twice");
    check_refused(std::string(100, '['), "64 levels");
    check_refused(std::string("1\0", 2), "the end");
}

TEST(json, a_value_of_another_kind_is_told) {
    const Json json = Json::parse("{\"a\": 1.5}");
    for (const auto& [words, action] : std::map<std::string, std::function<void()>>{
             {"expected a text; got a number", [&] { json.at("a").as_text(); }},
             {"a whole number; got 1.5", [&] { json.at("a").as_whole(); }},
             {"the key \"b\"", [&] { json.at("b"); }},
             {"a list; got an object", [&] { json.as_list(); }}}) {
        try {
            action();
            throw TestError(words);
        } catch (const JsonError& error) {
            CHECK(std::string(error.what()).find(words) != std::string::npos);
        }
    }
}
