// A strict reader of JSON (RFC 8259): no comments, no trailing commas, no key twice.
#pragma once

#include <map>
#include <stdexcept>
#include <string>
#include <vector>

namespace mindframes {

class JsonError : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

class Json {
public:
    enum class Kind { null, boolean, number, text, list, object };

    // Throws a JsonError that says where and what.
    static Json parse(const std::string& content);

    Kind kind() const { return kind_; }

    // What a value is; each throws a JsonError when it is of another kind. A whole number has no fraction.
    const std::string& as_text() const { return expect(Kind::text), text_; }
    const std::vector<Json>& as_list() const { return expect(Kind::list), list_; }
    bool as_boolean() const { return expect(Kind::boolean), number_ != 0; }
    double as_number() const { return expect(Kind::number), number_; }
    long as_whole() const;

    // The value of a key of an object; throws a JsonError that names it when there is none.
    const Json& at(const std::string& key) const;

private:
    friend class JsonParser;
    void expect(Kind kind) const;

    Kind kind_ = Kind::null;
    double number_ = 0;
    std::string text_;
    std::vector<Json> list_;
    std::map<std::string, Json> object_;
};

}  // namespace mindframes
