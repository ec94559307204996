#pragma once

#include <cstddef>
#include <string>

namespace batchscope::worker {

/// The text when it has at most `limit` bytes. Of a longer one the beginning and the end, with a line between them that
/// says how many bytes are left out; no UTF-8 character is cut.
std::string Bounded(std::string text, std::size_t limit);

}  // namespace batchscope::worker
