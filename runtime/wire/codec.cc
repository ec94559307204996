#include "runtime/wire/codec.h"

#include <fmt/format.h>

namespace batchscope::wire {

void Writer::PutText(std::string_view text) {
  Put<std::uint64_t>(text.size());
  bytes_.append(text);
}

std::string_view Reader::GetText(const char* what) {
  const auto size = Get<std::uint64_t>(what);
  if (!Has(size, what)) return {};
  const std::string_view text = bytes_.substr(place_, size);
  place_ += text.size();
  return text;
}

std::uint32_t Reader::GetCount(const char* what, std::size_t least_size) {
  const auto count = Get<std::uint32_t>(what);
  return Has(std::uint64_t{count} * least_size, what) ? count : 0;
}

std::uint8_t Reader::GetChoice(const char* what, std::uint8_t largest) {
  const auto value = Get<std::uint8_t>(what);
  if (value > largest) Refuse(fmt::format("{} is {}, expected at most {}", what, value, largest));
  return problem_.ok() ? value : std::uint8_t{0};
}

void Reader::Refuse(const std::string& problem) {
  if (problem_.ok()) problem_ = Status::Error(fmt::format("{} (at byte {} of {})", problem, place_, bytes_.size()));
}

Status Reader::Finish() {
  if (place_ != bytes_.size()) Refuse(fmt::format("{} bytes follow the end", bytes_.size() - place_));
  return problem_;
}

bool Reader::Has(std::uint64_t size, const char* what) {
  if (!problem_.ok()) return false;
  if (size <= bytes_.size() - place_) return true;
  Refuse(fmt::format("{} needs {} bytes, {} are left", what, size, bytes_.size() - place_));
  return false;
}

}  // namespace batchscope::wire
