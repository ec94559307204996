#include "runtime/cli/places.h"

#include <gmock/gmock.h>

#include <fstream>

#include "tests/support/temp_folder.h"

namespace batchscope::cli {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class PlacesTest : public testing::Test {
 protected:
  fs::path Program(const std::string& name) {
    const fs::path path = folder_.path() / name;
    fs::create_directories(path.parent_path());
    std::ofstream(path) << "#!/bin/sh\nexit 1\n";
    fs::permissions(path, fs::perms::owner_all);
    return path;
  }
  fs::path Package(const std::string& packages) {
    const fs::path path = folder_.path() / packages;
    fs::create_directories(path / "batchscope");
    std::ofstream(path / "batchscope" / "_forkserver.py") << "";
    return path;
  }
  Surroundings Around() const {
    return {.program = folder_.path() / "env/bin/batchscope",
            .virtual_env = "",
            .package = "",
            .search_path = (folder_.path() / "path").string()};
  }

  TempFolder folder_;
};

TEST_F(PlacesTest, PrefersTheActivatedEnvironmentThenTheNeighbourThenPath) {
  const fs::path in_path = Program("path/python3");
  EXPECT_EQ(*FindPython("", Around()), in_path);
  const fs::path beside = Program("env/bin/python");
  EXPECT_EQ(*FindPython("", Around()), beside);
  const fs::path activated = Program("other/bin/python");
  Surroundings around = Around();
  around.virtual_env = folder_.path() / "other";
  EXPECT_EQ(*FindPython("", around), activated);
  around.virtual_env = folder_.path() / "removed";
  EXPECT_EQ(*FindPython("", around), beside);
}

TEST_F(PlacesTest, TakesTheWantedPythonByPathOrName) {
  const fs::path wanted = Program("path/python3.12");
  EXPECT_EQ(*FindPython(wanted, Around()), wanted);
  EXPECT_EQ(*FindPython("python3.12", Around()), wanted);
}

TEST_F(PlacesTest, RefusesAWantedPythonThatIsNotThere) {
  Program("path/python3");
  EXPECT_THAT(FindPython("/no/such/python", Around()).message(), HasSubstr("--python /no/such/python"));
  EXPECT_THAT(FindPython("python9", Around()).message(), HasSubstr("--python python9"));
}

TEST_F(PlacesTest, SaysWhatToDoWithoutAnyPython) {
  EXPECT_THAT(FindPython("", Around()).message(), HasSubstr("say which with --python PATH"));
}

TEST_F(PlacesTest, FindsThePackageOfTheNewestPythonBesideTheProgram) {
  Package("env/lib/python3.9/site-packages");
  const fs::path newest = Package("env/lib/python3.11/site-packages");
  fs::create_directories(folder_.path() / "env/lib/python3.12/site-packages");
  EXPECT_EQ(*FindPackage("/no/python", Around()), newest);
}

TEST_F(PlacesTest, FindsADistributionsPackage) {
  const fs::path packages = Package("env/lib/python3/dist-packages");
  EXPECT_EQ(*FindPackage("/no/python", Around()), packages);
}

TEST_F(PlacesTest, TheVariableOverridesAndIsChecked) {
  Package("env/lib/python3.11/site-packages");
  Surroundings around = Around();
  around.package = Package("mine");
  EXPECT_EQ(*FindPackage("/no/python", around), around.package);
  around.package = folder_.path() / "empty";
  EXPECT_THAT(FindPackage("/no/python", around).message(),
              HasSubstr("$BATCHSCOPE_PACKAGE is " + around.package.string()));
}

TEST_F(PlacesTest, AsksThePythonLast) {
  const fs::path packages = Package("elsewhere");
  const fs::path python = Program("it's a python");
  std::ofstream(python) << "#!/bin/sh\necho '" << packages.string() << "'\n";
  EXPECT_EQ(*FindPackage(python, Around()), packages);
}

TEST_F(PlacesTest, FindsTheDebuggerWherePipPutsIt) {
  const fs::path packages = Package("env/lib/python3.11/site-packages");
  EXPECT_EQ(FindDebugpy(packages), fs::path());
  fs::create_directories(packages / "debugpy");
  std::ofstream(packages / "debugpy" / "__init__.py") << "";
  EXPECT_EQ(FindDebugpy(packages), packages);
}

TEST_F(PlacesTest, NamesTheAdapterBesideTheProgramAsAShellTakesIt) {
  Surroundings around = Around();
  EXPECT_EQ(AdapterCommand(around), "batchscope-dap");
  const fs::path beside = Program("env/bin/batchscope-dap");
  EXPECT_EQ(AdapterCommand(around), beside.string());
  Program("my env/bin/batchscope-dap");
  around.program = folder_.path() / "my env/bin/batchscope";
  EXPECT_EQ(AdapterCommand(around), "'" + folder_.path().string() + "/my env/bin/batchscope-dap'");
}

TEST_F(PlacesTest, SaysWhereItLookedForThePackage) {
  const fs::path python = Program("path/python3");
  const std::string message = FindPackage(python, Around()).message();
  EXPECT_THAT(message, HasSubstr((folder_.path() / "env").string()));
  EXPECT_THAT(message, HasSubstr("pip install batchscope"));
}

}  // namespace
}  // namespace batchscope::cli
