#include "runtime/record/ordered_output.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "runtime/base/check.h"

namespace batchscope::record {
namespace {

// The head of a spool record; its rows follow. Host byte order: a spool is read on the machine that wrote it.
struct RecordHead {
  std::uint32_t magic = 0x53574f52;  ///< "ROWS"
  std::uint32_t id = 0;
  std::uint32_t header_size = 0;
  std::uint32_t unused = 0;
  std::uint64_t size = 0;
};
static_assert(sizeof(RecordHead) == 24);

constexpr std::uint64_t kNodeBytes = 96;  // About what a map's entry costs besides its rows.

}  // namespace

OrderedOutput::OrderedOutput(std::uint32_t mini_batches, AppendFile output, AppendFile spool, const Budgets& budgets)
    : mini_batches_(mini_batches),
      budgets_(budgets),
      output_(std::move(output)),
      spool_(std::move(spool)),
      without_rows_(mini_batches) {}

Status OrderedOutput::Resume(const CommitMark& mark) {
  next_ = mark.next;
  has_header_ = mark.has_header;
  spool_freed_ = mark.spool_from;
  if (output_.valid()) {
    if (output_.size() < mark.output) {
      return Status::Error(fmt::format("{} has {} bytes, but {} are committed: it was changed by something else",
                                       output_.path().string(), output_.size(), mark.output));
    }
    BATCHSCOPE_RETURN_IF_ERROR(output_.CutTo(mark.output));
  }
  BATCHSCOPE_RETURN_IF_ERROR(ReadSpool(mark.spool_from, mark.spool_to));
  return spool_.CutTo(std::min(mark.spool_to, spool_.size()));
}

Status OrderedOutput::ReadSpool(std::uint64_t from, std::uint64_t to) {
  const auto torn = [&] {
    return Status::Error(fmt::format("{}: no record at byte {}", spool_.path().string(), from));
  };
  while (from < to) {
    // A commit whose rows had all gone out says that its spool is empty; what it names is there as a whole.
    BATCHSCOPE_RETURN_IF_ERROR(spool_.ReadAt(from, sizeof(RecordHead), read_back_));
    RecordHead head;
    std::memcpy(&head, read_back_.data(), sizeof head);
    from += sizeof head;
    if (head.magic != RecordHead().magic || head.size > to - from || head.header_size > head.size) return torn();
    if (head.id >= next_) {
      spooled_.push_back({.id = head.id, .header_size = head.header_size, .place = from, .size = head.size});
    }
    from += head.size;
  }
  std::make_heap(spooled_.begin(), spooled_.end(), Later);
  return {};
}

void OrderedOutput::Rows(MiniBatchId id, std::string_view rows, std::uint32_t header_size) {
  Check(header_size <= rows.size(), "a header of {} bytes in {} bytes of rows", header_size, rows.size());
  if (rows.empty() || !output_.valid()) return WithoutRows(id);
  Check(id.value >= next_ && id.value < mini_batches_, "rows of mini-batch {}, its turn is over or it is none of {}",
        id.value, mini_batches_);
  if (!failure_.ok()) return;
  if (id.value == next_) {
    Emit(rows, header_size);
    ++next_;
    Advance();
    return;
  }
  const bool is_new = fresh_.emplace(id.value, Fresh{std::string(rows), header_size}).second;
  Check(is_new, "two results of mini-batch {}", id.value);
  fresh_bytes_ += rows.size() + kNodeBytes;
  if (fresh_bytes_ > budgets_.fresh) SpoolFresh();
}

void OrderedOutput::WithoutRows(MiniBatchId id) {
  Check(id.value >= next_ && id.value < mini_batches_, "mini-batch {} is settled twice or none of {}", id.value,
        mini_batches_);
  without_rows_[id.value] = true;
  if (failure_.ok()) Advance();
}

void OrderedOutput::Advance() {
  while (next_ < mini_batches_ && failure_.ok()) {
    if (!fresh_.empty() && fresh_.begin()->first == next_) {
      const auto node = fresh_.extract(fresh_.begin());
      fresh_bytes_ -= node.mapped().rows.size() + kNodeBytes;
      Emit(node.mapped().rows, node.mapped().header_size);
    } else if (!spooled_.empty() && spooled_.front().id == next_) {
      EmitSpooled();
    } else if (!without_rows_[next_]) {
      return;
    }
    ++next_;
  }
}

void OrderedOutput::CloseGaps() {
  while (next_ < mini_batches_ && failure_.ok()) {
    std::uint32_t first = mini_batches_;
    if (!fresh_.empty()) first = fresh_.begin()->first;
    if (!spooled_.empty()) first = std::min(first, spooled_.front().id);
    next_ = first;
    Advance();
  }
}

void OrderedOutput::Emit(std::string_view rows, std::uint32_t header_size) {
  if (has_header_) rows.remove_prefix(header_size);
  has_header_ = has_header_ || header_size > 0;
  output_buffer_.append(rows);
  if (output_buffer_.size() >= budgets_.output) FlushOutput();
}

void OrderedOutput::EmitSpooled() {
  std::pop_heap(spooled_.begin(), spooled_.end(), Later);
  const Spooled spooled = spooled_.back();
  spooled_.pop_back();
  if (const auto kept = cache_.extract(spooled.id)) {
    cache_bytes_ -= kept.mapped().size() + kNodeBytes;
    return Emit(kept.mapped(), spooled.header_size);
  }
  if (spooled.place + spooled.size > spool_.size()) FlushSpool();
  if (failure_.ok()) Keep(spool_.ReadAt(spooled.place, spooled.size, read_back_));
  if (failure_.ok()) Emit(read_back_, spooled.header_size);
}

void OrderedOutput::SpoolFresh() {
  for (auto& [id, fresh] : fresh_) {
    const RecordHead head{.id = id, .header_size = fresh.header_size, .size = fresh.rows.size()};
    spool_buffer_.append(reinterpret_cast<const char*>(&head), sizeof head);
    const std::uint64_t place = spool_.size() + spool_buffer_.size();
    spool_buffer_.append(fresh.rows);
    spooled_.push_back({.id = id, .header_size = fresh.header_size, .place = place, .size = fresh.rows.size()});
    std::push_heap(spooled_.begin(), spooled_.end(), Later);
    if (cache_bytes_ + fresh.rows.size() + kNodeBytes <= budgets_.cache) {
      cache_bytes_ += fresh.rows.size() + kNodeBytes;
      cache_.emplace(id, std::move(fresh.rows));
    }
    if (spool_buffer_.size() >= budgets_.output) FlushSpool();
  }
  fresh_.clear();
  fresh_bytes_ = 0;
}

void OrderedOutput::FlushOutput() {
  if (failure_.ok()) Keep(output_.Append(output_buffer_));
  output_buffer_.clear();
}

void OrderedOutput::FlushSpool() {
  if (failure_.ok()) Keep(spool_.Append(spool_buffer_));
  spool_buffer_.clear();
}

void OrderedOutput::Keep(Status status) {
  if (failure_.ok()) failure_ = std::move(status);
}

Status OrderedOutput::Write() {
  if (!output_buffer_.empty()) FlushOutput();
  SpoolFresh();
  if (!spool_buffer_.empty()) FlushSpool();
  if (spool_.size() - spool_freed_ >= 2 * budgets_.free_by) {
    // Only noted now: until the commit line that says so is written, the records before are what the last commit counts
    // on.
    std::uint64_t first = spool_.size();
    for (const Spooled& each : spooled_) first = std::min(first, each.place - sizeof(RecordHead));
    frees_spool_ = first - spool_freed_ >= budgets_.free_by;
    if (frees_spool_) spool_freed_ = first;
  }
  return failure_;
}

CommitMark OrderedOutput::mark() const {
  // With nothing waiting, the spool's contents count for nothing even before the file is cut.
  const bool waits = !spooled_.empty();
  return {.output = output_.size(),
          .next = next_,
          .has_header = has_header_,
          .spool_from = waits ? spool_freed_ : 0,
          .spool_to = waits ? spool_.size() : 0};
}

void OrderedOutput::MarkCommitted() {
  output_.MarkCommitted();
  spool_.MarkCommitted();
  if (spooled_.empty()) {
    if (spool_.size() > 0) Keep(spool_.CutTo(0));
    spool_freed_ = 0;
  } else if (frees_spool_) {
    spool_.FreeBefore(spool_freed_);
  }
  frees_spool_ = false;
}

Status OrderedOutput::RollBack() {
  Keep(Status::Error("rows were rolled back to the last commit"));
  output_buffer_.clear();
  spool_buffer_.clear();
  fresh_.clear();
  cache_.clear();
  spooled_.clear();
  Status cut = output_.valid() ? output_.RollBack() : Status();
  const Status cut_spool = spool_.RollBack();
  return cut.ok() ? cut_spool : cut;
}

}  // namespace batchscope::record
