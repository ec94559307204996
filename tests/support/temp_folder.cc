#include "tests/support/temp_folder.h"

#include <stdlib.h>

#include <cerrno>
#include <string>
#include <system_error>

#include "runtime/base/check.h"

namespace batchscope {

TempFolder::TempFolder() {
  std::string name =
      (std::filesystem::canonical(std::filesystem::temp_directory_path()) / "batchscope-test-XXXXXX").string();
  Check(::mkdtemp(name.data()) != nullptr, "mkdtemp {}: errno {}", name, errno);
  path_ = name;
}

TempFolder::~TempFolder() {
  std::error_code ignored;  // A folder the test took its rights from stays behind.
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace batchscope
