#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "runtime/base/ids.h"
#include "runtime/base/status.h"
#include "runtime/record/append_file.h"
#include "runtime/record/journal.h"

namespace batchscope::record {

/// Puts rows into the mini-batches' order: they go to the output file when their turn has come, and wait in the spool
/// until then.
///
/// A commit is: Write(), a journal commit with mark(), MarkCommitted(). Rows that came early are kept in memory up to a
/// budget and read back from the spool beyond it; per mini-batch there is one bit, per early one 24 bytes.
class OrderedOutput {
 public:
  struct Budgets {
    std::uint64_t cache = 64 << 20;    ///< Early rows in memory, besides the spool.
    std::uint64_t fresh = 16 << 20;    ///< Early rows that are not in the spool yet.
    std::uint64_t output = 1 << 20;    ///< Rows not written yet.
    std::uint64_t free_by = 64 << 20;  ///< The spool's used up begin is given back in steps of that many bytes.
  };

  /// `output` is not valid where no rows are stored.
  OrderedOutput(std::uint32_t mini_batches, AppendFile output, AppendFile spool, const Budgets& budgets);

  /// Goes on from a commit: what the files hold beyond it is cut off, what waited in the spool waits again. For
  /// mini-batches below mark.next, Rows() and WithoutRows() may not be called any more. Errors: a file is shorter than
  /// the commit says.
  Status Resume(const CommitMark& mark);

  /// The mini-batch's rows, once; the first `header_size` bytes are a header line. Failures show at Write().
  void Rows(MiniBatchId id, std::string_view rows, std::uint32_t header_size);
  /// The mini-batch will never have rows.
  void WithoutRows(MiniBatchId id);
  /// No more mini-batches will come: what waits goes to the output.
  void CloseGaps();
  /// Whether the mini-batch's turn is over: its rows, if any, are in the output (or on their way there).
  bool IsPast(MiniBatchId id) const { return id.value < next_; }

  /// Brings the output rows and then the early ones to their files. Fails for good: after an error every call gives the
  /// same one.
  Status Write();
  CommitMark mark() const;
  /// The journal holds mark(): space of the spool that is not needed any more may go.
  void MarkCommitted();
  /// Cuts both files back to the last commit; nothing is taken from then on.
  Status RollBack();

 private:
  struct Fresh {
    std::string rows;
    std::uint32_t header_size;
  };
  /// An early mini-batch in the spool.
  struct Spooled {
    std::uint32_t id;
    std::uint32_t header_size;
    std::uint64_t place;  ///< Of its rows, behind the record's head.
    std::uint64_t size;
  };
  static bool Later(const Spooled& a, const Spooled& b) { return a.id > b.id; }

  void Advance();
  void Emit(std::string_view rows, std::uint32_t header_size);
  void EmitSpooled();
  void SpoolFresh();
  void FlushOutput();
  void FlushSpool();
  void Keep(Status status);
  Status ReadSpool(std::uint64_t from, std::uint64_t to);

  const std::uint32_t mini_batches_;
  const Budgets budgets_;
  AppendFile output_;
  AppendFile spool_;
  Status failure_;

  std::uint32_t next_ = 0;
  bool has_header_ = false;
  std::vector<bool> without_rows_;
  std::string output_buffer_;
  std::map<std::uint32_t, Fresh> fresh_;  ///< Early, not in the spool.
  std::uint64_t fresh_bytes_ = 0;
  std::vector<Spooled> spooled_;  ///< A heap, the first mini-batch at its front.
  std::string spool_buffer_;
  std::uint64_t spool_freed_ = 0;                         ///< Nothing that counts stands before.
  bool frees_spool_ = false;                              ///< spool_freed_ was raised for the commit under way.
  std::unordered_map<std::uint32_t, std::string> cache_;  ///< Rows of spooled ones.
  std::uint64_t cache_bytes_ = 0;
  std::string read_back_;
};

}  // namespace batchscope::record
