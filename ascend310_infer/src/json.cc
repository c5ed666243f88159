#include "json.h"

#include <cmath>
#include <cstdlib>
#include <cstring>

#include "failure.h"

namespace mindframes {
namespace {

const char* const kKindNames[] = {"null", "true or false", "a number", "a text", "a list", "an object"};
constexpr int kDeepest = 64;
constexpr double kLargestWhole = 9007199254740992.0;  // 2^53: beyond it a double skips whole numbers

bool is_digit(char c) { return c >= '0' && c <= '9'; }

void append_utf8(unsigned code, std::string* text) {
    if (code < 0x80) {
        *text += static_cast<char>(code);
    } else if (code < 0x800) {
        *text += static_cast<char>(0xC0 | (code >> 6));
        *text += static_cast<char>(0x80 | (code & 0x3F));
    } else if (code < 0x10000) {
        *text += static_cast<char>(0xE0 | (code >> 12));
        *text += static_cast<char>(0x80 | ((code >> 6) & 0x3F));
        *text += static_cast<char>(0x80 | (code & 0x3F));
    } else {
        *text += static_cast<char>(0xF0 | (code >> 18));
        *text += static_cast<char>(0x80 | ((code >> 12) & 0x3F));
        *text += static_cast<char>(0x80 | ((code >> 6) & 0x3F));
        *text += static_cast<char>(0x80 | (code & 0x3F));
    }
}

}  // namespace

class JsonParser {
public:
    explicit JsonParser(const std::string& content) : content_(content) {}

    Json document() {
        Json result = read_value(0);
        skip_blanks();
        if (place_ != content_.size()) {
            wrong("the end");
        }
        return result;
    }

private:
    [[noreturn]] void wrong(const std::string& expected) const {
        throw JsonError(text("expected ", expected, " at byte ", place_));
    }

    char peek() const { return place_ < content_.size() ? content_[place_] : '\0'; }

    bool take(char c) {
        const bool is_there = place_ < content_.size() && content_[place_] == c;
        place_ += is_there ? 1 : 0;
        return is_there;
    }

    void demand(char c) {
        if (!take(c)) {
            wrong(std::string("'") + c + "'");
        }
    }

    void skip_blanks() {
        while (place_ < content_.size() && std::strchr(" \t\r\n", content_[place_]) != nullptr && peek() != '\0') {
            ++place_;
        }
    }

    Json read_value(int depth) {
        if (depth > kDeepest) {
            wrong(text("at most ", kDeepest, " levels"));
        }
        skip_blanks();
        Json value;
        if (peek() == '{') {
            read_object(&value, depth);
        } else if (peek() == '[') {
            read_list(&value, depth);
        } else if (peek() == '"') {
            value.kind_ = Json::Kind::text;
            value.text_ = string();
        } else if (peek() == '-' || is_digit(peek())) {
            value.kind_ = Json::Kind::number;
            value.number_ = number();
        } else if (!read_word("null")) {
            value.kind_ = Json::Kind::boolean;
            value.number_ = peek() == 't' ? 1 : 0;
            if (!read_word("true") && !read_word("false")) {
                wrong("a value");
            }
        }
        return value;
    }

    bool read_word(const char* word) {
        const std::size_t size = std::strlen(word);
        const bool is_there = content_.compare(place_, size, word) == 0;
        place_ += is_there ? size : 0;
        return is_there;
    }

    void read_object(Json* value, int depth) {
        value->kind_ = Json::Kind::object;
        demand('{');
        skip_blanks();
        if (take('}')) {
            return;
        }
        do {
            skip_blanks();
            const std::string key = string();
            skip_blanks();
            demand(':');
            if (!value->object_.emplace(key, read_value(depth + 1)).second) {
                throw JsonError(text("key \"", key, "\" twice"));
            }
            skip_blanks();
        } while (take(','));
        demand('}');
    }

    void read_list(Json* value, int depth) {
        value->kind_ = Json::Kind::list;
        demand('[');
        skip_blanks();
        if (take(']')) {
            return;
        }
        do {
            value->list_.push_back(read_value(depth + 1));
            skip_blanks();
        } while (take(','));
        demand(']');
    }

    void skip_digits() {
        if (!is_digit(peek())) {
            wrong("a digit");
        }
        while (is_digit(peek())) {
            ++place_;
        }
    }

    double number() {
        const std::size_t start = place_;
        take('-');
        if (!take('0')) {
            skip_digits();
        }
        if (take('.')) {
            skip_digits();
        }
        if (take('e') || take('E')) {
            if (!take('+')) {
                take('-');
            }
            skip_digits();
        }
        return std::strtod(content_.substr(start, place_ - start).c_str(), nullptr);
    }

    unsigned code_unit() {
        unsigned code = 0;
        for (int digit = 0; digit < 4; ++digit, ++place_) {
            const char* const digits = "0123456789abcdef0123456789ABCDEF";
            const char* const found = peek() == '\0' ? nullptr : std::strchr(digits, peek());
            if (found == nullptr) {
                wrong("four hexadecimal digits");
            }
            code = 16 * code + static_cast<unsigned>(found - digits) % 16;
        }
        return code;
    }

    // What follows \u: one code unit, or two that make a code point above U+FFFF together.
    unsigned code_point() {
        const unsigned high = code_unit();
        if (high < 0xD800 || high > 0xDFFF) {
            return high;
        }
        const bool is_pair = high < 0xDC00 && take('\\') && take('u');
        const unsigned low = is_pair ? code_unit() : 0;
        if (low < 0xDC00 || low > 0xDFFF) {
            wrong("a pair of surrogates");
        }
        return 0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00);
    }

    std::string string() {
        demand('"');
        std::string result;
        while (!take('"')) {
            if (place_ >= content_.size() || static_cast<unsigned char>(peek()) < 0x20) {
                wrong("a quotation mark");
            }
            if (!take('\\')) {
                result += content_[place_++];
            } else if (take('u')) {
                append_utf8(code_point(), &result);
            } else {
                const char* const escapes = "\"\\/bfnrt";
                const char* const found = peek() == '\0' ? nullptr : std::strchr(escapes, peek());
                if (found == nullptr) {
                    wrong("an escape of JSON");
                }
                result += "\"\\/\b\f\n\r\t"[found - escapes];
                ++place_;
            }
        }
        return result;
    }

    const std::string& content_;
    std::size_t place_ = 0;
};

Json Json::parse(const std::string& content) { return JsonParser(content).document(); }

long Json::as_whole() const {
    expect(Kind::number);
    if (number_ != std::floor(number_) || std::fabs(number_) > kLargestWhole) {
        throw JsonError(text("expected a whole number; got ", number_));
    }
    return static_cast<long>(number_);
}

const Json& Json::at(const std::string& key) const {
    expect(Kind::object);
    const auto found = object_.find(key);
    if (found == object_.end()) {
        throw JsonError("expected the key \"" + key + "\"");
    }
    return found->second;
}

void Json::expect(Kind kind) const {
    if (kind_ != kind) {
        throw JsonError(text("expected ", kKindNames[static_cast<int>(kind)], "; got ",
                             kKindNames[static_cast<int>(kind_)]));
    }
}

}  // namespace mindframes
