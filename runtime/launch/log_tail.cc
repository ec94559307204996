#include "runtime/launch/log_tail.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <system_error>
#include <utility>

namespace batchscope::launch {
namespace {

constexpr std::uintmax_t kMostBytes = 2000;

std::uintmax_t SizeOf(const std::filesystem::path& path) {
  std::error_code error;
  const std::uintmax_t size = std::filesystem::file_size(path, error);
  return error ? 0 : size;
}

}  // namespace

LogTail::LogTail(std::filesystem::path path) : path_(std::move(path)), begin_(SizeOf(path_)) {}

std::string LogTail::Read() const {
  const std::uintmax_t size = SizeOf(path_);
  const std::uintmax_t from = std::max(begin_, size > kMostBytes ? size - kMostBytes : 0);
  std::ifstream file(path_, std::ios::binary);
  file.seekg(static_cast<std::streamoff>(from));
  std::string text{std::istreambuf_iterator<char>(file), {}};
  if (from > begin_) text.erase(0, text.find('\n') + 1);  // All of a single long line stays: npos + 1 is 0.
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text;
}

}  // namespace batchscope::launch
