#include "kernel/debug/rich_variable.h"

#include <nlohmann/json.hpp>

namespace batchscope::kernel {
namespace {

constexpr const char* kMark = "rich:";

int Digit(char c) {
  if (c >= '0' && c <= '9') {
    return c - '0';
  }
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

}  // namespace

std::string RichExpression(const std::string& name) {
  // A class has `_repr_html_` as a function without self; what raises or gives no text is left out.
  return "(lambda v: (lambda html: 'rich:' + __import__('json').dumps({'text/plain': repr(v), **({'text/html': html} "
         "if isinstance(html, str) else {})}).encode().hex())(v._repr_html_() if not isinstance(v, type) and "
         "callable(getattr(v, '_repr_html_', None)) else None))(" +
         name + ")";
}

std::optional<nlohmann::json> ReadRichResult(const std::string& result) {
  const std::size_t mark = result.find(kMark);
  if (mark == std::string::npos) {
    return std::nullopt;
  }
  std::string text;
  for (std::size_t at = mark + std::string(kMark).size(); at + 1 < result.size(); at += 2) {
    const int high = Digit(result[at]);
    const int low = Digit(result[at + 1]);
    if (high < 0 || low < 0) {
      break;  // the closing quote
    }
    text += static_cast<char>(high * 16 + low);
  }
  nlohmann::json data = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!data.is_object()) {
    return std::nullopt;
  }
  return nlohmann::json{{"data", std::move(data)}, {"metadata", nlohmann::json::object()}};
}

}  // namespace batchscope::kernel
