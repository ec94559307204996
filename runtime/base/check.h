#pragma once

#include <fmt/format.h>

#include <source_location>
#include <string>
#include <type_traits>
#include <utility>

namespace batchscope {

namespace internal {
/// Prints the message with its place and aborts: a check that failed is a bug of ours.
[[noreturn]] void FailCheck(const std::source_location& where, const std::string& message);

/// A format string that remembers where it was written.
template <typename... Args>
struct PlacedFormat {
  template <typename Text>
  consteval PlacedFormat(const Text& text,  // NOLINT(google-explicit-constructor): stands for a format string.
                         std::source_location place = std::source_location::current())
      : format(text), where(place) {}

  fmt::format_string<Args...> format;
  std::source_location where;
};
}  // namespace internal

/// Ends the program with the formatted values when `holds` is false. On in release builds too.
template <typename... Args>
void Check(bool holds, internal::PlacedFormat<std::type_identity_t<Args>...> text, Args&&... args) {
  if (holds) [[likely]]
    return;
  internal::FailCheck(text.where, fmt::format(text.format, std::forward<Args>(args)...));
}

}  // namespace batchscope
