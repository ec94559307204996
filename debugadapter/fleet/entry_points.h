#pragma once

#include <optional>
#include <string_view>

namespace batchscope::fleet {

/// Where the functions that Batchscope calls begin: the lines, from 1, of their first statements behind the docstring.
struct EntryPoints {
  std::optional<int> init;
  std::optional<int> run;

  friend bool operator==(const EntryPoints&, const EntryPoints&) = default;
};

/// Of an entry script's source. Only functions defined at its top level are found; of several of one name the last,
/// which is the one Python keeps.
EntryPoints FindEntryPoints(std::string_view source);

}  // namespace batchscope::fleet
