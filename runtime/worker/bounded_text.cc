#include "runtime/worker/bounded_text.h"

#include <fmt/format.h>

#include <string_view>

namespace batchscope::worker {
namespace {

bool IsInsideCharacter(char byte) { return (static_cast<unsigned char>(byte) & 0xC0) == 0x80; }

}  // namespace

std::string Bounded(std::string text, std::size_t limit) {
  if (text.size() <= limit) return text;
  std::size_t head = limit / 2;
  std::size_t tail = text.size() - (limit - head);
  while (head > 0 && IsInsideCharacter(text[head])) --head;
  while (tail < text.size() && IsInsideCharacter(text[tail])) ++tail;
  const std::string_view whole = text;
  return fmt::format("{}\n... {} bytes left out ...\n{}", whole.substr(0, head), tail - head, whole.substr(tail));
}

}  // namespace batchscope::worker
