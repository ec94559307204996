#pragma once

#include <fmt/format.h>

#include <string>
#include <type_traits>
#include <utility>

namespace batchscope {

namespace internal {
/// Prints the message with its place and aborts: a check that failed is a bug of ours.
[[noreturn]] void FailCheck(const char* file, int line, const std::string& message);

/// A format string that remembers where it was written. (clang 14 has no std::source_location, and checks formats when
/// they run.)
template <typename... Args>
struct PlacedFormat {
  template <typename Text>
  FMT_CONSTEVAL PlacedFormat(const Text& text,  // NOLINT(google-explicit-constructor): stands for a format string.
                             const char* file_of_it = __builtin_FILE(), int line_of_it = __builtin_LINE())
      : format(text), file(file_of_it), line(line_of_it) {}

  fmt::format_string<Args...> format;
  const char* file;
  int line;
};
}  // namespace internal

/// Ends the program with the formatted values when `holds` is false. On in release builds too.
template <typename... Args>
void Check(bool holds, internal::PlacedFormat<std::type_identity_t<Args>...> text, Args&&... args) {
  if (holds) [[likely]]
    return;
  internal::FailCheck(text.file, text.line, fmt::format(text.format, std::forward<Args>(args)...));
}

}  // namespace batchscope
