#include "runtime/host/worker_setup.h"

#include <gtest/gtest.h>

#include <fstream>

#include "tests/support/temp_folder.h"

namespace batchscope::host {
namespace {

using Texts = std::vector<std::string>;

void Write(const std::filesystem::path& file, const std::string& text) {
  std::filesystem::create_directories(file.parent_path());
  std::ofstream(file) << text;
}

TEST(SlowImports, FindsEverySpellingInEveryFolder) {
  const TempFolder folder;
  Write(folder.path() / "entry.py", "def run(b):\n    import numpy as np\n");
  Write(folder.path() / "package" / "inner.py", "from pandas.api import types\n");
  EXPECT_EQ(SlowImports(folder.path()), (Texts{"numpy", "pandas"}));
}

TEST(SlowImports, IsNotMisledByOtherWords) {
  const TempFolder folder;
  Write(folder.path() / "entry.py",
        "import numpydoc\nfrom my_pandas import x\n# import numpy\nnumpy = 'import pandas'\n");
  Write(folder.path() / "notes.txt", "import numpy\n");
  EXPECT_EQ(SlowImports(folder.path()), Texts{});
}

TEST(UsableGpus, TakesTheVariableBeforeTheDevices) {
  const TempFolder devices;
  Write(devices.path() / "nvidia0", "");
  Write(devices.path() / "nvidia1", "");
  EXPECT_EQ(UsableGpus(devices.path(), nullptr), (Texts{"0", "1"}));
  EXPECT_EQ(UsableGpus(devices.path(), "3,GPU-5,-1,7"), (Texts{"3", "GPU-5"}));
  EXPECT_EQ(UsableGpus(devices.path(), ""), Texts{});
}

TEST(FindInterpreter, SaysWhatItFoundAndWhatItExpected) {
  const auto missing = FindInterpreter("/no/such/python", "/bin/sh");
  ASSERT_FALSE(missing.ok());
  EXPECT_NE(missing.message().find("environment: found /no/such/python"), std::string::npos);
  const auto submitting = FindInterpreter("", "/bin/sh");
  ASSERT_TRUE(submitting.ok());
  EXPECT_EQ(*submitting, "/bin/sh");
}

}  // namespace
}  // namespace batchscope::host
