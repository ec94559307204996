#pragma once

#include <compare>
#include <cstdint>
#include <functional>

namespace batchscope {

/// A number that cannot be mistaken for a number of another kind.
template <typename Tag>
struct Id {
  std::uint32_t value = 0;

  // NOLINTNEXTLINE(modernize-use-nullptr): clang-tidy 14 takes the 0 in what <=> expands to for a pointer.
  friend auto operator<=>(const Id&, const Id&) = default;
};

/// Place of a mini-batch in its run's order, from 0.
using MiniBatchId = Id<struct MiniBatchTag>;
/// Number of a worker process in its run, from 0; a replacement gets the next number.
using WorkerId = Id<struct WorkerTag>;

}  // namespace batchscope

template <typename Tag>
struct std::hash<batchscope::Id<Tag>> {
  std::size_t operator()(const batchscope::Id<Tag>& id) const noexcept { return id.value; }
};
