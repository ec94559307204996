#pragma once

#include <pybind11/pybind11.h>

#include <cstdint>
#include <string>
#include <variant>

#include "runtime/base/attempt.h"
#include "runtime/worker/setup.h"

namespace batchscope::worker {

/// How much run() returned.
struct Returned {
  std::uint32_t results = 0;      ///< Elements or rows.
  std::uint32_t header_size = 0;  ///< Bytes in front of the rows that are the header line.
};

/// Makes rows of what run() returned. The main thread's; needs the GIL.
class RowWriter {
 public:
  /// Reads parallel_run_step.settings.json of the source directory, when it is there; throws error_already_set when it
  /// cannot be read.
  explicit RowWriter(const Setup& setup);

  /// Appends the rows of `value` to `out` (none for summary_only). After a failure `out` holds a part that is to be
  /// thrown away.
  std::variant<Returned, Failure> Write(pybind11::handle value, std::string& out) const;

 private:
  std::variant<Returned, Failure> WriteTable(pybind11::handle table, std::string& out) const;
  std::variant<Returned, Failure> WriteElements(pybind11::handle elements, std::string& out) const;

  OutputAction output_action_;
  pybind11::dict to_csv_arguments_;
};

}  // namespace batchscope::worker
